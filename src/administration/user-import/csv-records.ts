// Records out of CSV text, each with the line on which it begins. All records in front of a fault come out before the
// fault is thrown, so that a file with several problems tells them all.

import { CsvError, parse } from 'csv-parse'
import { BrokenFile, tooLong } from './broken-file.ts'
import { LONGEST_LINE } from './import-file.ts'

export interface CsvRecord {
  readonly cells: readonly string[]
  readonly line: number
}

export async function* csvRecords(text: AsyncIterable<string>, delimiter: string): AsyncGenerator<CsvRecord> {
  let records: CsvRecord[] = []
  let end = 0
  const parser = parse({
    delimiter,
    relax_column_count: true,
    max_record_size: LONGEST_LINE,
    record_delimiter: ['\r\n', '\n', '\r'],
    on_record(cells: readonly string[]) {
      records.push({ cells, line: end + 1 })
      // Counted here: the parser takes CR LF in a cell for two lines when its buffer ends there.
      end += cells.reduce((lines, cell) => lines + lineBreaks(cell), 1)
      // Kept here: what waits in a stream is lost when the stream fails.
      return null
    },
  })
  parser.on('error', () => undefined)
  parser.resume()
  const taken = () => {
    const now = records
    records = []
    return now
  }
  try {
    for await (const piece of boundedLines(text)) {
      const fault = await new Promise<Error | null | undefined>((resolve) => parser.write(piece, resolve))
      yield* taken()
      if (fault) throw brokenCsv(fault, end + 1)
    }
    const fault = await new Promise<unknown>((resolve) => parser.end(resolve))
    yield* taken()
    if (fault) throw brokenCsv(fault, end + 1)
  } finally {
    parser.destroy()
  }
}

function lineBreaks(cell: string): number {
  return cell.includes('\n') || cell.includes('\r') ? cell.split(/\r\n|\n|\r/).length - 1 : 0
}

/**
 * A line of nothing but delimiters is no content to the parser, and must not grow without end either. No piece ends
 * between CR and LF, which would count as two lines.
 */
async function* boundedLines(text: AsyncIterable<string>): AsyncGenerator<string> {
  let line = 1
  let length = 0
  let held = ''
  for await (const bytes of text) {
    const whole = held + bytes
    held = whole.endsWith('\r') ? '\r' : ''
    const piece = held === '' ? whole : whole.slice(0, -1)
    let from = 0
    for (const { 0: mark, index } of piece.matchAll(/\r\n?|\n/g)) {
      if (length + index - from > LONGEST_LINE) break
      from = index + mark.length
      length = 0
      line++
    }
    const next = piece.slice(from).search(/[\r\n]/)
    length += next === -1 ? piece.length - from : next
    if (length > LONGEST_LINE) {
      yield piece.slice(0, from)
      throw tooLong(line)
    }
    yield piece
  }
  if (held !== '') yield held
}

const QUOTES = 'A value with quotes stands in double quotes, and each quote in it is doubled: "say ""hello"""'

function brokenCsv(error: unknown, line: number): unknown {
  if (!(error instanceof CsvError)) return error
  const options = { cause: error }
  switch (error.code) {
    case 'CSV_MAX_RECORD_SIZE':
      return tooLong(line, options)
    case 'CSV_QUOTE_NOT_CLOSED':
      return new BrokenFile(line, 'a double quote is opened here and never closed', QUOTES, options)
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return new BrokenFile(line, 'a double quote stands where none may be', QUOTES, options)
    default:
      return new BrokenFile(line, `the CSV cannot be read (${error.code})`, null, options)
  }
}
