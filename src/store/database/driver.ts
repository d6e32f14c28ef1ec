// All a database must offer: rows out, and lists of statements that hold together or not at all.

import { compileFunction } from 'node:vm'

/**
 * One SQL text for both databases. Parameters are written `:name`, casts `CAST(:x AS …)`, never `::`.
 * `Bind` and `Row` exist for the compiler only.
 */
export interface Statement<Bind extends object = object, Row = unknown> {
  /** Unique; the name of the prepared statement on PostgreSQL. */
  readonly name: string
  readonly sql: string
  /** It changes rows and gives none; as a guard it yields when it has changed one. */
  readonly isChange?: true
  /** Type carrier, never set. */
  readonly shape?: { readonly bind: Bind; readonly row: Row }
}

/** What a column may hold: text, 64-bit integers (instants, flags 0/1; a `bigint` where it may be above 2^53), bytes. */
export type Value = string | number | bigint | Uint8Array | null

export interface BoundStatement {
  readonly statement: Statement
  readonly bind: Readonly<Record<string, Value>>
}

/**
 * A statement in a list. With a `guard`, a statement that yields no row undoes the whole list; a guard must
 * therefore be a SELECT, end in RETURNING, or be a `change`. That it held is all there is to know of one: its rows are not
 * handed out. A step cannot use an earlier step's output.
 */
export type Step = BoundStatement & { readonly guard?: string }

export type AtomicResult =
  | { readonly held: true; readonly rows: readonly (readonly unknown[])[] }
  | { readonly held: false; readonly guard: string }

export interface Driver {
  readonly dialect: 'sqlite' | 'postgres'
  /**
   * Committed rows only, by a statement that only reads: any other is refused by its text, before the database sees it. Rejects
   * with `StoreUnavailable` when the database cannot answer.
   */
  rows<Bind extends object, Row>(statement: Statement<Bind, Row>, bind: Bind): Promise<readonly Row[]>
  /** All or nothing, durable when it resolves. A guard that yields no row undoes everything, and is named. */
  atomic(steps: readonly Step[]): Promise<AtomicResult>
  /**
   * Several statements as one text, in one transaction: migrations only. It is the database's own as soon as it is sent: no
   * process that stands still holds it open. `StoreLocked`: others hold what it needs.
   */
  script(sql: string): Promise<void>
  /** Why the newest write could not be kept, null when it was: reads may go on where writes fail. */
  trouble?(): string | null
  /** SQLite: one consistent copy of the database into a new file. */
  backup?(file: string, progress?: (done: number, total: number) => void): Promise<void>
  close(): Promise<void>
}

/** The database cannot answer now: the caller replies 503, never a success. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreUnavailable'
  }
}

/** Nothing fails but that somebody else holds a lock, and nothing has changed: the same may work a moment later. */
export class StoreLocked extends StoreUnavailable {}

/** A unique or foreign key constraint refused the list; `constraint` names it as the migrations do. */
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
 * An INSERT, UPDATE or DELETE that is a guard by having changed a row at all. On SQLite RETURNING would make a table of
 * its rows first, which costs as much again as the change.
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
/** Common table expressions may change rows on PostgreSQL, or lead to what does; `EXPLAIN ANALYZE` runs what it explains. */
const CHANGING = /\b(?:INSERT|UPDATE|DELETE|MERGE|INTO|ANALY[SZ]E)\b/i
/** PostgreSQL: a backslash before a quote does not end it, so what is in quotes and what is not cannot be told here. */
const ESCAPING = /\bE'/i

/**
 * By its text, on both databases alike: PostgreSQL says nothing beforehand. What a function does that a query calls is not seen.
 * Asked once, when the statement is prepared.
 */
export function onlyReads({ sql }: Pick<Statement, 'sql'>): boolean {
  if (ESCAPING.test(sql)) return false
  const spoken = sql.replace(QUOTED, ' ')
  return /^[\s(]*(?:SELECT|WITH|VALUES|EXPLAIN)\b/i.test(spoken) && !CHANGING.test(spoken)
}

/** A mistake of whoever passed it: it would be undone on SQLite, and kept unguarded on PostgreSQL. */
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
 * The values of a statement in the order of its positions; a name without a value is a mistake of ours, never NULL. One
 * literal a statement: names looked up one by one cost more than all else a statement does here.
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
