// What PostgreSQL and its connections report when something fails, in our terms: constraints, what may be run again,
// what means that the connection is gone, and what means 503.

import { ConstraintViolated, StoreLocked, StoreUnavailable } from '../driver.ts'
import { PostgresError } from './decoder.ts'

/**
 * The SQLSTATE, if the server itself has reported the error.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** A guard without a row divides by zero: see `guarded` in `statements.ts`. */
export function isEmptyGuard(error: unknown): boolean {
  return sqlState(error) === '22012'
}

/**
 * The server has undone the list, which may be run once more: serialization failure, deadlock, a plan that is gone. Not
 * when it ended the connection (FATAL), which may happen between the commit and the reply.
 */
export function mayRunAgain(error: unknown): boolean {
  if (!(error instanceof PostgresError) || error.severity !== 'ERROR') return false
  const state = sqlState(error)
  return state === '40001' || state === '40P01' || isStalePlan(error) || isUnprepared(error)
}

/** The connection does not have the prepared statement, so it is prepared again. */
export function isUnprepared(error: unknown): boolean {
  return sqlState(error) === '26000'
}

/** A migration has changed what a prepared statement answers; a new connection prepares it again. */
export function isStalePlan(error: unknown): boolean {
  if (sqlState(error) !== '0A000' || !(error instanceof PostgresError)) return false
  // The message is in the server's language; other servers that speak this protocol have no such routine.
  return error.routine === 'RevalidateCachedQuery' || error.message.startsWith('cached plan')
}

/** Servers that speak this protocol need not have all of PostgreSQL's functions. */
export function isUnknownFunction(error: unknown): boolean {
  return sqlState(error) === '42883'
}

/** The session, or the whole database, must not be written: after a failover it may be a standby by now. */
export function isReadOnly(error: unknown): boolean {
  return sqlState(error) === '25006'
}

/**
 * Comes as a warning, and then the commit succeeds: it is on this server's disk, but nobody knows whether the
 * synchronous standby has it, because an operator has cancelled the waiting.
 */
export function isUnconfirmed({ routine }: PostgresError): boolean {
  return routine === 'SyncRepWaitForLSN'
}

/** The connection cannot be used any more. */
export function isLost(error: unknown): boolean {
  if (isOurs(error)) return false
  const state = sqlState(error)
  return state === undefined || state.startsWith('08') || /^57P0[1-5]$/.test(state)
}

/** The answer did not come in time; asking once more would only double the wait. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && /timeout/i.test(error.message)
}

// Classes: 08 connection, 28 authentication, 53 resources, 57 operator intervention (time-outs too), 58 system, 3D no
// such database, 55P03 lock time-out, 25006 read-only, 40 rolled back, XX internal.
const UNAVAILABLE = /^(08|28|3D|40|53|57|58|XX|55P03|25006)/

/**
 * lock_not_available, at once with NOWAIT and otherwise after `lock_timeout`; and deadlock_detected, where this
 * transaction was undone.
 */
const LOCKED = new Set(['55P03', '40P01'])

/** The error that a caller of the driver sees. A mistake in our own SQL is passed on as it is. */
export function translatePostgres(error: unknown): unknown {
  if (isOurs(error)) return error
  const state = sqlState(error)
  if (state === undefined)
    return new StoreUnavailable(`the database does not answer (${textOf(error)})`, { cause: error })
  if (state === '42501') return new StoreUnavailable(powerless(textOf(error)), { cause: error })
  const Refusal = LOCKED.has(state) ? StoreLocked : StoreUnavailable
  if (UNAVAILABLE.test(state)) return new Refusal(`the database refuses (${state}: ${textOf(error)})`, { cause: error })
  const constraint = state === '23505' || state === '23503' || state === '23514' ? constraintOf(error) : undefined
  return constraint === undefined ? error : new ConstraintViolated(constraint, { cause: error })
}

/** Since PostgreSQL 15 a role must not create tables in a database that another role has created. */
function powerless(text: string): string {
  const help = 'make it the owner by ALTER DATABASE … OWNER TO …, or give it a schema of its own (databaseSchema)'
  return `the role of the database may not do what the server needs (42501: ${text}); ${help}`
}

/**
 * The server works, and yet refuses what it would carry out were its disk, its memory and its files as they should be:
 * disk_full and out_of_memory, system_error, data_corrupted and index_corrupted. `error` is what a caller sees.
 */
export function isAboutItsMachine(error: unknown): boolean {
  const state = error instanceof StoreUnavailable ? sqlState(error.cause) : undefined
  return state !== undefined && /^(531|532|58|XX00[12])/.test(state)
}

/** Raised on this side of the connection, in our own words. */
function isOurs(error: unknown): boolean {
  return [StoreUnavailable, ConstraintViolated, TypeError, RangeError].some((kind) => error instanceof kind)
}

/**
 * Also tells errors inside an error: when connecting to a name with two addresses is refused, the outer message is
 * empty.
 */
function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

/**
 * The name that the migrations gave. A primary key without a name is called `<table>_pkey` here and `<table>_<columns>`
 * by SQLite; the columns are in the detail, `Key (a, b)=(1, 2) already exists.`
 */
function constraintOf(error: unknown): string | undefined {
  const { constraint, table, detail } = error as { constraint?: string; table?: string; detail?: string }
  if (constraint === undefined || constraint !== `${table}_pkey`) return constraint
  const columns = /\(([^()]+)\)=\(/.exec(detail ?? '')?.[1]
  return columns === undefined ? constraint : `${table}_${columns.replaceAll('"', '').split(', ').join('_')}`
}
