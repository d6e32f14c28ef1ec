// Rows out of a file's text, from CSV and from JSON Lines alike: a line number and the cells by column. A row that is
// wrong in itself says so; a file whose structure is broken throws `BrokenFile` with the line.

import { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { AdministrationError } from '../errors.ts'
import { columnHint, columnNamed } from './columns.ts'
import { type InspectedFile, LONGEST_LINE } from './import-file.ts'

export interface RawRow {
  /** Where it begins, from 1. */
  readonly line: number
  readonly cells: ReadonlyMap<string, string>
  readonly problems: readonly CellProblem[]
}

export interface CellProblem {
  /** Null: the row as a whole. */
  readonly column: string | null
  readonly problem: string
  readonly hint?: string
}

/** Nothing after this line can be trusted, so nothing of the file is taken. */
export class BrokenFile extends Error {
  readonly line: number
  readonly hint: string | null
  constructor(line: number, message: string, hint: string | null = null, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BrokenFile'
    this.line = line
    this.hint = hint
  }
}

const MOST_COLUMNS = 200
const LONGEST_CELL = 8_192

export function rowsOf(text: AsyncIterable<string>, file: InspectedFile): AsyncGenerator<RawRow> {
  return file.format === 'csv' ? csvRows(text, file.delimiter) : jsonRows(text)
}

async function* csvRows(text: AsyncIterable<string>, delimiter: string): AsyncGenerator<RawRow> {
  const parser = parse({
    delimiter,
    info: true,
    relax_column_count: true,
    max_record_size: LONGEST_LINE,
    record_delimiter: ['\r\n', '\n', '\r'],
  })
  const input = Readable.from(boundedLines(text))
  input.on('error', (error) => parser.destroy(error))
  let header: readonly (string | null)[] | undefined
  let end = 0
  try {
    for await (const { record, info } of input.pipe(parser) as AsyncIterable<ParsedRecord>) {
      const line = end + 1
      end = info.lines
      if (record.every((cell) => cell.trim() === '')) continue
      if (header === undefined) {
        if (!isSeparatorLine(record)) header = headerOf(record, line)
      } else yield csvRow(record, header, line)
    }
  } catch (error) {
    throw error instanceof CsvError ? brokenCsv(error, end + 1) : error
  } finally {
    input.destroy()
    parser.destroy()
  }
  if (header === undefined) throw new AdministrationError('unreadable_file', 'The file has no header line')
}

interface ParsedRecord {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

/** A line of nothing but delimiters is no content to the CSV reader, and must not grow without end either. */
async function* boundedLines(text: AsyncIterable<string>): AsyncGenerator<string> {
  let line = 1
  let length = 0
  for await (const piece of text) {
    let from = 0
    for (const { index } of piece.matchAll(/\r\n?|\n/g)) {
      length += index - from
      if (length > LONGEST_LINE) break
      from = index + 1
      length = 0
      line++
    }
    length += piece.length - from
    if (length > LONGEST_LINE) throw tooLong(line)
    yield piece
  }
}

/** Excel's own `sep=;` in front of the header. */
function isSeparatorLine(record: readonly string[]): boolean {
  return /^sep=/i.test(record[0] ?? '') && record.slice(1).every((cell) => cell === '')
}

function headerOf(record: readonly string[], line: number): readonly (string | null)[] {
  if (record.length > MOST_COLUMNS) {
    throw new BrokenFile(line, `the header has ${record.length} columns; at most ${MOST_COLUMNS} are allowed`)
  }
  const columns = record.map((written) => {
    if (written.trim() === '') return null
    const column = columnNamed(written)
    if (column !== null) return column
    throw new AdministrationError(
      'unknown_column',
      `Line ${line}: there is no column ${JSON.stringify(written.slice(0, 80))}`,
      columnHint(written),
    )
  })
  const twice = columns.find((column, at) => column !== null && columns.indexOf(column) !== at)
  if (twice !== undefined) {
    const names = record.filter((_, at) => columns[at] === twice).map((name) => name.trim())
    throw new BrokenFile(line, `the header has ${names.join(' and ')}, which are both the column ${twice}`)
  }
  if (!columns.includes('username')) {
    throw new BrokenFile(line, 'the header has no column username', 'The first line names the columns')
  }
  return columns
}

function csvRow(record: readonly string[], header: readonly (string | null)[], line: number): RawRow {
  const cells = new Map<string, string>()
  const problems: CellProblem[] = []
  record.forEach((cell, at) => {
    const column = header[at]
    if (cell === '') return
    if (column === undefined || column === null) {
      if (cell.trim() !== '' && problems.length === 0) {
        problems.push({
          column: null,
          problem: `has a value in cell ${at + 1}, for which the header names no column`,
          hint: 'A comma inside a value needs the value to stand in double quotes',
        })
      }
      return
    }
    addCell(cells, problems, column, column.startsWith('password') ? cell : unguarded(cell))
  })
  return { line, cells, problems }
}

function addCell(cells: Map<string, string>, problems: CellProblem[], column: string, cell: string): void {
  if (Buffer.byteLength(cell, 'utf8') > LONGEST_CELL) {
    problems.push({ column, problem: `is longer than ${LONGEST_CELL} bytes` })
  } else cells.set(column, cell)
}

/** Takes off what an export puts before cells that a spreadsheet would run as a formula. */
function unguarded(cell: string): string {
  return /^'[=+\-@\t\r'＝＋－＠]/.test(cell) ? cell.slice(1) : cell
}

function brokenCsv(error: CsvError, line: number): BrokenFile {
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

const QUOTES = 'A value with quotes stands in double quotes, and each quote in it is doubled: "say ""hello"""'

function tooLong(line: number, options?: ErrorOptions): BrokenFile {
  const hint = 'A double quote that is never closed makes many lines one'
  return new BrokenFile(line, `the line is longer than ${LONGEST_LINE / 1024} KiB`, hint, options)
}

async function* jsonRows(text: AsyncIterable<string>): AsyncGenerator<RawRow> {
  let line = 0
  for await (const each of linesOf(text)) {
    line++
    if (each.trim() !== '') yield jsonRow(each, line)
  }
}

async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  let line = 1
  for await (const piece of text) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const each of lines) {
      if (Buffer.byteLength(each, 'utf8') > LONGEST_LINE) throw tooLong(line)
      line++
      yield each
    }
    if (rest.length > LONGEST_LINE) throw tooLong(line)
  }
  if (Buffer.byteLength(rest, 'utf8') > LONGEST_LINE) throw tooLong(line)
  if (rest !== '') yield rest
}

function jsonRow(text: string, line: number): RawRow {
  const whole = (problem: string): RawRow => ({ line, cells: new Map(), problems: [{ column: null, problem }] })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return whole('is no JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return whole('is no JSON object')
  const members = Object.entries(value).flatMap(([name, member]): [string, unknown][] =>
    (name === 'address' || name === 'custom') && typeof member === 'object' && member !== null
      ? Object.entries(member).map(([inner, each]) => [`${name}.${inner}`, each])
      : [[name, member]],
  )
  if (members.length > MOST_COLUMNS) return whole(`has more than ${MOST_COLUMNS} members`)
  const cells = new Map<string, string>()
  const problems: CellProblem[] = []
  for (const [name, member] of members) {
    const column = columnNamed(name)
    const cell = cellOf(member)
    if (column === null) {
      problems.push({ column: name.slice(0, 80), problem: 'is no column', hint: columnHint(name) })
    } else if (cell === null) problems.push({ column, problem: 'is neither text, a whole number nor true or false' })
    else if (cells.has(column)) problems.push({ column, problem: 'is there twice, under two names' })
    else if (cell !== '') addCell(cells, problems, column, cell)
  }
  return { line, cells, problems }
}

function cellOf(value: unknown): string | null {
  if (value === null) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  // Larger ones have lost digits already when JSON was read.
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : null
}
