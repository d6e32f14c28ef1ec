// What clients that sign send: keys of their own, and assertions as RFC 7523 wants them, or nearly.

import { randomUUID } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { Fields } from './relying-party.ts'
import { TEST_SECRET, type TestServer } from './server.ts'

export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export interface ClientKey {
  readonly algorithm: string
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

export async function newClientKey(algorithm = 'ES256', kid = `key-${randomUUID()}`): Promise<ClientKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  return { algorithm, kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid } }
}

export interface Crafted {
  readonly host: { readonly issuer: string; readonly clock: Pick<TestServer['clock'], 'now'> }
  readonly clientId: string
  /** Default: the test secret. */
  readonly key?: ClientKey
  /** Undefined takes a claim out. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
}

/** A good one, but for what `claims` and `header` change. */
export async function assertion({ host, clientId, key, claims = {}, header = {} }: Crafted): Promise<string> {
  const now = host.clock.now()
  const good = { iss: clientId, sub: clientId, aud: host.issuer, jti: randomUUID(), iat: now, exp: now + 60 }
  const protectedHeader = { alg: key?.algorithm ?? 'HS256', ...(key && { kid: key.kid }), ...header }
  const signing = key?.privateKey ?? new TextEncoder().encode(TEST_SECRET)
  const crit = Object.fromEntries((protectedHeader as { crit?: string[] }).crit?.map((name) => [name, true]) ?? [])
  return new SignJWT({ ...good, ...claims }).setProtectedHeader(protectedHeader).sign(signing, { crit })
}

/** The two parameters. */
export function asserted(text: string): Fields {
  return { client_assertion_type: JWT_BEARER, client_assertion: text }
}
