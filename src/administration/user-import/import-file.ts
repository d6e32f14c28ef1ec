// The file of an import as text: where its bytes come from, which encoding and format they have, and the text itself
// in pieces. Nothing is guessed silently: the encoding is said, and what cannot be read is refused with advice.

import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { AdministrationError } from '../errors.ts'

/** Read more than once: each call starts from the first byte. */
export interface ImportSource {
  read(): AsyncIterable<Uint8Array>
}

export type ImportEncoding = 'utf-8' | 'gb18030'
export type ImportFormat = 'csv' | 'jsonl'

export interface InspectedFile {
  readonly encoding: ImportEncoding
  readonly format: ImportFormat
  /** What separates the cells of a CSV file. */
  readonly delimiter: ',' | ';' | '\t'
}

export const LONGEST_LINE = 65_536

const SAVE_AS_UTF8 = 'In Excel, choose "CSV UTF-8 (逗号分隔)" when saving; other programs offer the encoding UTF-8'

export function fileSource(path: string): ImportSource {
  const unreadable = (cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new AdministrationError('unreadable_file', `The import file ${path} cannot be read: ${reason}`, null, {
      cause,
    })
  }
  try {
    if (!statSync(path).isFile()) {
      throw new AdministrationError(
        'unreadable_file',
        `The import file ${path} is not a regular file`,
        'It is read twice, so a folder or a pipe will not do: name a file',
      )
    }
  } catch (error) {
    throw error instanceof AdministrationError ? error : unreadable(error)
  }
  return {
    async *read() {
      const pieces: AsyncIterable<Uint8Array> = createReadStream(path, { highWaterMark: 262_144 })
      try {
        yield* pieces
      } catch (error) {
        throw unreadable(error)
      }
    },
  }
}

/** For what a form has sent. */
export function bytesSource(bytes: Uint8Array): ImportSource {
  return {
    async *read() {
      for (let at = 0; at < bytes.length; at += 262_144) yield bytes.subarray(at, at + 262_144)
    },
  }
}

/** Reads the whole file once for its encoding. */
export async function inspectFile(source: ImportSource, format?: ImportFormat): Promise<InspectedFile> {
  const encoding = await encodingOf(source)
  const line = await firstLine(source, encoding)
  if (format === undefined && line.startsWith('[')) {
    throw new AdministrationError(
      'unreadable_file',
      'The file is one JSON array',
      'Write JSON Lines instead: one object a line, without the brackets and without commas between the lines',
    )
  }
  return { encoding, format: format ?? (line.startsWith('{') ? 'jsonl' : 'csv'), delimiter: delimiterOf(line) }
}

async function encodingOf(source: ImportSource): Promise<ImportEncoding> {
  const utf8 = await firstFault(source, 'utf-8')
  if (utf8 === null) return 'utf-8'
  const gb18030 = await firstFault(source, 'gb18030')
  if (gb18030 === null) return 'gb18030'
  throw new AdministrationError(
    'unreadable_file',
    `The file is neither UTF-8 (wrong from line ${utf8} on) nor GB18030 (wrong from line ${gb18030} on)`,
    SAVE_AS_UTF8,
  )
}

/** The line at which the bytes stop being text in this encoding; null: all of it is. */
async function firstFault(source: ImportSource, encoding: ImportEncoding): Promise<number | null> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  let line = 1
  let first = true
  for await (const bytes of source.read()) {
    if (first) refuseOtherUnicode(bytes)
    first = false
    try {
      decoder.decode(bytes, { stream: true })
    } catch {
      return line
    }
    for (const byte of bytes) if (byte === 0x0a) line++
  }
  try {
    decoder.decode()
    return null
  } catch {
    return line
  }
}

function refuseOtherUnicode(bytes: Uint8Array): void {
  const [first, second] = bytes
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  // Text has no NUL; UTF-16 has one beside each ASCII letter.
  if (!marked && !bytes.subarray(0, 4_096).includes(0)) return
  const what = first === 0x50 && second === 0x4b ? 'an Excel workbook or another archive' : 'UTF-16 or no text at all'
  throw new AdministrationError('unreadable_file', `The file is ${what}`, SAVE_AS_UTF8)
}

async function firstLine(source: ImportSource, encoding: ImportEncoding): Promise<string> {
  let text = ''
  for await (const piece of decodedText(source, encoding)) {
    text = (text + piece).trimStart()
    if (/[\r\n]/.test(text) || text.length > LONGEST_LINE) break
  }
  return (text.split(/[\r\n]/, 1)[0] ?? '').slice(0, LONGEST_LINE)
}

function delimiterOf(line: string): InspectedFile['delimiter'] {
  const outside = line.replace(/"(?:[^"]|"")*"/g, '')
  const count = (mark: string) => outside.split(mark).length
  // Excel writes what the system's list separator is.
  return ([';', '\t'] as const).find((mark) => count(mark) > count(',')) ?? ','
}

/** The text without a byte order mark. `digest` receives the SHA-256 of the bytes, when all have been read. */
export async function* decodedText(
  source: ImportSource,
  encoding: ImportEncoding,
  digest?: (hex: string) => void,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
  const hash = createHash('sha256')
  let first = true
  for await (const bytes of source.read()) {
    if (digest !== undefined) hash.update(bytes)
    const text = decoder.decode(bytes, { stream: true })
    if (text === '') continue
    yield first && text.startsWith('\uFEFF') ? text.slice(1) : text
    first = false
  }
  const rest = decoder.decode()
  if (rest !== '') yield rest
  digest?.(hash.digest('hex'))
}
