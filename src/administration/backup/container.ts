// The file format of a backup: a header in clear, then one stream of chunks, each sealed with its number and whether it
// is the last. Nothing can be changed, moved or cut off without being noticed, and nothing is given out unchecked.

import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { AdministrationError } from '../errors.ts'

/** How the key of the stream comes about. `none`: no secret is in the file; the chunks carry check sums only. */
export type Protection =
  | { readonly kind: 'passphrase'; readonly salt: string; readonly cost: number; readonly blockSize: number }
  | { readonly kind: 'recipient'; readonly ephemeralKey: string; readonly recipientKey: string }
  | { readonly kind: 'none' }

export interface Header {
  readonly version: 1
  /** Random: the same key never seals two files alike. */
  readonly nonce: string
  readonly protection: Protection
}

const MAGIC = Buffer.from('lingpai backup\n', 'ascii')
const LONGEST_HEADER = 4_096
const CHUNK = 65_536
const TAG = 16

export function encodeHeader(header: Header): Buffer {
  const json = Buffer.from(JSON.stringify(header), 'utf8')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(json.length)
  return Buffer.concat([MAGIC, length, json])
}

/** The key is bound to the whole header, so that a header that was changed opens nothing. */
export function streamKey(secret: Uint8Array, header: Uint8Array): Uint8Array {
  const binding = createHash('sha256').update(header).digest()
  return new Uint8Array(hkdfSync('sha256', secret, binding, 'lingpai/1 backup stream', 32))
}

interface Seal {
  seal(chunk: Uint8Array, number: number, last: boolean): Uint8Array
  /** Opens one chunk. Null when it is not the one that was written at this place of the file. */
  open(sealed: Uint8Array, number: number, last: boolean): Uint8Array | null
}

/** Seals chunks with the key, or only adds check sums when `key` is null. */
export function createSeal(key: Uint8Array | null, header: Uint8Array): Seal {
  if (key === null) return checkSums(header)
  return {
    seal(chunk, number, last) {
      const cipher = createCipheriv('aes-256-gcm', key, place(number, last), { authTagLength: TAG })
      return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()])
    },
    open(sealed, number, last) {
      const end = sealed.length - TAG
      const decipher = createDecipheriv('aes-256-gcm', key, place(number, last), { authTagLength: TAG })
      decipher.setAuthTag(sealed.subarray(end))
      const plain = decipher.update(sealed.subarray(0, end))
      try {
        return Buffer.concat([plain, decipher.final()])
      } catch {
        return null
      }
    },
  }
}

/** Check sums protect against damage, but not against an attacker, who could change the sums as well. */
function checkSums(header: Uint8Array): Seal {
  const sum = (chunk: Uint8Array, number: number, last: boolean) =>
    createHash('sha256').update(header).update(place(number, last)).update(chunk).digest().subarray(0, TAG)
  return {
    seal: (chunk, number, last) => Buffer.concat([chunk, sum(chunk, number, last)]),
    open(sealed, number, last) {
      const chunk = sealed.subarray(0, sealed.length - TAG)
      return sum(chunk, number, last).equals(sealed.subarray(sealed.length - TAG)) ? chunk : null
    },
  }
}

/** The nonce of a chunk, 12 bytes: its number, and whether it is the last. No nonce is used twice with one key. */
function place(number: number, last: boolean): Uint8Array {
  const bytes = Buffer.alloc(12)
  bytes.writeUIntBE(number, 5, 6)
  bytes[11] = last ? 1 : 0
  return bytes
}

/** All chunks are full but the last, which may be empty. */
export async function* sealStream(content: AsyncIterable<Uint8Array>, seal: Seal): AsyncGenerator<Uint8Array> {
  let number = 0
  let rest: Uint8Array = Buffer.alloc(0)
  for await (const bytes of content) {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    while (rest.length > CHUNK) {
      yield seal.seal(rest.subarray(0, CHUNK), number++, false)
      rest = rest.subarray(CHUNK)
    }
  }
  yield seal.seal(rest, number, true)
}

/** Reads exactly what it is asked for; less only at the end of the file. */
export interface Reader {
  read(length: number): Promise<Uint8Array>
}

export interface ReadHeader {
  readonly header: Header
  /** As it stands in the file. */
  readonly bytes: Uint8Array
}

export async function readHeader(reader: Reader): Promise<ReadHeader> {
  const start = await reader.read(MAGIC.length + 4)
  const magic = Buffer.from(start.subarray(0, MAGIC.length))
  if (start.length < MAGIC.length + 4 || !magic.equals(MAGIC)) {
    throw new AdministrationError('not_a_backup', 'The file is not a backup of this program')
  }
  const length = Buffer.from(start).readUInt32BE(MAGIC.length)
  const json = length > LONGEST_HEADER ? new Uint8Array() : await reader.read(length)
  const header = parseHeader(Buffer.from(json).toString('utf8'))
  if (json.length !== length || header === null) throw damaged('its first lines cannot be read')
  return { header, bytes: Buffer.concat([start, json]) }
}

/** The content in pieces, each checked before it is given out. The end of the stream is checked as well. */
export async function* openStream(reader: Reader, seal: Seal): AsyncGenerator<Uint8Array> {
  let ahead = await reader.read(CHUNK + TAG)
  for (let number = 0; ; number++) {
    const sealed = ahead
    ahead = sealed.length < CHUNK + TAG ? new Uint8Array() : await reader.read(CHUNK + TAG)
    const last = ahead.length === 0
    const chunk = sealed.length < TAG ? null : seal.open(sealed, number, last)
    if (chunk === null) throw number === 0 ? new FirstChunkRefused() : damaged('it was changed or cut off')
    yield chunk
    if (last) return
  }
}

/** Not even the first chunk opens: that is more likely a wrong secret than a damaged file. */
export class FirstChunkRefused extends Error {
  constructor() {
    super('the first chunk of the backup does not open')
    this.name = 'FirstChunkRefused'
  }
}

export function damaged(why: string, options?: ErrorOptions): AdministrationError {
  return new AdministrationError('damaged_backup', `The backup is damaged: ${why}`, 'Use another copy of it', options)
}

function parseHeader(text: string): Header | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isRecord(value) || typeof value['nonce'] !== 'string' || !isRecord(value['protection'])) return null
  if (value['version'] !== 1) {
    throw new AdministrationError(
      'not_a_backup',
      'The backup was written by a newer release',
      'Restore it with that one',
    )
  }
  const protection = parseProtection(value['protection'])
  return protection === null ? null : { version: 1, nonce: value['nonce'], protection }
}

function parseProtection(value: Readonly<Record<string, unknown>>): Protection | null {
  const { kind, salt, cost, blockSize, ephemeralKey, recipientKey } = value
  if (kind === 'none') return { kind }
  if (kind === 'recipient' && typeof ephemeralKey === 'string' && typeof recipientKey === 'string') {
    return { kind, ephemeralKey, recipientKey }
  }
  if (kind !== 'passphrase' || typeof salt !== 'string' || typeof cost !== 'number' || typeof blockSize !== 'number') {
    return null
  }
  // scrypt takes 128·N·r bytes, and N and r come from the file: without limits, whoever wrote the file could exhaust our
  // memory.
  const bounded = Number.isInteger(Math.log2(cost)) && cost >= 16_384 && cost <= 1_048_576
  return bounded && Number.isInteger(blockSize) && blockSize >= 1 && blockSize <= 8
    ? { kind, salt, cost, blockSize }
    : null
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
