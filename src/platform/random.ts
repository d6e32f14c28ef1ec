// The only caller of randomBytes and randomUUID.

import { randomFillSync, randomUUID } from 'node:crypto'
import { systemClock } from './clock.ts'

// One call for 8 KiB costs a tenth of two hundred calls for 43 bytes; used bytes are wiped.
const pool = Buffer.alloc(8192)
let used = pool.length

function nextByte(): number {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const byte = pool[used] as number
  pool[used++] = 0
  return byte
}

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const LOWER_ALPHANUMERIC = 'abcdefghijklmnopqrstuvwxyz0123456789'

/**
 * Letters are written into it one by one: a string made by adding letters takes longer to read than to hash. Wiped
 * after each use.
 */
const draft = Buffer.alloc(64)

/**
 * Takes letters from a stream of uniform bytes, by rejection sampling: a plain modulo would make some letters likelier
 * than others.
 */
function letters(alphabet: string, length: number, next: () => number): string {
  if (length > draft.length) throw new RangeError(`no text of ours has ${length} letters`)
  const limit = 256 - (256 % alphabet.length)
  for (let at = 0; at < length; ) {
    const byte = next()
    if (byte < limit) draft[at++] = alphabet.charCodeAt(byte % alphabet.length)
  }
  const text = draft.toString('latin1', 0, length)
  draft.fill(0, 0, length)
  return text
}

function draw(alphabet: string, length: number): string {
  return letters(alphabet, length, nextByte)
}

/**
 * 43 of `[A-Za-z0-9]`, 256 bits: session and client secrets, and the part of a token that nobody can guess. Needs no
 * escaping anywhere.
 */
export function newSecret(): string {
  return draw(ALPHANUMERIC, 43)
}

/** Whether it has the form of `newSecret`: anything else was never ours, and need not be looked up. */
export function isSecret(text: string): boolean {
  return /^[A-Za-z0-9]{43}$/.test(text)
}

const { machine } = systemClock()
const INSTANT_DIGITS = 7
/** Bytes of a millisecond where it is stored: in keys and salts. */
export const INSTANT_BYTES = 6
const SALT_BYTES = 16

/**
 * Codes and tokens: seven letters or digits that tell the millisecond, and a secret. So rows stored in the order of
 * their tokens' instants (`tokenKey`) are written side by side.
 */
export function newToken(): string {
  return tokenOf(machine(), newSecret())
}

/** `milliseconds` since 1970; seven digits last until the year 2081, when they begin with small ones again. */
export function tokenOf(milliseconds: number, secret: string): string {
  let text = ''
  let rest = Math.max(0, milliseconds)
  for (let digit = 0; digit < INSTANT_DIGITS; digit++) {
    text = (ALPHANUMERIC[rest % 62] ?? '') + text
    rest = Math.floor(rest / 62)
  }
  return text + secret
}

/** The millisecond that a token tells, whoever made it; null: it is no such token. */
export function instantOf(token: string): number | null {
  if (token.length !== INSTANT_DIGITS + 43) return null
  let milliseconds = 0
  for (let digit = 0; digit < INSTANT_DIGITS; digit++) {
    const value = ALPHANUMERIC.indexOf(token.charAt(digit))
    if (value === -1) return null
    milliseconds = milliseconds * 62 + value
  }
  return milliseconds
}

/** 16 bytes: the millisecond in six, and 80 random bits. */
export function newSalt(): Uint8Array {
  const salt = Buffer.from(randomBytes(SALT_BYTES))
  salt.writeUIntBE(machine(), 0, INSTANT_BYTES)
  return salt
}

/** The millisecond of a salt from `newSalt`. */
export function instantOfSalt(salt: Uint8Array): number {
  return Buffer.from(salt).readUIntBE(0, INSTANT_BYTES)
}

/** 32 of `[a-z0-9]`, 165 bits. */
export function newClientId(): string {
  return draw(LOWER_ALPHANUMERIC, 32)
}

/**
 * Internal identifiers with a telling prefix: `gr_`, `se_`, … Each sorts after those of earlier milliseconds, so that
 * new rows and their index entries lie side by side; 77 random bits follow.
 */
export function newId<Prefix extends string>(prefix: Prefix): `${Prefix}_${string}` {
  return `${prefix}_${machine().toString(36).padStart(9, '0')}${draw(LOWER_ALPHANUMERIC, 15)}`
}

const ID_INSTANT = /^[a-z]+_([0-9a-z]{9})/

/** The millisecond that an identifier of `newId` tells, or its beginning alone; null: it is no such identifier. */
export function instantOfId(text: string): number | null {
  const digits = ID_INSTANT.exec(text)?.[1]
  return digits === undefined ? null : Number.parseInt(digits, 36)
}

/** Lower-case UUID. */
export function newUserId(): string {
  return randomUUID()
}

export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) bytes[at] = nextByte()
  return bytes
}

/**
 * 43 of `[A-Za-z0-9]` from uniform bytes. `bytes` is called for further blocks until enough bytes have been accepted.
 */
export function secretFrom(bytes: (block: number) => Uint8Array): string {
  let count = 0
  let block = bytes(count)
  let at = 0
  return letters(ALPHANUMERIC, 43, () => {
    if (at === block.length) {
      block = bytes(++count)
      at = 0
    }
    return block[at++] as number
  })
}
