// PostgreSQL: any number of nodes on one database. A list is sent as one pipeline up to its Sync, which is one
// transaction and one round trip. A guard's text makes an empty result an error, so that the list is undone.

import { Client, type ClientConfig } from 'pg'
import { METRICS } from '../../../model/metrics.ts'
import { stopwatch } from '../../../platform/clock.ts'
import { createFailureSeries } from '../../../platform/failure-series.ts'
import { type Log, silentLog } from '../../../platform/log.ts'
import { Durations, type Reading, reading, single } from '../../../platform/metrics/reading.ts'
import { type AtomicResult, type Driver, type Statement, type Step, StoreUnavailable, statement } from '../driver.ts'
import { LastingTrouble } from '../lasting.ts'
import { isAboutItsMachine, isEmptyGuard, mayRunAgain, translatePostgres } from './errors.ts'
import { Lanes } from './lanes.ts'
import { lookForPooler } from './pooler.ts'
import { Reads } from './reads.ts'
import { connectionConfig, connectionSettings, type Pooler, quoted, type Timeouts } from './settings.ts'
import { Statements } from './statements.ts'

export interface PostgresOptions {
  readonly url: string
  /** The schema our tables live in; created when it is missing. Default: the role's own search path. */
  readonly schema?: string
  /** Off for connection poolers that cannot keep prepared statements. */
  readonly namedStatements?: boolean
  /** `transaction`: a pooler such as PgBouncer may give each transaction another connection. Default `none`. */
  readonly pooler?: Pooler
  /** Connections of this process, about a third of them for reads; at least 2. */
  readonly max?: number
  /** Milliseconds. */
  readonly timeouts?: Partial<Timeouts>
  readonly log?: Log
}

const RUNS = 8

const transactionBegun = statement<object, { begun: string }>(
  'transaction_begun',
  'SELECT CAST(transaction_timestamp() AS TEXT) AS begun',
)

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
  readonly #readLanes: Lanes
  readonly #listLanes: Lanes
  readonly #reads: Reads
  readonly #refusals: LastingTrouble
  readonly #elapsed = stopwatch()
  readonly #readDurations = new Durations()
  readonly #listDurations = new Durations()
  #lists = 0
  #closing: Promise<void> | undefined
  #trouble: string | null = null
  #isPooled = true

  constructor(options: PostgresOptions) {
    const timeouts = { connect: 5_000, statement: 10_000, lock: 5_000, ...options.timeouts }
    const max = Math.max(options.max ?? 10, 2)
    const readers = Math.max(1, Math.floor(max / 3))
    this.#options = options
    this.#log = options.log ?? silentLog
    this.#config = connectionConfig(options.url, timeouts)
    this.#settings = connectionSettings(options.schema, timeouts, options.pooler ?? 'none')
    this.#statements = new Statements(options.namedStatements ?? true)
    const lanes = {
      config: this.#config,
      settings: this.#settings,
      isPooled: () => this.#isPooled,
      // The server's own time limit comes first; this one is for a server that says nothing any more.
      patience: timeouts.statement + 2_000,
      failures: createFailureSeries(this.#log, { again: 'database_answers_again' }),
    }
    this.#readLanes = new Lanes({ ...lanes, limit: readers })
    this.#listLanes = new Lanes({ ...lanes, limit: max - readers })
    this.#reads = new Reads(this.#readLanes, this.#log)
    this.#refusals = new LastingTrouble(this.#log, 'database_refuses')
  }

  async probe(): Promise<void> {
    const { schema, pooler = 'none', namedStatements = true } = this.#options
    // Nothing is set on this connection, because it may turn out to be shared with others.
    await alone(this.#config, null, async (client) => {
      const found = await client.query<{ encoding: string; missing: boolean }>(
        `SELECT current_setting('server_encoding') AS encoding, to_regnamespace($1) IS NULL AS missing`,
        [quoted(schema ?? 'pg_catalog')],
      )
      const [row] = found.rows
      if (row?.encoding !== 'UTF8')
        throw new StoreUnavailable(
          `the database must be encoded in UTF8, not ${row?.encoding}; make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
        )
      // A schema that stands in the role's search path counts there only once it exists.
      if (schema !== undefined && row.missing) await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`)
      const expected = { config: this.#config, pooler, namedStatements, schema, log: this.#log }
      const isPooled = await lookForPooler(client, expected)
      this.#isPooled = this.#settings === null || isPooled
    })
    await this.#assertOneTransaction()
  }

  /** What every list rests on: if each statement were a transaction of its own, a guard would undo nothing. */
  async #assertOneTransaction(): Promise<void> {
    const query = this.#statements.query(transactionBegun, {}, false)
    const { rows, failed } = await this.#listLanes.send([query, query])
    if (failed !== null) throw failed.error
    const [first, second] = (rows as readonly (readonly { begun: string }[])[]).map(([row]) => row?.begun)
    if (first !== undefined && first === second) return
    throw new StoreUnavailable(
      'what stands between this server and PostgreSQL makes each statement a transaction of its own, so that nothing could be undone; connect to PostgreSQL itself, or through PgBouncer',
    )
  }

  async rows<Bind extends object, Row>(statement: Statement<Bind, Row>, bind: Bind): Promise<readonly Row[]> {
    if (this.#closing !== undefined) throw new StoreUnavailable('the database is closed')
    const since = this.#elapsed()
    const rows = await this.#reads.ask(this.#statements.read(statement, bind)).catch((error: unknown) => {
      // A page that cannot be read is one of many: those who need others are served.
      if (isAboutItsMachine(error)) this.#refusals.logged(String(error))
      throw error
    })
    this.#readDurations.add(this.#elapsed() - since)
    return rows as readonly Row[]
  }

  trouble(): string | null {
    return this.#trouble ?? this.#refusals.reason
  }

  metrics(): readonly Reading[] {
    const [reads, changes] = [this.#readLanes.load, this.#listLanes.load]
    return [
      single(METRICS.commits, this.#listDurations.read()),
      single(METRICS.lists, this.#lists),
      single(METRICS.reads, this.#readDurations.read()),
      reading(METRICS.databaseConnections, [
        { labels: ['reads'], value: reads.open },
        { labels: ['changes'], value: changes.open },
      ]),
      single(METRICS.databaseWaiting, reads.waiting + changes.waiting),
      single(METRICS.databaseTrouble, this.trouble() === null ? 0 : 1),
    ]
  }

  async atomic(steps: readonly Step[]): Promise<AtomicResult> {
    if (this.#closing !== undefined) throw new StoreUnavailable('the database is closed')
    if (steps.length === 0) return { held: true, rows: [] }
    const since = this.#elapsed()
    try {
      const result = await this.#inOne(steps)
      this.#listDurations.add(this.#elapsed() - since)
      this.#lists++
      if (result.held) this.#trouble = null
      return result
    } catch (error) {
      if (error instanceof StoreUnavailable) {
        this.#trouble = error.message
        if (isAboutItsMachine(error)) this.#refusals.met(error.message)
      }
      throw error
    }
  }

  async #inOne(steps: readonly Step[]): Promise<AtomicResult> {
    const isAlone = steps.length === 1
    // For a single statement, no row means that it has changed nothing, so it needs no error.
    const queries = steps.map(({ statement, bind, guard }) =>
      this.#statements.query(statement, bind, !isAlone && guard !== undefined),
    )
    for (let run = 1; ; run++) {
      const { rows, failed } = await this.#listLanes.send(queries)
      if (failed === null) {
        const guard = isAlone ? steps[0]?.guard : undefined
        if (guard === undefined) return { held: true, rows }
        return rows[0]?.length === 0 ? { held: false, guard } : { held: true, rows: [[]] }
      }
      const guard = steps[failed.at]?.guard
      if (guard !== undefined && !isAlone && isEmptyGuard(failed.error)) return { held: false, guard }
      // Only when the server itself says that it has undone the list: a lost connection may hide a commit.
      if (run === RUNS || !mayRunAgain(failed.error)) throw translatePostgres(failed.error)
      this.#log.debug('database_list_again', { run, reason: String(failed.error) })
      await new Promise((resolve) => setTimeout(resolve, run * run))
    }
  }

  async script(sql: string): Promise<void> {
    if (this.#closing !== undefined) throw new StoreUnavailable('the database is closed')
    try {
      // On a connection of its own without the client's time limit: a migration may take longer than any request, and
      // leaves no prepared plan behind. Before version 13 the limit that holds when a message begins holds for all of
      // it.
      const { query_timeout: _, ...config } = this.#config
      const settings = this.#settings === null ? null : `${this.#settings}; SET statement_timeout = 0`
      await alone(config, settings, async (client) => {
        // In one message, so that the database finishes it even if this process stands still. While it waits for a
        // lock, requests wait behind it: longer than a statement of ours may take, but no longer than this.
        await client.query(`BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '15s'; ${sql}\n;COMMIT`)
      })
    } catch (error) {
      throw translatePostgres(error)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#reads.send()
    await Promise.all([this.#readLanes.close(), this.#listLanes.close()])
  }
}

/** One connection for one purpose. */
async function alone(
  config: ClientConfig,
  settings: string | null,
  errand: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client(config)
  client.on('error', () => undefined)
  try {
    await client.connect()
    if (settings !== null) await client.query(settings)
    await errand(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}
