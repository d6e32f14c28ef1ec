// What PostgreSQL sends: splits the bytes that arrive into messages, rows with the same values as SQLite gives, and
// errors. https://www.postgresql.org/docs/current/protocol-message-formats.html

import { StoreUnavailable } from '../driver.ts'
import { type RowMaker, rowMaker } from '../row-maker.ts'
import type { Shape } from './statements.ts'

/** One message without its head: the bytes from `start` to `end`, which stay valid until the next chunk arrives. */
export type Message = (type: number, bytes: Buffer, start: number, end: number) => void

/** A longer message is not one of ours: PostgreSQL keeps at most a gigabyte in a value. */
const LONGEST = 0x40000000
const HEAD = 5

/** Cuts the stream of bytes into messages; an incomplete message waits for the chunks that complete it. */
export class Decoder {
  readonly #message: Message
  #parts: Buffer[] = []
  #held = 0
  #needed = 0

  constructor(message: Message) {
    this.#message = message
  }

  feed(chunk: Buffer): void {
    const bytes = this.#complete(chunk)
    if (bytes === null) return
    let at = 0
    let needed = HEAD
    while (at + HEAD <= bytes.length) {
      const length = bytes.readInt32BE(at + 1)
      if (length < 4 || length > LONGEST) throw new Error(`the database sent a message of ${length} bytes`)
      needed = length + 1
      const end = at + needed
      if (end > bytes.length) break
      this.#message(bytes[at] ?? 0, bytes, at + HEAD, end)
      at = end
      needed = HEAD
    }
    this.#held = bytes.length - at
    this.#needed = needed
    this.#parts = this.#held === 0 ? [] : [bytes.subarray(at)]
  }

  /** Joins the chunk to what was held back, once that is enough for a message, or for its head. */
  #complete(chunk: Buffer): Buffer | null {
    if (this.#held === 0) return chunk
    this.#parts.push(chunk)
    this.#held += chunk.length
    return this.#held < this.#needed ? null : Buffer.concat(this.#parts, this.#held)
  }
}

type Decode = (bytes: Buffer, start: number, end: number) => unknown

/** The columns of a statement's rows. */
export interface Columns {
  readonly decode: readonly Decode[]
  readonly make: RowMaker
}

/**
 * Object ids of types, https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat; every other
 * type is text.
 */
const DECODERS: ReadonlyMap<number, Decode> = new Map<number, Decode>([
  // bool, bytea
  [16, (bytes: Buffer, start: number) => (bytes[start] === 0x74 ? 1 : 0)],
  [17, hexBytes],
  // int8, int2, int4, oid, float4, float8, numeric
  ...[20, 21, 23, 26, 700, 701, 1700].map((type) => [type, number] as const),
])

/** Columns of statements that are described again and again: they seldom change, and parsing them takes time. */
export class Descriptions {
  readonly #latest = new Map<Shape, { readonly bytes: Buffer; readonly columns: Columns }>()

  /** RowDescription. */
  columns(shape: Shape, bytes: Buffer, start: number, end: number): Columns {
    const latest = this.#latest.get(shape)
    if (latest?.bytes.equals(bytes.subarray(start, end))) return latest.columns
    const columns = columnsOf(bytes, start, end)
    this.#latest.set(shape, { bytes: Buffer.from(bytes.subarray(start, end)), columns })
    return columns
  }
}

function columnsOf(bytes: Buffer, start: number, end: number): Columns {
  const names: string[] = []
  const decode: Decode[] = []
  let at = start + 2
  for (let left = bytes.readInt16BE(start); left > 0; left--) {
    const stop = bytes.indexOf(0, at)
    // After the name: table (4 bytes), column (2), type (4), its size (2), modifier (4), format (2).
    const next = stop + 19
    if (stop === -1 || next > end) throw new BrokenMessage()
    names.push(bytes.toString('utf8', at, stop))
    decode.push(DECODERS.get(bytes.readUInt32BE(stop + 7)) ?? text)
    at = next
  }
  return { decode, make: rowMaker(names) }
}

/**
 * The lengths inside a message do not fit it: what follows would belong to another message, so nothing in the stream
 * can be trusted any more.
 */
export class BrokenMessage extends Error {
  constructor() {
    super('the database sent a message that breaks off')
    this.name = 'BrokenMessage'
  }
}

/**
 * DataRow. Throws `RangeError` for an integer that a number cannot hold, `StoreUnavailable` for bytes in another notation,
 * `BrokenMessage` when it is not a row of these columns.
 */
export function rowOf({ decode, make }: Columns, bytes: Buffer, start: number, end: number): unknown {
  const values: unknown[] = []
  let at = start + 2
  for (const value of decode) {
    const from = at + 4
    if (from > end) throw new BrokenMessage()
    const length = bytes.readInt32BE(at)
    at = length > 0 ? from + length : from
    if (at > end) throw new BrokenMessage()
    values.push(length < 0 ? null : value(bytes, from, at))
  }
  if (at !== end) throw new BrokenMessage()
  return make(values)
}

function text(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end)
}

/** A number with this many digits is always a safe integer. */
const SAFE_DIGITS = 15

function number(bytes: Buffer, start: number, end: number): number {
  if (end - start <= SAFE_DIGITS) {
    let value = 0
    for (let at = start; at < end; at++) {
      const digit = (bytes[at] ?? 0) - 0x30
      if (digit < 0 || digit > 9) return numberFromText(bytes, start, end)
      value = value * 10 + digit
    }
    return value
  }
  return numberFromText(bytes, start, end)
}

function numberFromText(bytes: Buffer, start: number, end: number): number {
  const written = bytes.toString('latin1', start, end)
  const value = Number(written)
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new RangeError(`integer too large: ${written}`)
  return value
}

/**
 * `bytea_output = hex`: two digits for each byte, after `\x`. Behind a pooler somebody else may have changed that
 * setting.
 */
function hexBytes(bytes: Buffer, start: number, end: number): Uint8Array {
  if (bytes[start] !== 0x5c || bytes[start + 1] !== 0x78) throw new StoreUnavailable('bytea_output must be hex')
  const value = new Uint8Array((end - start - 2) >> 1)
  let at = start + 2
  for (let index = 0; index < value.length; index++) {
    value[index] = (nibble(bytes[at++] ?? 0) << 4) | nibble(bytes[at++] ?? 0)
  }
  return value
}

/** Digits are 0x30 to 0x39, letters 0x61 to 0x66. */
function nibble(code: number): number {
  return code < 0x40 ? code - 0x30 : code - 0x57
}

/**
 * An error that the server reports, with the fields of
 * https://www.postgresql.org/docs/current/protocol-error-fields.html.
 */
export class PostgresError extends Error {
  readonly severity: string
  readonly code: string
  readonly detail: string | undefined
  readonly table: string | undefined
  readonly constraint: string | undefined
  /** The routine in the server's source that raised it. */
  readonly routine: string | undefined

  constructor(fields: ReadonlyMap<string, string>) {
    super(fields.get('M') ?? 'no message')
    this.name = 'PostgresError'
    // Never translated, unlike `S`.
    this.severity = fields.get('V') ?? fields.get('S') ?? 'ERROR'
    this.code = fields.get('C') ?? 'XX000'
    this.detail = fields.get('D')
    this.table = fields.get('t')
    this.constraint = fields.get('n')
    this.routine = fields.get('R')
  }
}

/** ErrorResponse. */
export function errorOf(bytes: Buffer, start: number, end: number): PostgresError {
  const fields = new Map<string, string>()
  for (let at = start; at < end && bytes[at] !== 0; ) {
    const stop = bytes.indexOf(0, at)
    if (stop === -1 || stop >= end) throw new BrokenMessage()
    fields.set(String.fromCharCode(bytes[at] ?? 0), bytes.toString('utf8', at + 1, stop))
    at = stop + 1
  }
  return new PostgresError(fields)
}
