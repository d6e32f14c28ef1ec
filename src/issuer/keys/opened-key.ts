// Public keys of clients, imported for encrypting to them. Importing a key costs as much as using it, so it is done once
// for as long as the client's record or fetched set is kept.

import type { importJWK } from 'jose'
import type { PublicJwk } from '../../protocol/jwk.ts'

export type OpenedKey = Awaited<ReturnType<typeof importJWK>>

const opened = new WeakMap<PublicJwk, Map<string, Promise<OpenedKey>>>()

/** Rejects if it is no valid key, such as a point that is not on the curve. */
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
