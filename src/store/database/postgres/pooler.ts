// Finds out at start what stands between this server and PostgreSQL. A pooler that shares connections without our
// knowing, or that passes on the names of prepared statements as they are, would otherwise be noticed only under load.

import { Client, type ClientConfig } from 'pg'
import type { Log } from '../../../platform/log.ts'
import { StoreUnavailable } from '../driver.ts'
import { type Pooler, quoted } from './settings.ts'

/**
 * How often to look: by chance a pooler may give the first client the same process again, such as the one that was free
 * for longest.
 */
const ROUNDS = 3

export interface Expected {
  readonly config: ClientConfig
  readonly pooler: Pooler
  readonly namedStatements: boolean
  readonly schema: string | undefined
  readonly log: Log
}

/**
 * Whether a pooler, of whatever kind, answers; asked on a connection on which nothing has been set. Throws
 * StoreUnavailable when the pooler works otherwise than expected.
 */
export async function lookForPooler(client: Client, expected: Expected): Promise<boolean> {
  const { config, pooler, namedStatements, schema } = expected
  const process = await processNow(client)
  // When a pooler lets us in, it reports another process number (BackendKeyData) than that of the process that answers.
  const isPooled = process !== processSaid(client)
  if (pooler === 'transaction') {
    await assertRoleSettings(client, schema)
    await warnOfRoleSettings(client, expected.log)
    if (isPooled && namedStatements && !(await hasNamesOfItsOwn(client))) {
      // In session mode names cannot get lost. Then the other option is wrong, and our settings would be missing.
      const isSession = !(await isShared(client, process, config).catch(() => true))
      throw new StoreUnavailable(isSession ? SESSION_MODE : NAMES_GET_LOST)
    }
  } else if (isPooled && (await isShared(client, process, config))) {
    throw new StoreUnavailable(
      'what stands before PostgreSQL gives each transaction another connection, as PgBouncer does in transaction mode; set --database-pooler transaction (databasePooler; in a program pooler: "transaction")',
    )
  }
  return isPooled
}

async function processNow(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ process: number }>('SELECT pg_backend_pid() AS process')
  return rows[0]?.process
}

/** The process that the server has announced (for cancelling requests); null: it has announced none. */
function processSaid(client: Client): unknown {
  return 'processID' in client ? client.processID : null
}

/** Whether the process that has answered us answers others while we are connected, or another one then answers us. */
async function isShared(client: Client, first: number | undefined, config: ClientConfig): Promise<boolean> {
  // A server without processes reports the same number to everybody.
  if (first === undefined || first <= 0) return false
  const other = new Client(config)
  other.on('error', () => undefined)
  try {
    await other.connect()
    for (let round = 0; round < ROUNDS; round++) {
      // Until this transaction is over, its connection belongs to nobody else.
      await other.query('BEGIN')
      if ((await processNow(other)) === first || (await processNow(client)) !== first) return true
      await other.query('COMMIT')
    }
    return false
  } finally {
    await other.end().catch(() => undefined)
  }
}

/**
 * For a pooler that shares connections: it must give prepared statements names of its own, as PgBouncer has done since
 * 1.21 with max_prepared_statements. Otherwise what one client has prepared is missing for the next, or there already.
 * Looked at within one transaction, so that one process answers everything.
 */
async function hasNamesOfItsOwn(client: Client): Promise<boolean> {
  const name = 'lingpai_start'
  await client.query('BEGIN')
  await client.query({ name, text: 'SELECT 1' })
  const found = await client.query('SELECT 1 FROM pg_prepared_statements WHERE name = $1', [name])
  if (found.rows.length > 0) await client.query(`DEALLOCATE ${name}`)
  await client.query('COMMIT')
  return found.rows.length === 0
}

const NAMES_GET_LOST =
  'the pooler before PostgreSQL does not keep prepared statements apart (PgBouncer before 1.21, or max_prepared_statements = 0); set --database-unnamed-statements (databaseUnnamedStatements; in a program namedStatements: false), or set max_prepared_statements above 100 in PgBouncer'
const SESSION_MODE =
  'the pooler before PostgreSQL keeps a connection for each client, as PgBouncer does in session mode; leave out --database-pooler transaction (databasePooler; in a program pooler: "transaction")'

/**
 * Behind a pooler nothing can be set on a connection, so the settings that we rely on must belong to the role or the
 * database.
 */
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
  throw new StoreUnavailable(
    `behind a pooler the settings of the role count; run: ${alterRole(row?.user ?? '', wanted)}`,
  )
}

/**
 * Settings that are only useful, and that we set ourselves where connections are ours alone. Without them a plan from
 * when a table had one page is kept while it grows to thousands, until statistics come; and a statement that we gave up
 * on would go on. Relatives of PostgreSQL that say so of themselves plan in their own way.
 */
async function warnOfRoleSettings(client: Client, log: Log): Promise<void> {
  const { rows } = await client.query<{ user: string; name: keyof typeof ADVISED }>(
    `SELECT current_user AS user, name FROM pg_settings
     WHERE (name IN ('enable_seqscan', 'jit') AND setting = 'on' OR name IN ('statement_timeout', 'lock_timeout') AND setting = '0')
       AND version() LIKE 'PostgreSQL %' ORDER BY name`,
  )
  const [first] = rows
  if (first === undefined) return
  const sql = alterRole(
    first.user,
    rows.map(({ name }) => `${name} = ${ADVISED[name]}`),
  )
  log.warn(
    `behind a pooler the settings of the role count, and its plans and time limits are not what this server sets where it may; run: ${sql} Then RECONNECT in the pooler: its connections keep what they began with.`,
  )
}

const ADVISED = { enable_seqscan: 'off', jit: 'off', lock_timeout: "'5s'", statement_timeout: "'10s'" } as const

function alterRole(role: string, settings: readonly string[]): string {
  return settings.map((setting) => `ALTER ROLE ${quoted(role)} SET ${setting};`).join(' ')
}
