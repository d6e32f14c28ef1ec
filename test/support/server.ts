// A running server for tests that speak to it from outside: a real socket, a real store, a clock that can be moved.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { presetNamed } from '../../src/administration/presets/index.ts'
import { type AuthorizationServer, createAuthorizationServer } from '../../src/composition/authorization-server.ts'
import type { AuthorizationServerSettings } from '../../src/composition/settings.ts'
import { digestClientSecret, sealClientSecret } from '../../src/credentials/client-secret.ts'
import { type MasterKey, masterKeyFrom } from '../../src/credentials/master-key.ts'
import { type Client, hasSecret, needsSecretItself } from '../../src/model/client/client.ts'
import { flattenSettings, parseClient } from '../../src/model/client/settings.ts'
import { usernameKey } from '../../src/model/names/username.ts'
import { parseResource } from '../../src/model/resource.ts'
import type { Driver } from '../../src/store/database/driver.ts'
import { openPostgres } from '../../src/store/database/postgres/postgres-driver.ts'
import { openSqlite } from '../../src/store/database/sqlite/sqlite-driver.ts'
import type { NewUser } from '../../src/store/verbs/users.ts'
import { type TestClock, testClock } from './clock.ts'
import { freshDatabase } from './postgres.ts'

export const TEST_SECRET = 'test17241d76d75b374f9a2843cfe871'
export const TEST_PASSWORD = 'correct horse battery staple'
export const CALLBACK = 'https://client.test/callback'
/** 32 zero bytes would be a master key nobody may use; these are plainly for tests. */
const TEST_MASTER = masterKeyFrom(new Uint8Array(32).fill(7))

export interface TestServer {
  readonly issuer: string
  /** Where this server listens; differs from the issuer's origin for a second server on one database. */
  readonly origin: string
  readonly server: AuthorizationServer
  readonly clock: TestClock
  readonly driver: Driver
  readonly databaseKind: 'sqlite' | 'postgres'
  /** Of a server on PostgreSQL. */
  readonly databaseUrl: string | null
  addClient(id: string, preset?: string, settings?: Record<string, unknown>, secret?: string | null): Promise<Client>
  /** A resource with these settings beside the strict defaults. */
  addResource(identifier: string, settings?: Record<string, unknown>): Promise<void>
  addUser(username: string, fields?: Partial<NewUser> & { password?: string | null }): Promise<string>
  close(): Promise<void>
}

export interface TestServerOptions extends Partial<Omit<AuthorizationServerSettings, 'database' | 'masterKey'>> {
  readonly database?: 'sqlite' | 'postgres'
  /** Counts or breaks what passes through. */
  readonly wrap?: (driver: Driver) => Driver
  /** A second node: the same PostgreSQL database, clock and issuer, with a socket and connections of its own. */
  readonly beside?: TestServer
  /** Default: the same for every server. */
  readonly master?: MasterKey
  /** The address of an empty PostgreSQL database, or a file for SQLite; whoever gives it takes it away. */
  readonly at?: string
  /** A path of the issuer, such as `/tenant`. */
  readonly issuerPath?: string
}

export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { beside, at, wrap = (driver: Driver) => driver, issuerPath = '', master = TEST_MASTER, ...rest } = options
  const { database: databaseKind = beside?.databaseKind ?? 'sqlite', ...settings } = rest
  const fresh = databaseKind === 'postgres' && beside === undefined && at === undefined ? await freshDatabase() : null
  const given = fresh?.url ?? at ?? null
  const databaseUrl = databaseKind === 'postgres' ? (given ?? beside?.databaseUrl ?? null) : null
  if (beside !== undefined && databaseUrl === null && at === undefined) throw new Error('two nodes need PostgreSQL')
  const driver = wrap(
    databaseUrl === null ? await openSqlite({ file: at ?? ':memory:' }) : await openPostgres({ url: databaseUrl }),
  )
  const clock = beside?.clock ?? testClock()
  let server: AuthorizationServer | null = null
  const socket = createServer((req, res) => server?.node(req, res))
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve))
  const { port } = socket.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  const issuer = settings.issuer ?? beside?.issuer ?? `${origin}${issuerPath}`
  const running = await createAuthorizationServer({
    issuer,
    database: driver,
    masterKey: master,
    clock,
    defaultLocale: 'en',
    ...(beside !== undefined && { alternativeOrigins: [origin] }),
    ...settings,
  })
  server = running
  const { store, hasher } = running.parts
  let hashed: string | null = null
  return {
    issuer,
    origin,
    databaseUrl,
    server: running,
    clock,
    driver,
    databaseKind,
    async addClient(id, preset = 'openid-connect', extra = {}, secret = TEST_SECRET) {
      const { settings: base } = presetNamed(preset)
      const plain = { redirect_uris: [CALLBACK], client_name: id, ...flattenSettings(base), ...flattenSettings(extra) }
      const client = parseClient(plain, { client_id: id, preset, consentDeclared: true })
      const known = hasSecret(client) ? secret : null
      const hash = known === null ? null : digestClientSecret(master, known)
      const sealed = known !== null && needsSecretItself(client) ? sealClientSecret(master, id, known) : null
      const added = await store.addClient(client, hash, { type: 'client_added', at: clock.now(), clientId: id }, sealed)
      if (added !== 'added') throw new Error(`client ${id}: ${added}`)
      return client
    },
    async addResource(identifier, settings = {}) {
      const event = { type: 'resource_added' as const, at: clock.now() }
      const added = await store.addResource(parseResource(identifier, settings), event)
      if (added !== 'added') throw new Error(`resource ${identifier}: ${added}`)
    },
    async addUser(username, { password = TEST_PASSWORD, ...fields } = {}) {
      // Hashing costs 20 ms: the usual password is hashed once a server.
      if (password === TEST_PASSWORD) hashed ??= await hasher.hash(TEST_PASSWORD)
      const passwordHash = password === null ? null : password === TEST_PASSWORD ? hashed : await hasher.hash(password)
      const userId = fields.userId ?? `user-${username}`
      const added = await store.addUser(
        {
          userId,
          username,
          usernameKey: usernameKey(username),
          profile: { displayName: `Name of ${username}` },
          phone: null,
          phoneVerified: false,
          email: null,
          emailVerified: false,
          passwordHash,
          enabled: true,
          ...fields,
        },
        { type: 'user_added', at: clock.now(), userId },
      )
      if (added !== 'added') throw new Error(`user ${username}: ${added}`)
      return userId
    },
    async close() {
      socket.closeAllConnections()
      await new Promise<unknown>((resolve) => socket.close(resolve))
      await running.close()
      await fresh?.drop()
    },
  }
}
