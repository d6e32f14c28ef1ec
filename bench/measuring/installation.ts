// A Lingpai installation for the bench: two clients that differ in the algorithm of their ID tokens, a user and a
// session, put into the store before any server runs.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestClientSecret } from '../../src/credentials/client-secret.ts'
import { sha256 } from '../../src/credentials/digest.ts'
import { keyCheck, masterKeyFrom } from '../../src/credentials/master-key.ts'
import { flattenSettings, parseClient } from '../../src/model/client/settings.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { Driver } from '../../src/store/database/driver.ts'
import { openPostgres } from '../../src/store/database/postgres/postgres-driver.ts'
import { openSqlite } from '../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { createStore } from '../../src/store/store.ts'
import { RESOURCE } from './operations.ts'

export const SECRET = 'bench-secret-that-guards-nothing-at-all'
export const SESSION_SECRET = 'B'.repeat(43)
export const MASTER = masterKeyFrom(new Uint8Array(32).fill(9))

export interface Installation {
  /** Flags of `lingpai start`. */
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
  remove(): void
}

/** Makes an installation on SQLite, or on the empty PostgreSQL database at `url`. */
export async function install(url: string | null): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-bench-'))
  chmodSync(folder, 0o700)
  const driver = url === null ? await openSqlite({ file: join(folder, 'lingpai.sqlite') }) : await openPostgres({ url })
  await migrate(driver, migrations, { clock: systemClock() })
  await fill(driver)
  await driver.close()
  return {
    words: ['--data', folder, ...(url === null ? [] : ['--database', url])],
    env: { LINGPAI_MASTER_KEY: MASTER.reveal() },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Clients `es256` and `rs256`, the user `bench-user` and the session that SESSION_SECRET opens. */
export async function fill(driver: Driver): Promise<void> {
  const now = systemClock().now()
  const store = createStore(driver)
  await store.putFactOnce('key_check', keyCheck(MASTER))
  for (const algorithm of ['ES256', 'RS256'] as const) {
    const client = parseClient(
      flattenSettings({
        client_name: `bench ${algorithm}`,
        redirect_uris: ['https://client.test/callback'],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        scope: 'openid profile email api',
        id_token_signed_response_alg: algorithm,
        consent: 'implied',
        'reply.refreshToken': 'always',
        resources: [RESOURCE],
      }),
      { client_id: algorithm.toLowerCase(), preset: 'openid-connect', consentDeclared: true },
    )
    const event = { type: 'client_added' as const, at: now, clientId: client.client_id }
    await store.addClient(client, digestClientSecret(MASTER, SECRET), event)
  }
  await store.addResource(
    {
      identifier: RESOURCE,
      name: 'Bench',
      scope: 'api',
      clients: 'listed',
      tokenFormat: 'jwt',
      typ: 'at+jwt',
      signingAlgorithm: 'ES256',
      tokenLifetime: null,
    },
    { type: 'resource_added', at: now },
  )
  await store.addUser(
    {
      userId: 'bench-user',
      username: 'bench',
      usernameKey: 'bench',
      profile: { displayName: 'Bench' },
      phone: null,
      phoneVerified: false,
      email: 'bench@example.com',
      emailVerified: true,
      passwordHash: null,
      enabled: true,
    },
    { type: 'user_added', at: now, userId: 'bench-user' },
  )
  await store.startSession(
    {
      sessionId: 'se_bench',
      userId: 'bench-user',
      userGeneration: 1,
      authenticatedAt: now,
      amr: ['pwd'],
      lastUsedAt: now,
      expiresAt: now + 86_400,
    },
    sha256(SESSION_SECRET),
    [],
  )
}
