// Statements as PostgreSQL gets them: compiled once, plain and as guards.

import { binder, compile, notRead, onlyReads, type Statement, type Value } from '../driver.ts'

export interface Shape {
  /** Of the prepared statement, ended by the zero byte of the protocol; empty for a statement that is not kept. */
  readonly name: Buffer
  /** Differs in blanks from one preparation to the next where `prepareAnew` was called. */
  text: string
  readonly values: (bind: object) => Value[]
  /** It gives no rows: whether it has changed any is all there is to see. */
  readonly isChange: boolean
  /** A guard: what it answers is of no use, but that it does. */
  readonly isGuard: boolean
}

interface Compiled {
  readonly plain: Shape
  readonly guard: Shape
  readonly onlyReads: boolean
}

/** A statement and its values, ready to be sent. */
export interface Query {
  readonly shape: Shape
  readonly values: readonly Value[]
}

export class Statements {
  readonly #named: boolean
  readonly #compiled = new Map<Statement, Compiled>()
  readonly #owners = new Map<string, string>()

  /** `named`: each connection keeps them prepared. */
  constructor(named: boolean) {
    this.#named = named
  }

  query(statement: Statement, bind: object, asGuard: boolean): Query {
    const { plain, guard } = this.#compiled.get(statement) ?? this.#compile(statement)
    const shape = asGuard ? guard : plain
    return { shape, values: shape.values(bind) }
  }

  /** Of a statement that only reads. */
  read(statement: Statement, bind: object): Query {
    const { plain, onlyReads } = this.#compiled.get(statement) ?? this.#compile(statement)
    if (!onlyReads) throw notRead(statement)
    return { shape: plain, values: plain.values(bind) }
  }

  #compile(statement: Statement): Compiled {
    // Two texts under one name: a connection that has prepared the one would answer for the other.
    const owner = this.#owners.get(statement.name) ?? statement.sql
    if (owner !== statement.sql) throw new TypeError(`two statements are called ${statement.name}`)
    this.#owners.set(statement.name, owner)
    const { text, names } = compile(statement.sql, '$')
    const shape = { values: binder(statement, names), isChange: statement.isChange ?? false }
    const name = (of: string) => Buffer.from(this.#named ? `${of}\0` : '\0')
    const compiled = {
      onlyReads: onlyReads(statement),
      plain: { ...shape, name: name(statement.name), text, isGuard: false },
      guard: { ...shape, name: name(`${statement.name}?`), text: guarded(statement, text), isGuard: true },
    }
    this.#compiled.set(statement, compiled)
    return compiled
  }
}

/**
 * After a plan went stale that a pooler keeps: PgBouncer knows what it has prepared by its text, for all of its clients and
 * for as long as its own connection lives, so that the same text would bring the same plan.
 */
export function prepareAnew(shape: Shape): void {
  shape.text += ' '
}

/** An empty guard is no error to PostgreSQL, and the list would commit without it: this makes it one. */
function guarded({ isChange }: Statement, text: string): string {
  return `WITH guard AS (${text}\n${isChange ? ' RETURNING 1' : ''}) SELECT 1/count(*) FROM guard`
}
