// One connection to PostgreSQL. `pg` opens it (address, TLS, password); from then on we speak the protocol ourselves:
// what is asked in one turn of the event loop is sent in one write, without waiting for replies to what was asked
// before.

import type { Socket } from 'node:net'
import { Client, type ClientConfig } from 'pg'
import { stopwatch } from '../../../platform/clock.ts'
import { StoreUnavailable } from '../driver.ts'
import { BrokenMessage, type Columns, Decoder, Descriptions, errorOf, rowOf } from './decoder.ts'
import { Encoder } from './encoder.ts'
import { isReadOnly, isStalePlan, isUnconfirmed, isUnprepared } from './errors.ts'
import { assertNoStandby } from './standby.ts'
import { prepareAnew, type Query, type Shape } from './statements.ts'

/** The rows of each query; after an error, of those queries that came before the failed one. */
export interface Reply {
  readonly rows: readonly (readonly unknown[])[]
  /**
   * Which query failed, and why; all of them were undone. If the commit itself failed, `at` is the number of queries.
   */
  readonly failed: { readonly at: number; readonly error: unknown } | null
}

export interface ConnectionOptions {
  readonly config: ClientConfig
  /** Sent before anything else; null behind a pooler. */
  readonly settings: string | null
  /** Whether a pooler, of whatever kind, answers for the server. */
  readonly isPooled: () => boolean
  /** Milliseconds after which a server that says nothing counts as lost. */
  readonly patience: number
  /** Called once, when the connection takes no more queries. Null: nothing went wrong. */
  readonly onEnd: (connection: PostgresConnection, lost: { readonly error: unknown } | null) => void
}

/** A statement that this connection has prepared, or tried to. */
interface Known {
  readonly shape: Shape
  columns: Columns | null
  /** Why it could not be prepared. */
  error: unknown
}

/** What one Sync ends: a transaction, or the preparation of a statement. */
interface Exchange {
  readonly known: readonly Known[]
  readonly rows: unknown[][]
  /** Null when a statement is prepared. */
  readonly resolve: ((reply: Reply) => void) | null
  readonly since: number
  /** The index of the query whose reply comes next. */
  at: number
  failed: { readonly at: number; readonly error: unknown } | null
}

export class PostgresConnection {
  readonly #options: ConnectionOptions
  readonly #client: Client
  readonly #encoder = new Encoder()
  readonly #decoder = new Decoder((type, bytes, start, end) => this.#message(type, bytes, start, end))
  readonly #descriptions = new Descriptions()
  readonly #known = new Map<Shape, Known>()
  /**
   * Whether a pooler shares the connection: each time another server process may answer, so what a statement answers
   * has to be described each time.
   */
  readonly #isShared: boolean
  readonly #isPooled: boolean
  /**
   * Behind any pooler, even one that keeps a process for each client: what waits until everything sent before is
   * answered. PgBouncer before 1.22.1 gives the process of a client that has gone to the next client after one answer,
   * and that client would read the other answers as its own.
   */
  readonly #held: Buffer[] = []
  #isAnswered = true
  readonly #exchanges: Exchange[] = []
  readonly #elapsed = stopwatch()
  readonly #flushNow = () => this.#flush()
  #socket: Pick<Socket, 'write'> | null = null
  readonly #opened: Promise<void>
  #hasEnded = false
  #lost: { readonly error: unknown } | null = null
  #isFlushing = false
  #timer: NodeJS.Timeout | undefined
  #closed: Promise<void> | undefined
  #drained: (() => void) | undefined
  /** Whether anything was asked since this was last looked at. */
  wasUsed = true

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#isShared = options.settings === null
    this.#isPooled = options.isPooled()
    this.#client = new Client(options.config)
    // Without a listener, a connection that breaks while idle would end the process.
    this.#client.on('error', (error) => this.#lose(error))
    this.#client.on('end', () => this.#lose(new Error('the connection has ended')))
    this.#opened = this.#open().catch((error: unknown) => this.#lose(error))
  }

  /** The number of replies that are still to come. */
  get waiting(): number {
    return this.#exchanges.length
  }

  /** Milliseconds for which the oldest unanswered query has waited, perhaps for somebody's lock. */
  get delay(): number {
    const [oldest] = this.#exchanges
    return oldest === undefined ? 0 : this.#elapsed() - oldest.since
  }

  /**
   * Runs the queries as one transaction, which is undone if one of them fails. Never rejects. If the connection is
   * lost, nobody knows whether they have been committed.
   */
  send(queries: readonly Query[]): Promise<Reply> {
    this.wasUsed = true
    if (this.#lost !== null) return Promise.resolve({ rows: [], failed: { at: 0, error: this.#lost.error } })
    return new Promise((resolve) => {
      const known: Known[] = []
      for (const { shape } of queries) known.push(this.#prepare(shape))
      for (const { shape, values } of queries) {
        const isNew = isUnnamed(shape)
        if (isNew) this.#encoder.prepare(shape)
        this.#encoder.bind(shape, values)
        this.#encoder.execute(!isNew && this.#isShared)
      }
      this.#encoder.sync()
      this.#expect(known, resolve)
    })
  }

  /** Takes nothing more, answers what was asked, and ends. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #open(): Promise<void> {
    const { settings } = this.#options
    const client = this.#client
    await client.connect()
    if (settings !== null) await client.query(settings)
    await assertNoStandby(client)
    const { stream } = client.connection
    stream.removeAllListeners('data')
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.#socket = stream
    this.#flush()
  }

  async #close(): Promise<void> {
    this.#end(null)
    await this.#opened
    if (this.#exchanges.length > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve
      })
    }
    clearTimeout(this.#timer)
    await this.#client.end().catch(() => undefined)
  }

  /**
   * Parse has a Sync of its own: if a list failed before it reached the statement, the next list would find it
   * unprepared.
   */
  #prepare(shape: Shape): Known {
    const before = isUnnamed(shape) ? undefined : this.#known.get(shape)
    if (before !== undefined) return before
    const known: Known = { shape, columns: null, error: undefined }
    if (isUnnamed(shape)) return known
    this.#known.set(shape, known)
    this.#encoder.prepare(shape)
    this.#encoder.sync()
    this.#expect([known], null)
    return known
  }

  /** Unless it is being prepared again already: a second Parse under its name would be refused. */
  #forget(known: Known): void {
    if (this.#known.get(known.shape) === known) this.#known.delete(known.shape)
  }

  #expect(known: readonly Known[], resolve: Exchange['resolve']): void {
    const rows = known.map((): unknown[] => [])
    this.#exchanges.push({ known, rows, resolve, since: this.#elapsed(), at: 0, failed: null })
    if (this.#isPooled) this.#held.push(this.#encoder.take())
    this.#timer ??= setTimeout(() => this.#look(), this.#options.patience).unref()
    if (this.#isFlushing) return
    this.#isFlushing = true
    // After everything that can run now, so that whatever else is asked in this turn goes into the same write.
    process.nextTick(this.#flushNow)
  }

  #flush(): void {
    this.#isFlushing = false
    if (this.#lost !== null || this.#socket === null) return
    if (!this.#isPooled) {
      if (!this.#encoder.isEmpty) this.#socket.write(this.#encoder.take())
      return
    }
    const next = this.#isAnswered ? this.#held.shift() : undefined
    if (next === undefined) return
    this.#isAnswered = false
    this.#socket.write(next)
  }

  #look(): void {
    this.#timer = undefined
    const [oldest] = this.#exchanges
    if (oldest === undefined) return
    const left = oldest.since + this.#options.patience - this.#elapsed()
    if (left > 0) this.#timer = setTimeout(() => this.#look(), left).unref()
    else this.#lose(new Error(`timeout: no reply within ${this.#options.patience} ms`))
  }

  #receive(chunk: Buffer): void {
    try {
      this.#decoder.feed(chunk)
    } catch (error) {
      this.#lose(error)
    }
  }

  #message(type: number, bytes: Buffer, start: number, end: number): void {
    const exchange = this.#exchanges[0]
    if (type === ERROR) {
      const error = errorOf(bytes, start, end)
      if (exchange !== undefined) exchange.failed ??= { at: exchange.at, error }
      if (exchange === undefined || error.severity !== 'ERROR') this.#lose(error)
      return
    }
    if (type === NOTICE && exchange !== undefined && isUnconfirmed(errorOf(bytes, start, end)))
      exchange.failed ??= { at: exchange.at, error: new StoreUnavailable(UNCONFIRMED) }
    if (AT_ANY_TIME.has(type)) return
    if (exchange === undefined) throw new Error(`the database sent a message unasked: ${type}`)
    const known = exchange.known[exchange.at]
    if (type === DATA_ROW) readRow(exchange, known, bytes, start, end)
    else if (type === COMMAND_COMPLETE || type === EMPTY_QUERY) {
      if (known?.shape.isChange && !known.shape.isGuard && hasChanged(bytes, end))
        exchange.rows[exchange.at]?.push(CHANGED)
      exchange.at++
    } else if (type === READY) this.#ready(exchange, bytes[start])
    else if (type === ROW_DESCRIPTION && known !== undefined)
      known.columns = this.#descriptions.columns(known.shape, bytes, start, end)
    else if (!EXPECTED.has(type)) throw new Error(`the database sent a message of an unknown type: ${type}`)
  }

  /** ReadyForQuery has come after the Sync: only now is it committed. */
  #ready(exchange: Exchange, status: number | undefined): void {
    const { known, rows, resolve } = exchange
    this.#exchanges.shift()
    if (this.#isPooled) {
      this.#isAnswered = true
      this.#flush()
    }
    const failed = this.#failureOf(exchange, status)
    if (resolve === null) {
      const [unprepared] = known
      if (failed === null || unprepared === undefined) return
      unprepared.error = failed.error
      this.#forget(unprepared)
      return
    }
    resolve({ rows, failed })
    // The plans are those of an older schema: the next connection makes new ones.
    if (failed !== null && isStalePlan(failed.error)) {
      const stale = known[failed.at]
      if (this.#isShared && stale !== undefined) prepareAnew(stale.shape)
      void this.close()
    }
    // What a session may do is decided when it begins, and the host name may lead to another server by now. Not done
    // for each request as long as all are refused.
    if (failed !== null && isReadOnly(failed.error) && this.#elapsed() > LEAST_LIFE) void this.close()
    if (this.#exchanges.length === 0) this.#drained?.()
  }

  #failureOf(exchange: Exchange, status: number | undefined): Reply['failed'] {
    const { known, resolve, at, failed } = exchange
    if (failed === null) {
      if (status === IDLE && (resolve === null || at === known.length)) return null
      return { at, error: new StoreUnavailable('the database did not commit') }
    }
    // That a statement does not exist says less than why it could not be prepared.
    const statement = known[failed.at]
    if (statement === undefined || !isUnprepared(failed.error)) return failed
    this.#forget(statement)
    return statement.error === undefined ? failed : { at: failed.at, error: statement.error }
  }

  #lose(error: unknown): void {
    if (this.#lost !== null) return
    this.#lost = { error }
    clearTimeout(this.#timer)
    this.#client.connection.stream.destroy()
    this.#end(this.#lost)
    for (const { at, rows, failed, resolve } of this.#exchanges.splice(0)) {
      resolve?.({ rows, failed: failed ?? { at, error } })
    }
    this.#drained?.()
  }

  #end(lost: { readonly error: unknown } | null): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#options.onEnd(this, lost)
  }
}

/** Milliseconds. */
const LEAST_LIFE = 1_000
const UNCONFIRMED = 'the database has committed, but somebody ended its waiting for the standby that was to have it too'

// BackendMessageType, by its first byte.
const ERROR = 0x45
const NOTICE = 0x4e
const DATA_ROW = 0x44
const COMMAND_COMPLETE = 0x43
const EMPTY_QUERY = 0x49
const READY = 0x5a
const ROW_DESCRIPTION = 0x54
/** In ReadyForQuery: no transaction is open. */
const IDLE = 0x49
/** ParseComplete, BindComplete, ParameterDescription, NoData. */
const EXPECTED = new Set([0x31, 0x32, 0x74, 0x6e])
/** NoticeResponse, ParameterStatus, NotificationResponse. */
const AT_ANY_TIME = new Set([NOTICE, 0x53, 0x41])

function isUnnamed({ name }: Shape): boolean {
  return name.length === 1
}

const CHANGED = { changed: 1 }

/** CommandComplete ends with the number of rows and a zero byte: `UPDATE 0`. */
function hasChanged(bytes: Buffer, end: number): boolean {
  return bytes[end - 2] !== 0x30 || bytes[end - 3] !== 0x20
}

/** A value that cannot be represented fails its own query; the rest is still read. */
function readRow(exchange: Exchange, known: Known | undefined, bytes: Buffer, start: number, end: number): void {
  if (known?.shape.isGuard) return
  if (known === undefined || known.columns === null) throw new Error('the database sent a row unasked')
  try {
    exchange.rows[exchange.at]?.push(rowOf(known.columns, bytes, start, end))
  } catch (error) {
    if (error instanceof BrokenMessage) throw error
    exchange.failed ??= { at: exchange.at, error }
  }
}
