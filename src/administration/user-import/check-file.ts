// The first pass of an import: reads the whole file, checks each row by itself, against the rows before it and against
// the users there are, and changes nothing.

import type { UserConflict, UserVerbs } from '../../store/users.ts'
import { AdministrationError } from '../errors.ts'
import { BrokenFile } from './broken-file.ts'
import { checkRow, type ImportRow } from './check-row.ts'
import { decodedText, type ImportSource, type InspectedFile } from './import-file.ts'
import { type CellProblem, type RawRow, rowsOf } from './rows.ts'

export interface RowProblem extends CellProblem {
  readonly line: number
}

/** The problems that are kept word by word; all are counted. */
const MOST_PROBLEMS = 1_000
/** Rows that are looked up together. */
const AT_ONCE = 200

export class Problems {
  readonly kept: RowProblem[] = []
  /** Lines of bad rows: the second pass leaves them out. */
  readonly lines = new Set<number>()
  count = 0

  add(line: number, problem: CellProblem): void {
    this.count++
    this.lines.add(line)
    if (this.kept.length < MOST_PROBLEMS) this.kept.push({ line, ...problem })
  }

  /** In the order of lines: conflicts are found some rows later than faults. */
  sorted(): readonly RowProblem[] {
    return this.kept.toSorted((a, b) => a.line - b.line)
  }
}

export interface CheckedFile {
  readonly rows: number
  readonly passwords: number
  /** SHA-256 of the bytes: the second pass must see the same. */
  readonly digest: string
  /** The structure is broken: no row of the file can be taken. */
  readonly broken: boolean
}

export interface CheckOptions {
  readonly onRow?: (done: number) => void
  readonly signal?: AbortSignal
}

export async function checkFile(
  store: UserVerbs,
  source: ImportSource,
  file: InspectedFile,
  problems: Problems,
  { onRow, signal }: CheckOptions,
): Promise<CheckedFile> {
  const duplicates = new Duplicates(problems)
  let digest = ''
  let rows = 0
  let passwords = 0
  let waiting: ImportRow[] = []
  const lookUp = async () => {
    const batch = waiting
    waiting = []
    const conflicts = await Promise.all(
      batch.map((row) => store.findUserConflict({ ...row, userId: row.userId ?? '' })),
    )
    batch.forEach((row, at) => {
      const conflict = conflicts[at] ?? null
      if (conflict !== null) problems.add(row.line, conflictProblem(conflict))
    })
  }
  const text = decodedText(source, file.encoding, (hex) => {
    digest = hex
  })
  try {
    for await (const raw of rowsOf(text, file)) {
      assertGoingOn(signal)
      rows++
      onRow?.(rows)
      const row = await acceptedRow(raw, problems)
      if (row === null || !duplicates.accept(row)) continue
      if (row.password !== null) passwords++
      waiting.push(row)
      if (waiting.length >= AT_ONCE) await lookUp()
    }
  } catch (error) {
    if (!(error instanceof BrokenFile)) throw error
    await lookUp()
    problems.add(error.line, {
      column: null,
      problem: error.message,
      ...(error.hint !== null && { hint: error.hint }),
    })
    return { rows, passwords, digest, broken: true }
  }
  await lookUp()
  return { rows, passwords, digest, broken: false }
}

async function acceptedRow(raw: RawRow, problems: Problems): Promise<ImportRow | null> {
  const checked = await checkRow(raw)
  if ('row' in checked) return checked.row
  for (const problem of checked.problems) problems.add(raw.line, problem)
  return null
}

export function assertGoingOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AdministrationError('import_abandoned', 'The import was stopped; nothing has changed')
}

/** What each row claims for itself alone, with the line that claimed it first: a few dozen bytes a row. */
class Duplicates {
  readonly #problems: Problems
  readonly #claims = {
    user_id: new Map<string, number>(),
    username: new Map<string, number>(),
    phone: new Map<string, number>(),
  }

  constructor(problems: Problems) {
    this.#problems = problems
  }

  accept({ line, userId, usernameKey, phone, enabled }: ImportRow): boolean {
    const claims = [
      ['user_id', userId],
      ['username', usernameKey],
      ['phone', enabled ? phone : null],
    ] as const
    let good = true
    for (const [column, value] of claims) {
      const first = value === null ? undefined : this.#claims[column].get(value)
      if (first === undefined) continue
      good = false
      this.#problems.add(line, {
        column,
        problem: `is the same as in line ${first}`,
        ...(column === 'phone' && { hint: 'A number belongs to at most one enabled user' }),
      })
    }
    if (!good) return false
    for (const [column, value] of claims) if (value !== null) this.#claims[column].set(value, line)
    return true
  }
}

export function conflictProblem(conflict: UserConflict): CellProblem {
  if (conflict === 'username_taken') return { column: 'username', problem: 'belongs to a user that exists already' }
  if (conflict === 'phone_taken') {
    return {
      column: 'phone',
      problem: 'belongs to an enabled user that exists already',
      hint: 'A number belongs to at most one enabled user: disable or change the other one, or import this one with enabled = false',
    }
  }
  return {
    column: 'user_id',
    problem: 'is taken by a user or a client, or by one that was removed',
    hint: 'Ids are never given out again',
  }
}
