// Hashes: what we keep of our own random secrets, keyed ones of the bytes they are given, and how two are compared.

import { createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto'
import { INSTANT_BYTES, instantOf } from '../platform/random.ts'
import { instantOfJwt } from './own-jwt.ts'

/**
 * One shot costs a quarter of a hash object, and a third of that again when it gives letters: each buffer that it makes
 * itself is memory of its own. Only for secrets of 256 random bits: they need no salt.
 */
export function sha256(text: string | Uint8Array): Uint8Array {
  return sha256Bytes(text)
}

function sha256Bytes(text: string | Uint8Array): Buffer {
  return Buffer.from(hash('sha256', text, 'binary'), 'binary')
}

/**
 * What a code or token is kept and found by: the millisecond it tells of itself in six bytes, then 208 bits of its SHA-256.
 * So new rows lie behind all others; under hashes alone each would change another page of the table. Any other
 * text, such as a token from before they told it, has its whole SHA-256.
 */
export function tokenKey(token: string): Uint8Array {
  const key = sha256Bytes(token)
  const instant = instantOf(token) ?? instantOfJwt(token)
  if (instant === null) return key
  key.copyWithin(INSTANT_BYTES, 0)
  key.writeUIntBE(instant, 0, INSTANT_BYTES)
  return key
}

/** A key object made on the spot costs a fifth of handing the bytes to createHmac (5 against 25 µs on Node 24). */
export function hmacSha256(key: Uint8Array, data: string | Uint8Array): Uint8Array {
  return createHmac('sha256', createSecretKey(key)).update(data).digest()
}

/**
 * Bytes that follow from a secret seed of 32 bytes and a text, each text its own. SHAKE256 (FIPS 202) behind a secret
 * of fixed length needs no HMAC around it, and one shot costs a third of one.
 */
export function expand(seed: Uint8Array, text: string, length: number): Uint8Array {
  return hash('shake256', Buffer.concat([seed, Buffer.from(text)]), { outputEncoding: 'buffer', outputLength: length })
}

/** Takes the same time wherever the first difference is. Different lengths are never equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
