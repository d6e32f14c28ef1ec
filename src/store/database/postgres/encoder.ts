// What is sent to PostgreSQL: messages of the extended query protocol, gathered until one write sends them.
// https://www.postgresql.org/docs/current/protocol-message-formats.html

import type { Value } from '../driver.ts'
import type { Shape } from './statements.ts'

const PARSE = 0x50
const BIND = 0x42
const DESCRIBE = 0x44
const STATEMENT = 0x53
/** The unnamed portal. */
const DESCRIBE_PORTAL = Buffer.from([DESCRIBE, 0, 0, 0, 6, 0x50, 0])
/** The unnamed portal, all of its rows. */
const EXECUTE = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0])
const SYNC = Buffer.from([0x53, 0, 0, 0, 4])
const SMALLEST = 16_384
const TEXT_FORMAT = 0
const BINARY_FORMAT = 1

export class Encoder {
  #bytes = Buffer.allocUnsafe(SMALLEST)
  #length = 0

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /** Parse, and Describe to learn what the statement answers. The server decides the types of parameters. */
  prepare({ name, text }: Shape): void {
    const bytes = Buffer.from(`${text}\0`)
    this.#room(2 * name.length + bytes.length + 16)
    this.#head(PARSE, 4 + name.length + bytes.length + 2)
    this.#raw(name)
    this.#raw(bytes)
    this.#int16(0)
    this.#head(DESCRIBE, 4 + 1 + name.length)
    this.#bytes[this.#length++] = STATEMENT
    this.#raw(name)
  }

  /** Bind to the unnamed portal: bytes in binary form, everything else as text; results as text. */
  bind({ name }: Shape, values: readonly Value[]): void {
    const count = values.length
    this.#room(16 + name.length + 2 * count)
    const start = this.#length
    this.#head(BIND, 0)
    this.#bytes[this.#length++] = 0
    this.#raw(name)
    this.#int16(count)
    for (const value of values) this.#int16(value instanceof Uint8Array ? BINARY_FORMAT : TEXT_FORMAT)
    this.#int16(count)
    for (const value of values) this.#value(value)
    this.#room(2)
    this.#int16(0)
    this.#bytes.writeInt32BE(this.#length - start - 1, start + 1)
  }

  /** Runs what was bound; with `describe`, its columns come before its rows. */
  execute(describe: boolean): void {
    this.#room(DESCRIBE_PORTAL.length + EXECUTE.length)
    if (describe) this.#raw(DESCRIBE_PORTAL)
    this.#raw(EXECUTE)
  }

  /** Ends a transaction: everything since the previous Sync is committed, or undone after an error. */
  sync(): void {
    this.#room(SYNC.length)
    this.#raw(SYNC)
  }

  /** Everything that was gathered, once. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    if (this.#bytes.length > 16 * SMALLEST) this.#bytes = Buffer.allocUnsafe(SMALLEST)
    return taken
  }

  #value(value: Value): void {
    if (value === null) {
      this.#room(4)
      this.#int32(-1)
      return
    }
    if (value instanceof Uint8Array) {
      this.#room(4 + value.length)
      this.#int32(value.length)
      this.#raw(value)
      return
    }
    const text = typeof value === 'string' ? value : String(value)
    // A UTF-16 unit takes at most three bytes in UTF-8.
    this.#room(4 + 3 * text.length)
    const written = this.#bytes.write(text, this.#length + 4, 'utf8')
    this.#int32(written)
    this.#length += written
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }

  #head(type: number, length: number): void {
    this.#bytes[this.#length++] = type
    this.#int32(length)
  }

  #raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #int16(value: number): void {
    this.#bytes[this.#length++] = value >> 8
    this.#bytes[this.#length++] = value
  }

  #int32(value: number): void {
    this.#length = this.#bytes.writeInt32BE(value, this.#length)
  }
}
