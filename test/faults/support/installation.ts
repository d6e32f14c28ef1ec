// An installation made ready for a load: a client, people and sessions, put into the store before any server runs.

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestClientSecret } from '../../../src/credentials/client-secret.ts'
import { sha256 } from '../../../src/credentials/digest.ts'
import { keyCheck, loadMasterKey, type MasterKey, masterKeyFrom } from '../../../src/credentials/master-key.ts'
import { createPasswordHasher } from '../../../src/credentials/password-hash.ts'
import { flattenSettings, parseClient } from '../../../src/model/client/settings.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import type { Driver } from '../../../src/store/database/driver.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { createStore } from '../../../src/store/store.ts'

export const CLIENT_ID = 'loaded'
export const SECRET = 'test-secret-that-guards-nothing-at-all'
export const CALLBACK = 'https://client.test/callback'
export const SESSION_SECRET = 'F'.repeat(43)
export const USERNAME = 'busy'
/** A hundred more, with the same password. */
export const CROWD: readonly string[] = Array.from({ length: 100 }, (_, count) => `person-${count}`)
export const PASSWORD = 'correct horse battery staple'

export interface Prepared {
  /** Words of `start`, and of any other command, that lead to this installation. */
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Of an installation on SQLite. */
  readonly folder: string
  remove(): void
}

/** On SQLite, in `folder` or a new one. */
export async function prepareSqlite(folder = mkdtempSync(join(tmpdir(), 'lingpai-faults-'))): Promise<Prepared> {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o700)
  const { master } = loadMasterKey({ dataFolder: folder }, { create: true })
  const driver = await openSqlite({ file: join(folder, 'lingpai.sqlite') })
  await fill(driver, master)
  await driver.close()
  return {
    words: ['--data', folder],
    env: {},
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** On PostgreSQL, at an address that leads to an empty database. */
export async function preparePostgres(url: string): Promise<Prepared> {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-faults-'))
  const master = masterKeyFrom(new Uint8Array(32).fill(11))
  const driver = await openPostgres({ url })
  await fill(driver, master)
  await driver.close()
  return {
    words: ['--data', folder, '--database', url],
    env: { LINGPAI_MASTER_KEY: master.reveal() },
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function fill(driver: Driver, master: MasterKey): Promise<void> {
  const clock = systemClock()
  await migrate(driver, migrations, { clock })
  const store = createStore(driver)
  await store.putFactOnce('key_check', keyCheck(master))
  const client = parseClient(
    flattenSettings({
      client_name: 'Loaded',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'openid profile',
      id_token_signed_response_alg: 'ES256',
      consent: 'implied',
      'reply.refreshToken': 'always',
    }),
    { client_id: CLIENT_ID, preset: 'openid-connect', consentDeclared: true },
  )
  const now = clock.now()
  await store.addClient(client, digestClientSecret(master, SECRET), {
    type: 'client_added',
    at: now,
    clientId: CLIENT_ID,
  })
  const passwordHash = await createPasswordHasher().hash(PASSWORD)
  const fields = {
    profile: { displayName: 'Busy' },
    phone: null,
    phoneVerified: false,
    email: null,
    emailVerified: false,
    passwordHash,
    enabled: true,
  }
  for (const username of [USERNAME, ...CROWD]) {
    const id = `user-${username}`
    const user = { userId: id, username, usernameKey: username, ...fields }
    await store.addUser(user, { type: 'user_added', at: now, userId: id })
  }
  const userId = `user-${USERNAME}`
  const session = { userId, userGeneration: 1, authenticatedAt: now, amr: ['pwd'], lastUsedAt: now }
  const until = { sessionId: 'se_faults', expiresAt: now + 86_400 }
  await store.startSession({ ...session, ...until }, sha256(SESSION_SECRET), [])
}
