// The first pass of an import: reads the whole file, checks each row by itself, against the rows before it and against
// the users there are, and changes nothing.

import type { UserClaims, UserConflict, UserVerbs } from '../../store/verbs/users.ts'
import { AdministrationError } from '../errors.ts'
import { BrokenFile } from './broken-file.ts'
import { type CheckedRow, checkRow, type RowClaims } from './check-row.ts'
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
  /** Of good rows of enabled people. */
  readonly withoutPhone: Lines
  readonly unverifiedPhone: Lines
  /** SHA-256 of the bytes: the second pass must see the same. */
  readonly digest: string
  /** The structure is broken: no row of the file can be taken. */
  readonly broken: boolean
}

/** The first of them, and how many there are. */
export interface Lines {
  readonly count: number
  readonly lines: readonly number[]
}

const MOST_LINES = 10

/** Conflicts are found some rows later, so only at the end it is known which rows are good. */
function goodOnes(lines: readonly number[], problems: Problems): Lines {
  const good = lines.filter((line) => !problems.lines.has(line))
  return { count: good.length, lines: good.slice(0, MOST_LINES) }
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
  const withoutPhone: number[] = []
  const unverifiedPhone: number[] = []
  const lacking = () => ({
    withoutPhone: goodOnes(withoutPhone, problems),
    unverifiedPhone: goodOnes(unverifiedPhone, problems),
  })
  let waiting: RowClaims[] = []
  const lookUp = async () => {
    const batch = waiting
    waiting = []
    const conflicts = await Promise.all(batch.map((claims) => store.findUserConflicts(claims)))
    for (const [at, { line, phone }] of batch.entries()) {
      for (const conflict of conflicts[at] ?? []) {
        // Beyond those that are kept nobody reads it.
        const isAsked = conflict === 'phone_taken' && phone !== null && problems.count < MOST_PROBLEMS
        const holder = isAsked ? await store.findUserByPhone(phone) : null
        problems.add(line, conflictProblem(conflict, holder?.username ?? null))
      }
    }
  }
  const text = decodedText(source, file.encoding, (hex) => {
    digest = hex
  })
  try {
    for await (const raw of rowsOf(text, file)) {
      assertGoingOn(signal)
      rows++
      onRow?.(rows)
      const checked = await checkRow(raw)
      const claims = claimsOf(checked, raw, problems)
      if (claims === null) continue
      const left = duplicates.without(claims)
      if ('row' in checked && left === claims) {
        duplicates.claim(claims)
        const { enabled, line, password, phone, phoneVerified } = checked.row
        if (password !== null) passwords++
        if (enabled && phone === null) withoutPhone.push(line)
        if (enabled && phone !== null && !phoneVerified) unverifiedPhone.push(line)
      }
      waiting.push(left)
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
    return { rows, passwords, ...lacking(), digest, broken: true }
  }
  await lookUp()
  return { rows, passwords, ...lacking(), digest, broken: false }
}

/** A bad row is looked up too, so that all that is wrong with it is said at once. */
function claimsOf(checked: CheckedRow, { line }: RawRow, problems: Problems): RowClaims | null {
  if ('row' in checked) return checked.row
  for (const problem of checked.problems) problems.add(line, problem)
  return checked.claims
}

export function assertGoingOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AdministrationError('import_abandoned', 'The import was stopped; nothing has changed')
}

/** What each good row claims for itself alone, with the line that claimed it first: a few dozen bytes a row. */
class Duplicates {
  readonly #problems: Problems
  readonly #claims = {
    username: new Map<string, number>(),
    phone: new Map<string, number>(),
    user_id: new Map<string, number>(),
  }

  constructor(problems: Problems) {
    this.#problems = problems
  }

  /** The claims that no row before has made: itself, when those are all. */
  without<Claims extends RowClaims>(claims: Claims): Claims | RowClaims {
    let left: Claims | RowClaims = claims
    for (const [column, member, value] of claimsByColumn(claims)) {
      const first = value === null ? undefined : this.#claims[column].get(value)
      if (first === undefined) continue
      left = { ...left, [member]: null }
      this.#problems.add(claims.line, {
        column,
        problem: `is the same as in line ${first}`,
        ...(column === 'phone' && { hint: 'A number belongs to at most one enabled user' }),
      })
    }
    return left
  }

  claim(claims: RowClaims): void {
    for (const [column, , value] of claimsByColumn(claims)) {
      if (value !== null) this.#claims[column].set(value, claims.line)
    }
  }
}

function claimsByColumn({ userId, usernameKey, phone, enabled }: UserClaims) {
  return [
    ['username', 'usernameKey', usernameKey],
    ['phone', 'phone', enabled ? phone : null],
    ['user_id', 'userId', userId],
  ] as const
}

/** `holder`: the user name of the person whose number it is, where that is known. */
export function conflictProblem(conflict: UserConflict, holder: string | null = null): CellProblem {
  if (conflict === 'username_taken') return { column: 'username', problem: 'belongs to a user that exists already' }
  if (conflict === 'phone_taken') {
    return {
      column: 'phone',
      problem: `belongs to an enabled user that exists already${holder === null ? '' : `: ${holder}`}`,
      hint: 'A number belongs to at most one enabled user: disable or change the other one, or import this one with enabled = false',
    }
  }
  return {
    column: 'user_id',
    problem: 'is taken by a user or a client, or by one that was removed',
    hint: 'Ids are never given out again',
  }
}
