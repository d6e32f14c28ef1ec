// A Lingpai server of its own process for the bench: starts on the database it is told, makes a client, a user and a
// session, and reports CPU time and memory when asked.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthorizationServer } from '../src/authorization-server.ts'
import { digestClientSecret, sha256 } from '../src/credentials/digest.ts'
import { masterKeyFrom } from '../src/credentials/master-key.ts'
import type { HttpReply, HttpRequest } from '../src/http/message.ts'
import { listen } from '../src/http/node-server.ts'
import { flattenSettings, parseClient } from '../src/model/client-settings.ts'
import { silentLog } from '../src/platform/log.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { openSqlite } from '../src/store/sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'lingpai-bench-'))
const url = process.env['BENCH_DATABASE']
const database = url
  ? await openPostgres({ url, schema: 'bench' })
  : await openSqlite({ file: join(folder, 'lingpai.sqlite') })
const master = masterKeyFrom(new Uint8Array(32).fill(9))

let handle: (request: HttpRequest) => Promise<HttpReply> = async () => ({ status: 503, headers: {}, body: '' })
const socket = await listen({
  host: '127.0.0.1',
  port: 0,
  handle: (request) => handle(request),
  log: silentLog,
  trustedProxies: [],
})
const issuer = `http://127.0.0.1:${socket.port}`
const server = await createAuthorizationServer({ issuer, database, masterKey: master })
handle = server.handle

const { store, clock } = server.parts
const now = clock.now()
const secret = 'bench-secret-that-guards-nothing-at-all'
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
    }),
    { client_id: algorithm.toLowerCase(), preset: 'openid-connect', consentDeclared: true },
  )
  const event = { type: 'client_added' as const, at: now, clientId: client.client_id }
  await store.addClient(client, digestClientSecret(master, secret), event)
}
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
const sessionSecret = 'B'.repeat(43)
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
  sha256(sessionSecret),
  [],
)

process.on('message', (message) => {
  if (message === 'usage') process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage().rss })
  if (message === 'stop') void stop()
})
process.on('disconnect', () => void stop())
process.send?.({ issuer, secret, sessionSecret })

async function stop(): Promise<void> {
  await socket.close()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
  process.exit(0)
}
