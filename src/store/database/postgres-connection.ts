// How we speak with PostgreSQL: settings of each connection, values as SQLite gives them, statements compiled
// once, and the lanes on which reads follow each other without waiting for the reply before.

import { readFileSync } from 'node:fs'
import {
  Client,
  type ClientBase,
  type ClientConfig,
  types as known,
  type QueryArrayConfig,
  type QueryArrayResult,
  type QueryResult,
  TypeOverrides,
} from 'pg'
import { binder, compile, type Statement, StoreUnavailable, type Value } from './driver.ts'
import { isLost } from './postgres-errors.ts'

export type Result = QueryResult<Record<string, unknown>> | QueryArrayResult<unknown[]>
export type Reply = { readonly result: Result } | { readonly error: unknown }

export interface Query {
  readonly name?: string
  readonly text: string
  readonly values: Value[]
  readonly rowMode?: 'array'
}

/** What stands between this server and PostgreSQL. */
export type Pooler = 'none' | 'transaction'

export interface Timeouts {
  readonly connect: number
  readonly statement: number
  readonly lock: number
}

/** int8 and numeric as numbers, flags as 0/1, bytes as plain Uint8Array: the same values on both databases. */
function columnTypes(): TypeOverrides {
  const types = new TypeOverrides()
  const integer = (text: string): number => {
    const value = Number(text)
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new RangeError(`integer too large: ${text}`)
    return value
  }
  types.setTypeParser(known.builtins.INT8, integer)
  types.setTypeParser(known.builtins.NUMERIC, integer)
  types.setTypeParser(known.builtins.BOOL, (text: string): number => (text === 't' ? 1 : 0))
  types.setTypeParser(
    known.builtins.BYTEA,
    (text: string): Uint8Array => new Uint8Array(Buffer.from(text.slice(2), 'hex')),
  )
  return types
}

export function connectionConfig(url: string, timeouts: Timeouts): ClientConfig {
  return {
    connectionString: withVerifiedTls(url),
    application_name: 'lingpai',
    pipeline: true,
    types: columnTypes(),
    keepAlive: true,
    connectionTimeoutMillis: timeouts.connect,
    // The server's own limit comes first; this one is for a server that says nothing any more.
    query_timeout: timeouts.statement + 2_000,
  }
}

const TLS_MODES = new Set(['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'])
const TLS_FILES = ['sslrootcert', 'sslcert', 'sslkey'] as const

/**
 * TLS that is asked for is TLS that is checked: `prefer`, `require` and `verify-ca` mean `verify-full`, with the
 * system's authorities or the file `sslrootcert`. Encryption without knowing to whom is `no-verify`, and never silent.
 */
function withVerifiedTls(address: string): string {
  const url = new URL(address)
  const mode = url.searchParams.get('sslmode')
  if (mode !== null && !TLS_MODES.has(mode)) {
    throw new StoreUnavailable(`the database address has sslmode=${mode}; use verify-full, no-verify or disable`)
  }
  for (const name of TLS_FILES) {
    const file = url.searchParams.get(name)
    if (file === null) continue
    try {
      readFileSync(file)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
      throw new StoreUnavailable(`the file ${file} (${name} of the database address) cannot be read: ${code}`)
    }
  }
  if (mode === null || mode === 'disable' || mode === 'no-verify' || mode === 'verify-full') return address
  url.searchParams.set('sslmode', 'verify-full')
  return url.href
}

/**
 * Sent first on each connection; what follows waits behind it in the same stream. Null behind a pooler that gives each
 * transaction whichever connection is free: what is set there would be set for others, and not for the next of ours.
 */
export function connectionSettings(schema: string | undefined, timeouts: Timeouts, pooler: Pooler): string | null {
  if (pooler === 'transaction') return null
  const settings = [
    `SET statement_timeout = ${timeouts.statement}`,
    `SET lock_timeout = ${timeouts.lock}`,
    `SET idle_in_transaction_session_timeout = ${timeouts.statement}`,
    'SET bytea_output = hex',
    // A commit that is answered must be durable, whatever the cluster's default; stricter defaults stay.
    `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`,
  ]
  if (schema !== undefined) settings.push(`SET search_path = ${quoted(schema)}`)
  return settings.join('; ')
}

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}

/** Never rejects: what the server replied, or why it did not. */
export function send(client: ClientBase, query: Query): Promise<Reply> {
  return new Promise((resolve) => {
    const answer = (error: Error | null, result: Result) => resolve(error ? { error } : { result })
    client.query(query as QueryArrayConfig<Value[]>, answer)
  })
}

/** Statements compiled once, plain and as guards. */
export class Statements {
  readonly #named: boolean
  readonly #compiled = new Map<Statement, { readonly plain: Shape; readonly guard: Shape }>()
  readonly #owners = new Map<string, string>()

  constructor(named: boolean) {
    this.#named = named
  }

  query(statement: Statement, bind: object, asGuard: boolean): Query {
    const { plain, guard } = this.#compiled.get(statement) ?? this.#compile(statement)
    const shape = asGuard ? guard : plain
    const query = { text: shape.text, values: shape.values(bind) }
    const named = this.#named ? { ...query, name: shape.name } : query
    return asGuard ? { ...named, rowMode: 'array' } : named
  }

  #compile(statement: Statement) {
    // Two texts under one name would make the client drop the second while the rest of its list commits.
    const owner = this.#owners.get(statement.name) ?? statement.sql
    if (owner !== statement.sql) throw new TypeError(`two statements are called ${statement.name}`)
    this.#owners.set(statement.name, owner)
    const { text: written, names } = compile(statement.sql, '$')
    const text = statement.isChange ? `${written}\nRETURNING 1 AS changed` : written
    const values = binder(statement, names)
    // An empty guard is no error to PostgreSQL, and the list would commit without it: this makes it one.
    const guarded = statement.isChange
      ? `WITH guard AS (${text}) SELECT 1/count(*) FROM guard`
      : `WITH guard AS (${text}\n) SELECT guard.*, (SELECT 1/count(*) FROM guard) FROM (SELECT 1) one LEFT JOIN guard ON true`
    const compiled = {
      plain: { name: statement.name, text, values },
      guard: { name: `${statement.name}?`, text: guarded, values },
    }
    this.#compiled.set(statement, compiled)
    return compiled
  }
}

interface Shape {
  readonly name: string
  readonly text: string
  readonly values: (bind: object) => Value[]
}

/** A guard's rows as objects, without the column that makes an empty guard fail. */
export function guardRows(result: Result): readonly unknown[] {
  const names = result.fields.slice(0, -1).map((field) => field.name)
  return (result.rows as readonly unknown[][]).map((row) =>
    Object.fromEntries(names.map((name, at) => [name, row[at]])),
  )
}

interface Lane {
  readonly client: Client
  readonly ready: Promise<unknown>
  waiting: number
}

/** A few connections for reads; each read goes at once to the lane with the fewest replies outstanding. */
export class Lanes {
  readonly #config: ClientConfig
  readonly #settings: string | null
  readonly limit: number
  #lanes: Lane[] = []

  constructor(config: ClientConfig, settings: string | null, limit: number) {
    this.#config = config
    this.#settings = settings
    this.limit = limit
  }

  async send(query: Query): Promise<Reply> {
    const lane = this.#choose()
    lane.waiting++
    try {
      await lane.ready
      const reply = await send(lane.client, query)
      // Also one that has only gone silent: it says nothing to the next read either, as long as TCP goes on hoping.
      if ('error' in reply && isLost(reply.error)) this.#drop(lane)
      return reply
    } catch (error) {
      return { error }
    } finally {
      lane.waiting--
    }
  }

  /** The lanes of now are not used again: their connections are lost, or hold plans of an older schema. */
  renew(): void {
    for (const lane of this.#lanes.splice(0)) void lane.client.end().catch(() => undefined)
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#lanes.splice(0).map((lane) => lane.client.end()))
  }

  #drop({ client }: Lane): void {
    this.#lanes = this.#lanes.filter((other) => other.client !== client)
    client.connection.stream.destroy()
  }

  #choose(): Lane {
    let least: Lane | undefined
    for (const lane of this.#lanes) if (least === undefined || lane.waiting < least.waiting) least = lane
    if (least !== undefined && (least.waiting === 0 || this.#lanes.length >= this.limit)) return least
    return this.#open()
  }

  #open(): Lane {
    const client = new Client(this.#config)
    const forget = () => {
      this.#lanes = this.#lanes.filter((other) => other.client !== client)
    }
    // Without a listener a connection that breaks while idle would end the process.
    client.on('error', forget)
    client.on('end', forget)
    const ready = client.connect().then(async () => {
      if (this.#settings === null) return
      const reply = await send(client, { text: this.#settings, values: [] })
      if ('error' in reply) throw reply.error
    })
    ready.catch(forget)
    const lane = { client, ready, waiting: 0 }
    this.#lanes.push(lane)
    return lane
  }
}
