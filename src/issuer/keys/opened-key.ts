// Public keys of clients, opened for use. Opening one costs as much as using it, so a key is opened once for as long as
// its record or fetched set is kept.

import type { importJWK } from 'jose'
import type { PublicJwk } from '../../protocol/jwk.ts'

export type OpenedKey = Awaited<ReturnType<typeof importJWK>>

const opened = new WeakMap<PublicJwk, Map<string, Promise<OpenedKey>>>()

/** Rejects for a key that is none, such as a point on no curve. */
export function openClientKey(jwk: PublicJwk, algorithm: string): Promise<OpenedKey> {
  const ofKey = opened.get(jwk) ?? new Map<string, Promise<OpenedKey>>()
  opened.set(jwk, ofKey)
  const known = ofKey.get(algorithm)
  if (known !== undefined) return known
  const { kty, crv, x, y, n, e } = jwk
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined)
  const made = import('jose').then(({ importJWK }) => importJWK(Object.fromEntries(members), algorithm))
  ofKey.set(algorithm, made)
  return made
}
