// What the first letters of a JWT access token of ours (RFC 9068) tell: its `jti` is its first member, so that the
// token need not be parsed as a whole to be found or described.

import { instantOfId } from '../platform/random.ts'

/** Sixteen groups of three bytes: an identifier of `newId`, with what stands around it, ends before that. */
const OPENING_LETTERS = 64
const OPENING = /^\{"jti":"([a-z]+_[0-9a-z]+)"/

/** Null: no JWT, or one that does not begin with an identifier of ours. Verifies nothing. */
export function openingJti(token: string): string | null {
  const dot = token.indexOf('.')
  if (dot === -1) return null
  const opening = Buffer.from(token.slice(dot + 1, dot + 1 + OPENING_LETTERS), 'base64url').toString('latin1')
  return OPENING.exec(opening)?.[1] ?? null
}

/** The millisecond that its `jti` tells; null: it tells none. */
export function instantOfJwt(token: string): number | null {
  const jti = openingJti(token)
  return jti === null ? null : instantOfId(jti)
}
