// Statements as they are sent to PostgreSQL: compiled once, both plain and as guards.

import { binder, compile, notRead, onlyReads, type Statement, type Value } from '../driver.ts'

export interface Shape {
  /** The name of the prepared statement, with the zero byte of the protocol; empty for a statement that is not kept. */
  readonly name: Buffer
  /** The text; each call of `prepareAnew` adds a blank to it. */
  text: string
  readonly values: (bind: object) => Value[]
  /** It returns no rows; all there is to see is whether it has changed any. */
  readonly isChange: boolean
  /** A guard: only whether it answers matters, not what. */
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

  /** For a statement that only reads. */
  read(statement: Statement, bind: object): Query {
    const { plain, onlyReads } = this.#compiled.get(statement) ?? this.#compile(statement)
    if (!onlyReads) throw notRead(statement)
    return { shape: plain, values: plain.values(bind) }
  }

  #compile(statement: Statement): Compiled {
    // Two texts under one name: a connection that has prepared one of them would use it for the other.
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
 * After a plan that a pooler keeps has become stale: PgBouncer knows prepared statements by their text, for all of its
 * clients and as long as its own connection lives, so the same text would bring the same plan again.
 */
export function prepareAnew(shape: Shape): void {
  shape.text += ' '
}

/** To PostgreSQL an empty guard is no error, and the list would be committed without it: this makes it one. */
function guarded({ isChange }: Statement, text: string): string {
  return `WITH guard AS (${text}\n${isChange ? ' RETURNING 1' : ''}) SELECT 1/count(*) FROM guard`
}
