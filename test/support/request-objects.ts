// Request objects as clients send them, signed, unsigned, or nearly right.

import { SignJWT, UnsecuredJWT } from 'jose'
import type { ClientKey } from './assertions.ts'
import { CALLBACK, TEST_SECRET, type TestServer } from './server.ts'

export interface CraftedRequest {
  readonly host: TestServer
  readonly clientId: string
  /** Null: no signature. Default: the test secret. */
  readonly key?: ClientKey | null
  /** Undefined takes a claim out. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
}

export const INNER_STATE = 'state-inside'

/** A good one, but for what `claims` and `header` change. */
export async function requestObject({
  host,
  clientId,
  key,
  claims = {},
  header = {},
}: CraftedRequest): Promise<string> {
  const now = host.clock.now()
  const payload = {
    iss: clientId,
    aud: host.issuer,
    iat: now,
    exp: now + 60,
    client_id: clientId,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid profile',
    state: INNER_STATE,
    ...claims,
  }
  if (key === null) return new UnsecuredJWT(payload).encode()
  const protectedHeader = { alg: key?.algorithm ?? 'HS256', ...(key && { kid: key.kid }), ...header }
  const crit = Object.fromEntries((protectedHeader as { crit?: string[] }).crit?.map((name) => [name, true]) ?? [])
  return new SignJWT(payload)
    .setProtectedHeader(protectedHeader)
    .sign(key?.privateKey ?? new TextEncoder().encode(TEST_SECRET), { crit })
}

/** The parameters outside that OAuth 2.0 wants of an OpenID request, and nothing else. OpenID Connect Core §6.1. */
export const BARE = { redirect_uri: undefined, state: undefined, scope: 'openid' } as const
