// Requests as the router hands them to the recorder, and a recorder over a store in memory.

import { createTraceRecorder, type TraceLimits } from '../../../src/administration/trace/recorder.ts'
import type { HttpReply } from '../../../src/http/message.ts'
import { json } from '../../../src/http/reply/replies.ts'
import type { Route } from '../../../src/http/routing/route.ts'
import type { RequestRecord } from '../../../src/http/routing/router.ts'
import { parseClient } from '../../../src/model/client/settings.ts'
import { createLog, silentLog } from '../../../src/platform/log.ts'
import type { Outcome } from '../../../src/protocol/errors.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { createStore, type Store } from '../../../src/store/store.ts'
import { type RequestParts, requestOf } from '../../http/builders.ts'
import { testClock } from '../../support/clock.ts'

/** The first second of a minute. */
export const START = 1_800_000_000

export const CLIENT = 'client-of-ours'

const endpoint = () => Promise.resolve(json(200, {}))
const route = (path: string, kind: Route['kind'], methods: Route['methods']): Route => ({
  path,
  kind,
  methods,
  endpoint,
})

const ROUTES = {
  authorize: route('/sso/authorize', 'page', ['GET', 'POST']),
  token: route('/sso/token', 'machine', ['POST']),
  userinfo: route('/sso/userinfo', 'machine', ['GET', 'POST']),
  'sign-in': route('/sso/sign-in/{id}', 'page', ['GET', 'POST']),
  consent: route('/sso/consent/{id}', 'page', ['GET', 'POST']),
  register: route('/sso/register/{clientId}', 'machine', ['POST', 'GET', 'PUT', 'DELETE']),
  jwks: route('/sso/jwks', 'machine', ['GET']),
  health: route('/healthz', 'health', ['GET']),
} as const

export interface EntryParts extends RequestParts {
  readonly route?: keyof typeof ROUTES
  readonly outcome?: Partial<Outcome> | null
  readonly reply?: HttpReply
  readonly traceId?: string
}

export function entryOf({
  route: name = 'token',
  outcome = {},
  reply,
  traceId,
  ...parts
}: EntryParts = {}): RequestRecord {
  return {
    request: requestOf(parts),
    route: ROUTES[name],
    reply: reply ?? json(outcome === null ? 404 : 200, {}),
    outcome:
      outcome === null
        ? undefined
        : { rule: 'token_issued', clause: 'RFC 6749 §5.1', reason: 'tokens issued', ...outcome },
    traceId,
    elapsed: 1.234,
  }
}

export function form(fields: Readonly<Record<string, string>>): RequestParts {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  }
}

export async function openStore(clients: readonly string[] = [CLIENT]): Promise<Store> {
  const driver = await openSqlite({ file: ':memory:' })
  const clock = testClock(START)
  await migrate(driver, migrations, { clock, log: silentLog })
  const store = createStore(driver)
  for (const id of clients) await addClient(store, id)
  return store
}

export async function addClient(store: Store, id: string): Promise<void> {
  const settings = { client_name: id, redirect_uris: ['https://client.example/callback'] }
  const client = parseClient(settings, { client_id: id, preset: 'openid-connect' })
  await store.addClient(client, null, { type: 'client_added', at: START, clientId: id })
}

export async function startRecorder({
  limits = {},
  store: given,
  ...broken
}: { readonly limits?: Partial<TraceLimits>; readonly store?: Store } & Partial<Pick<Store, 'writeTraces'>> = {}) {
  const store = given ?? (await openStore())
  const clock = testClock(START)
  const lines: string[] = []
  const log = createLog('debug', 'json', (line) => lines.push(line))
  // The tests flush; the timer would flush in between.
  const recorder = createTraceRecorder({
    store: { ...store, ...broken },
    clock,
    log,
    limits: { flushEvery: 86_400, ...limits },
  })
  return { store, clock, log: lines, recorder }
}
