// What clients send with which tokens are bound to a key: proofs as RFC 9449 wants them, or nearly.

import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, SignJWT } from 'jose'
import type { ClientKey } from './assertions.ts'
import type { TestServer } from './server.ts'

export interface CraftedProof {
  readonly host: { readonly issuer: string; readonly clock: Pick<TestServer['clock'], 'now'> }
  readonly key: ClientKey
  /** The path of the endpoint. Default: the token endpoint. */
  readonly path?: string
  readonly method?: string
  /** The access token that is sent beside it. */
  readonly accessToken?: string
  /** Undefined takes a claim out. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Signs it with another key than that of the header. */
  readonly signer?: ClientKey
}

/** A good one, but for what `claims`, `header` and `signer` change. */
export async function proof(crafted: CraftedProof): Promise<string> {
  const { host, key, path = '/sso/token', method = 'POST', accessToken, claims = {}, header = {}, signer } = crafted
  const good = {
    jti: randomUUID(),
    htm: method,
    htu: `${host.issuer}${path}`,
    iat: host.clock.now(),
    ...(accessToken !== undefined && { ath: createHash('sha256').update(accessToken).digest('base64url') }),
  }
  const { kid: _, ...jwk } = key.publicJwk
  const protectedHeader = { alg: key.algorithm, typ: 'dpop+jwt', jwk, ...header }
  const crit = Object.fromEntries((protectedHeader as { crit?: string[] }).crit?.map((name) => [name, true]) ?? [])
  return new SignJWT({ ...good, ...claims })
    .setProtectedHeader(protectedHeader)
    .sign((signer ?? key).privateKey, { crit })
}

export function thumbprintOf(key: ClientKey): Promise<string> {
  return calculateJwkThumbprint(key.publicJwk)
}
