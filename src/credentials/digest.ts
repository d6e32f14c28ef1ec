// Hashes: what is stored of our own random secrets, hashes with a key, and how two are compared.

import { createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto'
import { INSTANT_BYTES, instantOf } from '../platform/random.ts'
import { instantOfJwt } from './own-jwt.ts'

/**
 * One call costs a quarter of using a hash object, and a third of that when the result is text: each buffer
 * that the call makes is memory of its own. Only for secrets of 256 random bits, which need no salt.
 */
export function sha256(text: string | Uint8Array): Uint8Array {
  return sha256Bytes(text)
}

function sha256Bytes(text: string | Uint8Array): Buffer {
  return Buffer.from(hash('sha256', text, 'binary'), 'binary')
}

/**
 * The key under which a code or token is stored and found: six bytes of the millisecond that it tells, then 208 bits of
 * its SHA-256. So new rows lie behind all others, while plain hashes would each change another page of the table. Any
 * other text, such as a token of an older release, has its whole SHA-256.
 */
export function tokenKey(token: string): Uint8Array {
  const key = sha256Bytes(token)
  const instant = instantOf(token) ?? instantOfJwt(token)
  if (instant === null) return key
  key.copyWithin(INSTANT_BYTES, 0)
  key.writeUIntBE(instant, 0, INSTANT_BYTES)
  return key
}

/** Making a key object here costs a fifth of passing the bytes to createHmac (5 against 25 µs on Node 24). */
export function hmacSha256(key: Uint8Array, data: string | Uint8Array): Uint8Array {
  return createHmac('sha256', createSecretKey(key)).update(data).digest()
}

/**
 * Bytes that follow from a secret seed of 32 bytes and a text, different for each text. SHAKE256 (FIPS 202) after a
 * secret of fixed length needs no HMAC around it, and one call costs a third of one.
 */
export function expand(seed: Uint8Array, text: string, length: number): Uint8Array {
  return hash('shake256', Buffer.concat([seed, Buffer.from(text)]), { outputEncoding: 'buffer', outputLength: length })
}

/** Takes the same time wherever the first difference is. Texts of different lengths are never equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
