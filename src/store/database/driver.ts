// All a database must offer: rows out, and lists of statements that hold together or not at all.

import { compileFunction } from 'node:vm'
import type { Reading } from '../../platform/metrics/reading.ts'

/**
 * One SQL text for both databases. Parameters are written `:name`, casts `CAST(:x AS …)`, never `::`.
 * `Bind` and `Row` exist for the compiler only.
 */
export interface Statement<Bind extends object = object, Row = unknown> {
  /** Unique; the name of the prepared statement on PostgreSQL. */
  readonly name: string
  readonly sql: string
  /** It changes rows and returns none; as a guard it holds when it has changed a row. */
  readonly isChange?: true
  /** For the compiler only; never set. */
  readonly shape?: { readonly bind: Bind; readonly row: Row }
}

/** What a column may hold: text, 64-bit integers (instants, flags 0/1; a `bigint` where it may be above 2^53), bytes. */
export type Value = string | number | bigint | Uint8Array | null

export interface BoundStatement {
  readonly statement: Statement
  readonly bind: Readonly<Record<string, Value>>
}

/**
 * A statement in a list. With a `guard`, a statement that yields no row undoes the whole list; so a guard must be a
 * SELECT, end in RETURNING, or be a `change`. Nothing else is learned from a guard: its rows are not returned. A step
 * cannot use the output of an earlier step.
 */
export type Step = BoundStatement & { readonly guard?: string }

export type AtomicResult =
  | { readonly held: true; readonly rows: readonly (readonly unknown[])[] }
  | { readonly held: false; readonly guard: string }

export interface Driver {
  readonly dialect: 'sqlite' | 'postgres'
  /**
   * Reads committed rows by a statement that only reads; any other is refused by its text, before the database sees it.
   * Rejects with `StoreUnavailable` when the database cannot answer.
   */
  rows<Bind extends object, Row>(statement: Statement<Bind, Row>, bind: Bind): Promise<readonly Row[]>
  /**
   * All or nothing, and durable when it resolves. A guard that yields no row undoes everything, and its name is
   * returned.
   */
  atomic(steps: readonly Step[]): Promise<AtomicResult>
  /**
   * Several statements as one text, in one transaction: for migrations only. Once sent, the database runs it to the end
   * by itself: a process that stands still cannot hold it open. Rejects with `StoreLocked` when others hold what it
   * needs.
   */
  script(sql: string): Promise<void>
  /** Why the newest write could not be kept; null when it was. Reads may go on where writes fail. */
  trouble?(): string | null
  metrics?(): readonly Reading[]
  /** SQLite only: one consistent copy of the database into a new file. */
  backup?(file: string, progress?: (done: number, total: number) => void): Promise<void>
  close(): Promise<void>
}

/** The database cannot answer at present: the caller replies 503, never a success. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreUnavailable'
  }
}

/** The only obstacle is a lock that somebody else holds. Nothing has changed, and the same may work a moment later. */
export class StoreLocked extends StoreUnavailable {}

/** A unique or foreign key constraint refused the list; `constraint` is its name in the migrations. */
export class ConstraintViolated extends Error {
  readonly constraint: string
  constructor(constraint: string, options?: ErrorOptions) {
    super(`constraint violated: ${constraint}`, options)
    this.name = 'ConstraintViolated'
    this.constraint = constraint
  }
}

export function statement<Bind extends object, Row = never>(name: string, sql: string): Statement<Bind, Row> {
  return { name, sql }
}

/**
 * An INSERT, UPDATE or DELETE that, as a guard, holds when it has changed a row. With RETURNING, SQLite would first
 * make a table of its rows, which costs as much again as the change.
 */
export function change<Bind extends object>(name: string, sql: string): Statement<Bind, never> {
  return { name, sql, isChange: true }
}

/** A step of a list. */
export function step<Bind extends object>(of: Statement<Bind>, bind: Bind, guard?: string): Step {
  const bound = { statement: of as Statement, bind: bind as Readonly<Record<string, Value>> }
  return guard === undefined ? bound : { ...bound, guard }
}

const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g
const NAMES = new RegExp(`${QUOTED.source}|(?<!:):([a-z_][a-z0-9_]*)`, 'gi')
/**
 * On PostgreSQL, common table expressions can change rows, or call what does; `EXPLAIN ANALYZE` runs what it explains.
 */
const CHANGING = /\b(?:INSERT|UPDATE|DELETE|MERGE|INTO|ANALY[SZ]E)\b/i
/** After E, PostgreSQL lets a backslash escape a quote, so it cannot be told here what is inside the quotes. */
const ESCAPING = /\bE'/i

/**
 * Judged by the text, and in the same way for both databases, because PostgreSQL does not say beforehand. What a called
 * function does is not seen. Asked once, when the statement is prepared.
 */
export function onlyReads({ sql }: Pick<Statement, 'sql'>): boolean {
  if (ESCAPING.test(sql)) return false
  const spoken = sql.replace(QUOTED, ' ')
  return /^[\s(]*(?:SELECT|WITH|VALUES|EXPLAIN)\b/i.test(spoken) && !CHANGING.test(spoken)
}

/**
 * For a statement that was passed to `rows` by mistake: SQLite would undo it, PostgreSQL would keep it without a guard.
 */
export function notRead({ name }: Pick<Statement, 'name'>): TypeError {
  return new TypeError(
    `statement ${name} does more than read: rows() is for SELECT, what changes anything goes to atomic()`,
  )
}

/**
 * `:name` compiled to numbered positions, each name once: `?1` for SQLite, `$1` for PostgreSQL.
 * Text in quotes (single or double) and comments stays as it is.
 */
export function compile(sql: string, sign: '?' | '$'): { readonly text: string; readonly names: readonly string[] } {
  const names: string[] = []
  const text = sql.replace(NAMES, (whole, name: string | undefined) => {
    if (name === undefined) return whole
    const known = names.indexOf(name)
    return `${sign}${known === -1 ? names.push(name) : known + 1}`
  })
  return { text, names }
}

/**
 * The values of a statement in the order of its positions. A name without a value is a mistake of ours, never NULL. The
 * function is made as one array literal for each statement: looking names up one by one costs more than everything else
 * that a statement does here.
 */
export function binder(of: Statement, names: readonly string[]): (bind: object) => Value[] {
  const fitting = (value: Value | undefined, at: number): Value => {
    if (typeof value === 'string' || value === null || Number.isFinite(value) || value instanceof Uint8Array)
      return value as Value
    if (typeof value === 'bigint') return value
    const wrong =
      value === undefined ? `no value for :${names[at]}` : `:${names[at]} is neither text, number, bytes nor null`
    throw new TypeError(`statement ${of.name}: ${wrong}`)
  }
  const values = names.map((name, at) => `fitting(bind.${name}, ${at})`)
  const body = `return (bind) => [${values.join(', ')}]`
  return (compileFunction(body, ['fitting']) as (check: typeof fitting) => (bind: object) => Value[])(fitting)
}
