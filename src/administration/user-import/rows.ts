// Rows out of a file's text, from CSV and from JSON Lines alike: a line number and the cells by column. A row that is
// wrong in itself says so; a file whose structure is broken throws `BrokenFile` with the line.

import { AdministrationError } from '../errors.ts'
import { BrokenFile, tooLong } from './broken-file.ts'
import { columnHint, columnNamed, HEADER_HINT } from './columns.ts'
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

const MOST_COLUMNS = 200
const LONGEST_CELL = 8_192

export function rowsOf(text: AsyncIterable<string>, file: InspectedFile): AsyncGenerator<RawRow> {
  return file.format === 'csv' ? csvRows(text, file.delimiter) : jsonRows(text)
}

async function* csvRows(text: AsyncIterable<string>, delimiter: string): AsyncGenerator<RawRow> {
  let header: readonly (string | null)[] | undefined
  // Rare and large, so loaded when it is needed.
  const { csvRecords } = await import('./csv-records.ts')
  for await (const { cells, line } of csvRecords(text, delimiter)) {
    if (cells.every((cell) => cell.trim() === '')) continue
    if (header === undefined) {
      if (!isSeparatorLine(cells)) header = headerOf(cells, line)
    } else yield csvRow(cells, header, line)
  }
  if (header === undefined) throw new AdministrationError('unreadable_file', 'The file is empty', HEADER_HINT)
}

/** Excel's own `sep=;` in front of the header. */
function isSeparatorLine(record: readonly string[]): boolean {
  return /^sep=/i.test(record[0] ?? '') && record.slice(1).every((cell) => cell === '')
}

function headerOf(record: readonly string[], line: number): readonly (string | null)[] {
  if (record.length > MOST_COLUMNS) {
    throw new BrokenFile(line, `the header has ${record.length} columns; at most ${MOST_COLUMNS} are allowed`)
  }
  const named = record.map(columnNamed)
  // A row of values where the header should be. It may hold a password, so nothing of it is repeated.
  if (named.every((column) => column === null)) {
    throw new AdministrationError('unknown_column', `Line ${line} names none of the columns`, HEADER_HINT)
  }
  const columns = record.map((written, at) => {
    if (written.trim() === '') return null
    const column = named[at] ?? null
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
