// PostgreSQL: any number of nodes on one database. A list travels as one pipeline, BEGIN to COMMIT, in one
// round trip; an empty guard is made an error by the text itself, so that such a COMMIT can only roll back.

import { Client, type ClientConfig, Pool, type PoolClient } from 'pg'
import { type Log, silentLog } from '../../platform/log.ts'
import { type AtomicResult, type Driver, type Statement, type Step, StoreUnavailable } from './driver.ts'
import {
  connectionConfig,
  connectionSettings,
  guardRows,
  Lanes,
  type Pooler,
  type Query,
  quoted,
  type Reply,
  Statements,
  send,
  type Timeouts,
} from './postgres-connection.ts'
import { isEmptyGuard, isLost, isStalePlan, isTimeout, mayRunAgain, translatePostgres } from './postgres-errors.ts'

export interface PostgresOptions {
  readonly url: string
  /** The schema our tables live in; created when it is missing. Default: the role's own search path. */
  readonly schema?: string
  /** Off for connection poolers that cannot keep prepared statements. */
  readonly namedStatements?: boolean
  /** `transaction`: a pooler such as PgBouncer gives each transaction another connection. Default `none`. */
  readonly pooler?: Pooler
  /** Connections of this process, about a third of them for reads; at least 2. */
  readonly max?: number
  /** Milliseconds. */
  readonly timeouts?: Partial<Timeouts>
  readonly log?: Log
}

const BEGIN: Query = { text: 'BEGIN', values: [] }
const COMMIT: Query = { text: 'COMMIT', values: [] }
const RUNS = 8

export async function openPostgres(options: PostgresOptions): Promise<Driver> {
  if (options.schema !== undefined && !/^[a-z_][a-z0-9_]{0,62}$/.test(options.schema)) {
    throw new TypeError(`not a schema name: ${options.schema}`)
  }
  const driver = new PostgresDriver(options)
  try {
    await driver.probe()
  } catch (error) {
    await driver.close()
    throw translatePostgres(error)
  }
  return driver
}

class PostgresDriver implements Driver {
  readonly dialect = 'postgres'
  readonly #options: PostgresOptions
  readonly #config: ClientConfig
  readonly #settings: string | null
  readonly #log: Log
  readonly #statements: Statements
  readonly #lanes: Lanes
  readonly #pool: Pool
  #closing: Promise<void> | undefined
  #trouble: string | null = null

  constructor(options: PostgresOptions) {
    const timeouts = { connect: 5_000, statement: 10_000, lock: 5_000, ...options.timeouts }
    const max = Math.max(options.max ?? 10, 2)
    const readers = Math.max(1, Math.floor(max / 3))
    this.#options = options
    this.#log = options.log ?? silentLog
    this.#config = connectionConfig(options.url, timeouts)
    this.#settings = connectionSettings(options.schema, timeouts, options.pooler ?? 'none')
    this.#statements = new Statements(options.namedStatements ?? true)
    this.#lanes = new Lanes(this.#config, this.#settings, readers)
    this.#pool = new Pool({ ...this.#config, max: max - readers, idleTimeoutMillis: 60_000 })
    this.#pool.on('connect', (client) => {
      // Without a listener a connection that breaks while a list holds it would end the process.
      client.on('error', (error) => this.#log.warn('database_connection_lost', { reason: error.message }))
      if (this.#settings === null) return
      client.query(this.#settings, (error: Error | null) => {
        if (error) this.#log.error('database_settings_refused', { reason: error.message })
      })
    })
    this.#pool.on('error', (error) => this.#log.warn('database_connection_lost', { reason: error.message }))
  }

  async probe(): Promise<void> {
    const { schema } = this.#options
    await this.#alone(async (client) => {
      const found = await client.query<{ encoding: string; missing: number }>(
        `SELECT current_setting('server_encoding') AS encoding, to_regnamespace($1) IS NULL AS missing`,
        [quoted(schema ?? 'pg_catalog')],
      )
      const [row] = found.rows
      if (row?.encoding !== 'UTF8')
        throw new StoreUnavailable(`the database must be encoded in UTF8, not ${row?.encoding}`)
      if (schema !== undefined && row.missing === 1) await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`)
      if (this.#settings === null) await assertRoleSettings(client, schema)
    })
  }

  async rows<Bind extends object, Row>(statement: Statement<Bind, Row>, bind: Bind): Promise<readonly Row[]> {
    if (this.#closing !== undefined) throw new StoreUnavailable('the database is closed')
    const query = this.#statements.query(statement, bind, false)
    for (let run = 1; ; run++) {
      const reply = await this.#lanes.send(query)
      if ('result' in reply) return reply.result.rows as readonly Row[]
      const { error } = reply
      // A read may be asked again: it changes nothing. After a restart of the database every lane is lost, one by one.
      const isLast = run > this.#lanes.limit
      if (isLast || isTimeout(error) || !(isLost(error) || mayRunAgain(error))) throw translatePostgres(error)
      if (isStalePlan(error)) this.#lanes.renew()
      this.#log.warn('database_read_again', { reason: String(error) })
    }
  }

  trouble(): string | null {
    return this.#trouble
  }

  async atomic(steps: readonly Step[]): Promise<AtomicResult> {
    if (this.#closing !== undefined) throw new StoreUnavailable('the database is closed')
    if (steps.length === 0) return { held: true, rows: [] }
    try {
      const result = await this.#inOne(steps)
      if (result.held) this.#trouble = null
      return result
    } catch (error) {
      if (error instanceof StoreUnavailable) this.#trouble = error.message
      throw error
    }
  }

  async #inOne(steps: readonly Step[]): Promise<AtomicResult> {
    const alone = steps.length === 1
    // A single statement is a transaction of its own: no BEGIN, and no row is all there is to see.
    const queries = steps.map((step) =>
      this.#statements.query(step.statement, step.bind, !alone && step.guard !== undefined),
    )
    const list = alone ? queries : [BEGIN, ...queries, COMMIT]
    for (let run = 1; ; run++) {
      const replies = await this.#exchange(list)
      const failed = replies.findIndex((reply) => 'error' in reply)
      if (failed === -1) return alone ? aloneResult(steps, replies) : listResult(steps, replies)
      const reply = replies[failed]
      const error = reply !== undefined && 'error' in reply ? reply.error : undefined
      const guard = alone ? undefined : steps[failed - 1]?.guard
      if (guard !== undefined && isEmptyGuard(error)) return { held: false, guard }
      // Only when the server itself says that it has undone the list; a lost connection may hide a commit.
      if (run === RUNS || !mayRunAgain(error)) throw translatePostgres(error)
      this.#log.debug('database_list_again', { run, reason: String(error) })
      await new Promise((resolve) => setTimeout(resolve, run * run))
    }
  }

  async script(sql: string): Promise<void> {
    if (this.#closing !== undefined) throw new StoreUnavailable('the database is closed')
    try {
      // On its own connection: a migration may take longer than any request, and leaves no prepared plan behind.
      await this.#alone(async (client) => {
        await client.query(`BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'`)
        await client.query(sql)
        await client.query('COMMIT')
      })
    } catch (error) {
      throw translatePostgres(error)
    }
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all([this.#lanes.close(), this.#pool.end()]).then(() => undefined)
    return this.#closing
  }

  /** One connection for one errand, without the client's own time limit. */
  async #alone(errand: (client: Client) => Promise<void>): Promise<void> {
    const { query_timeout: _, ...config } = this.#config
    const client = new Client({ ...config, pipeline: false })
    client.on('error', () => undefined)
    try {
      await client.connect()
      if (this.#settings !== null) await client.query(this.#settings)
      await errand(client)
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  /** Sends all queries at once and waits for all replies. */
  async #exchange(queries: readonly Query[]): Promise<readonly Reply[]> {
    let client: PoolClient
    try {
      client = await this.#pool.connect()
    } catch (error) {
      throw translatePostgres(error)
    }
    const { stream } = client.connection
    stream.cork()
    const pending = queries.map((query) => send(client, query))
    stream.uncork()
    const replies = await Promise.all(pending)
    const broken = replies.some((reply) => 'error' in reply && (isLost(reply.error) || isStalePlan(reply.error)))
    client.release(broken)
    return replies
  }
}

/** Behind a pooler nothing can be set on a connection: what we rely on must be the role's or the database's own. */
async function assertRoleSettings(client: Client, schema: string | undefined): Promise<void> {
  const found = await client.query<Record<'user' | 'schema' | 'bytes' | 'durable', string | null>>(
    `SELECT current_user AS user, current_schema() AS schema, current_setting('bytea_output') AS bytes,
       current_setting('synchronous_commit') AS durable`,
  )
  const [row] = found.rows
  const wanted = [
    ...(schema !== undefined && row?.schema !== schema ? [`search_path = ${quoted(schema)}`] : []),
    ...(row?.bytes === 'hex' ? [] : ['bytea_output = hex']),
    ...(row?.durable === 'off' ? ['synchronous_commit = on'] : []),
  ]
  if (wanted.length === 0) return
  const role = quoted(row?.user ?? '')
  throw new StoreUnavailable(
    `behind a pooler the settings of the role count; run: ${wanted.map((one) => `ALTER ROLE ${role} SET ${one};`).join(' ')}`,
  )
}

function aloneResult(steps: readonly Step[], replies: readonly Reply[]): AtomicResult {
  const [reply] = replies
  const rows = reply !== undefined && 'result' in reply ? (reply.result.rows as readonly unknown[]) : []
  const guard = steps[0]?.guard
  return guard !== undefined && rows.length === 0 ? { held: false, guard } : { held: true, rows: [rows] }
}

function listResult(steps: readonly Step[], replies: readonly Reply[]): AtomicResult {
  const commit = replies.at(-1)
  if (commit === undefined || !('result' in commit) || commit.result.command !== 'COMMIT') {
    throw new StoreUnavailable('the database did not commit')
  }
  const rows = steps.map((step, at) => {
    const reply = replies[at + 1]
    if (reply === undefined || !('result' in reply)) return []
    return step.guard === undefined ? reply.result.rows : guardRows(reply.result)
  })
  return { held: true, rows }
}
