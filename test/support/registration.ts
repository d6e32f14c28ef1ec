// Clients that register themselves: what they send, and what comes back.

import { addRegistrationToken, type NewRegistrationToken } from '../../src/administration/registration-tokens.ts'
import { ask, type Reply } from './relying-party.ts'
import { CALLBACK, type TestServer } from './server.ts'

export type Metadata = Readonly<Record<string, unknown>>

/** As short as a registration can be. */
export const PLAIN: Metadata = { redirect_uris: [CALLBACK], client_name: 'Photos' }

const headersFor = (token: string | null) => ({
  'content-type': 'application/json',
  ...(token !== null && { authorization: `Bearer ${token}` }),
})

/** POST to the registration endpoint; undefined members are left out. */
export async function register(
  host: TestServer,
  metadata: unknown = PLAIN,
  token: string | null = null,
): Promise<Reply> {
  return ask(`${host.origin}/sso/register`, {
    method: 'POST',
    headers: headersFor(token),
    body: JSON.stringify(metadata),
  })
}

export interface Registered {
  readonly clientId: string
  readonly secret: string | null
  readonly token: string
  readonly uri: string
  readonly reply: Reply
}

export async function registered(
  host: TestServer,
  metadata: Metadata = PLAIN,
  token: string | null = null,
): Promise<Registered> {
  const reply = await register(host, metadata, token)
  if (reply.status !== 201) throw new Error(`not registered: ${reply.text}`)
  return ownOf(reply)
}

export function ownOf(reply: Reply): Registered {
  const { client_id, client_secret, registration_access_token, registration_client_uri } = reply.body
  return {
    clientId: String(client_id),
    secret: typeof client_secret === 'string' ? client_secret : null,
    token: String(registration_access_token),
    uri: String(registration_client_uri),
    reply,
  }
}

export async function initialToken(host: TestServer, settings: NewRegistrationToken = {}): Promise<string> {
  return (await addRegistrationToken({ store: host.server.parts.store, clock: host.clock }, settings)).token
}

/** Reads, changes or removes a registration; DELETE has no JSON to look at. */
export async function manage(
  own: { readonly uri: string; readonly token: string | null },
  metadata?: Metadata,
): Promise<Reply> {
  return ask(own.uri, {
    headers: headersFor(own.token),
    ...(metadata !== undefined && { method: 'PUT', body: JSON.stringify(metadata) }),
  })
}

export async function unregister(own: Registered): Promise<number> {
  const reply = await fetch(own.uri, { method: 'DELETE', headers: { authorization: `Bearer ${own.token}` } })
  await reply.text()
  return reply.status
}

/** Clients there are. */
export async function countClients(host: TestServer): Promise<number> {
  return (await host.server.parts.store.listClients()).length
}
