// What commands work on: the database and the master key of one installation, beside a running server or without one.

import { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isUnfinishedRestore } from '../administration/backup/unfinished.ts'
import { keyCheck, loadMasterKey, type MasterKey } from '../credentials/master-key.ts'
import { createPasswordHasher, type PasswordHasher } from '../credentials/password-hash.ts'
import { KEY_BEING_REPLACED, readMark, withCarriedKeys } from '../credentials/replaced-master-key.ts'
import { createOutboundClient, type OutboundClient } from '../http/outbound/client.ts'
import { type LoadedOptions, loadOptions, type Options, optionFlags } from '../options/index.ts'
import type { Locale } from '../pages/index.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { keepDurable } from '../platform/durable-folder.ts'
import { createLog, type Log, silentLog } from '../platform/log.ts'
import { shellWord } from '../platform/shell-word.ts'
import { type Addresses, addressesOf } from '../protocol/addresses.ts'
import type { Driver } from '../store/database/driver.ts'
import { AlreadyOwned, type Ownership, takeOwnership } from '../store/database/sqlite/owner.ts'
import { openSqlite } from '../store/database/sqlite/sqlite-driver.ts'
import { isBeingFilled, NOT_ALL_THERE } from '../store/moving.ts'
import { isOfOlderRelease, migrate } from '../store/schema/migrate.ts'
import { migrations } from '../store/schema/migrations/index.ts'
import { createStore, type Store } from '../store/store.ts'
import { tip } from './flags.ts'
import { CommandFailed, EXIT } from './output.ts'

export const DATABASE_FILE = 'lingpai.sqlite'

export interface Installation {
  readonly options: Options
  readonly store: Store
  readonly driver: Driver
  readonly master: MasterKey
  readonly clock: Clock
  readonly log: Log
  readonly hasher: PasswordHasher
  readonly outbound: OutboundClient
  readonly addresses: Addresses
  close(): Promise<void>
}

/** All values of a command's flags, as the command line parser names them. */
export type FlagValues = Readonly<Record<string, unknown>>

export async function optionsFor(flags: FlagValues): Promise<LoadedOptions> {
  const file = typeof flags['config'] === 'string' ? flags['config'] : undefined
  return loadOptions({ flags: optionFlags(flags), file })
}

/**
 * Opens the installation that the flags name. Where there is none yet, a command that adds something (`adds`) makes one
 * if an issuer is given, so that clients and users can be added before the first start. Any other command makes
 * nothing, since the folder may be mistyped.
 */
export async function openInstallation(flags: FlagValues, { adds = false } = {}): Promise<Installation> {
  return openWith((await optionsFor(flags)).options, { adds })
}

/** The same with options that have been loaded already. */
export async function openWith(options: Options, { adds = false } = {}): Promise<Installation> {
  const log = createLog('warn', 'text')
  const clock = systemClock()
  if (options.database === null && !existsSync(join(options.data, DATABASE_FILE))) {
    if (options.issuer === null || !adds) throw nothingThere(options, adds)
    makeDataFolder(options.data)
  }
  const given = openMasterKey(options)
  // What SQLite refuses a command it is told as its error: a line of the log before it would say the same in other words.
  const driver = await openDatabase(options, options.database === null ? silentLog : log)
  try {
    await migrateAlone(driver, options, () => migrate(driver, migrations, { clock, log }))
    const store = createStore(driver)
    const master = await openByKey(store, given)
    const issuer = await issuerOf(store, options)
    return {
      options,
      store,
      driver,
      master,
      clock,
      log,
      hasher: createPasswordHasher(),
      outbound: createOutboundClient({
        allow: options.outboundAllow,
        allowStrangers: options.outboundAllowStrangers,
      }),
      addresses: addressesOf(issuer, options.endpointPrefix),
      close: () => driver.close(),
    }
  } catch (error) {
    await driver.close()
    throw error
  }
}

/** The master key with what it carries of former ones. */
async function openByKey(store: Store, given: MasterKey): Promise<MasterKey> {
  const check = keyCheck(given)
  const stored = await store.putFactOnce('key_check', check)
  if (stored === check) {
    store.sealsUnder(check)
    return withCarriedKeys(given, await store.findFact('carried_keys'))
  }
  if (isBeingFilled(stored)) throw beingFilled()
  if (readMark(stored) !== null) {
    const { problem, remedy } = KEY_BEING_REPLACED
    throw new CommandFailed(EXIT.unavailable, 'key_being_replaced', problem, remedy)
  }
  throw wrongKey()
}

export function beingFilled(): CommandFailed {
  const { problem, remedy } = NOT_ALL_THERE
  return new CommandFailed(EXIT.unavailable, 'database_being_filled', problem, remedy)
}

export function wrongKey(): CommandFailed {
  return new CommandFailed(
    EXIT.outdated,
    'wrong_key',
    'The master key is not the one this database was made with.',
    'Give the right one, or restore a backup.',
  )
}

/**
 * Upgrades the schema of an older release, but only where no server can be running: a server whose schema changes under
 * it stops serving.
 */
async function migrateAlone(driver: Driver, options: Options, work: () => Promise<unknown>): Promise<void> {
  if (!(await isOfOlderRelease(driver, migrations))) return void (await work())
  // With PostgreSQL nobody can tell from here whether servers are running on it.
  if (options.database !== null) throw olderDatabase('servers of that release may be running')
  const ownership = ownAlone(options.data, () => olderDatabase('a server is running on it'))
  try {
    await work()
  } finally {
    ownership.release()
  }
}

/** Holds the lock of the data folder, so that no server starts there. Throws `refusal()` when one is running. */
export function ownAlone(folder: string, refusal: () => CommandFailed): Ownership {
  try {
    return takeOwnership(folder)
  } catch (error) {
    throw error instanceof AlreadyOwned ? refusal() : error
  }
}

export function olderDatabase(why: string): CommandFailed {
  return new CommandFailed(
    EXIT.unavailable,
    'older_database',
    `The database is of an older release, and ${why}.`,
    'Stop servers of the older release, and start one of this release, which brings the database up to date; then try again.',
  )
}

/** The stored issuer, or that of the command where none is stored yet. Throws when the two differ. */
async function issuerOf(store: Store, { issuer }: Options): Promise<string> {
  const stored = await store.findFact('issuer')
  if (stored === null && issuer !== null) return store.putFactOnce('issuer', issuer)
  if (stored === null) {
    throw new CommandFailed(
      EXIT.failed,
      'issuer_unknown',
      'This installation has no public address yet.',
      'Start the server once, or give the address: --issuer https://sso.example.com',
    )
  }
  if (issuer !== null && issuer !== stored) {
    throw new CommandFailed(
      EXIT.conflict,
      'issuer_differs',
      `The issuer of this installation is ${stored}, not ${issuer}.`,
      'Leave --issuer out; to change it, start the server once with --issuer and --accept-new-issuer.',
    )
  }
  return stored
}

/**
 * The address that the set-up has stored, if a restart is needed before it is answered. Null: the newest start used it
 * already, or there was no start.
 */
export async function waitingForRestart({
  store,
  addresses,
}: Installation): Promise<Readonly<Record<Locale, string>> | null> {
  const { issuer } = addresses
  const former = await store.findFact('answered_as')
  if (former === null || former === issuer) return null
  return {
    en: `Nothing answers as ${issuer} yet: the server was last started as ${former}. Restart the server first`,
    'zh-CN': `${issuer} 尚未启用：服务器上次以 ${former} 启动。请先重新启动服务器`,
  }
}

/**
 * Options that the set-up has stored in the database. Empty where there are none, and also where the database cannot be
 * read, for whatever reason.
 */
export async function storedOptions(options: Options): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  if (options.database === null && !existsSync(join(options.data, DATABASE_FILE))) return found
  try {
    const driver = await openDatabase(options, silentLog)
    try {
      const store = createStore(driver)
      for (const [key, fact] of STORED) {
        const value = await store.findFact(fact)
        if (value !== null && value !== '') found.set(key, value)
      }
    } finally {
      await driver.close()
    }
  } catch {
    return found
  }
  return found
}

const STORED = [
  ['issuer', 'issuer'],
  ['brand.operatorName', 'operator_name'],
] as const

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

export function nothingThere({ data }: Options, adds = false): CommandFailed {
  const orHere = adds ? ' (or name its public address here: --issuer https://sso.example.com)' : ''
  return new CommandFailed(
    EXIT.notFound,
    'no_installation',
    isFile(data) ? `${data} is a file, no data folder.` : `There is no installation in ${data}.`,
    isFile(data)
      ? 'Name the folder with --data.'
      : `Name its folder with --data, or its PostgreSQL with --database, or start a server there: ${tip('start', { data })}${orHere}`,
  )
}

/** Mode 0700: nobody else on this machine may look in. */
export function makeDataFolder(folder: string): void {
  let isUnfinished: boolean
  try {
    if (existsSync(folder) && !statSync(folder).isDirectory()) throw new Error('it is a file')
    makeFolders(folder)
    // An empty folder that somebody made for us is closed to others. One that holds anything keeps the permissions that its
    // owner has given it.
    const isOpen = process.platform !== 'win32' && (statSync(folder).mode & 0o077) !== 0
    const entries = readdirSync(folder)
    if (isOpen && entries.length === 0) chmodSync(folder, 0o700)
    isUnfinished = isUnfinishedRestore(entries, DATABASE_FILE)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandFailed(
      EXIT.unavailable,
      'data_folder',
      `The data folder ${folder} cannot be used: ${why}.`,
      'Choose another folder with --data, or give this user the right to write there.',
    )
  }
  if (!isUnfinished) return
  throw new CommandFailed(
    EXIT.conflict,
    'restore_unfinished',
    `A restore into ${folder} is running, or was cut off: it holds no database.`,
    'Wait for it to end. If none is running, remove the folder, and restore again.',
  )
}

/**
 * Warns when others on this machine may read the database. It is no refusal, because the owner may want a group to make
 * copies. The log beside the file has the same mode.
 */
export function tellWhoElseReads(data: string, log: Log): void {
  const file = join(data, DATABASE_FILE)
  if (process.platform === 'win32' || !existsSync(file)) return
  const { mode } = statSync(file)
  // Bits for reading by the group and by others, for those of the two who may enter the folder.
  const readers = (statSync(data).mode & 0o011) << 2
  if ((mode & readers) === 0) return
  log.warn('other users of this machine can read the database, which holds everybody’s data', {
    file,
    mode: (mode & 0o777).toString(8).padStart(4, '0'),
    remedy: `chmod 700 ${shellWord(data)}`,
  })
}

function isReadable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** Makes the folders one by one. Node's `recursive` never ends on a file system where nothing can be made, such as /proc. */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return
  const above = dirname(folder)
  if (above !== folder) makeFolders(above)
  try {
    mkdirSync(folder, { mode: 0o700 })
    if (isReadable(above)) keepDurable(above)
  } catch (error) {
    // Another process may have made it in the meantime.
    if (!existsSync(folder)) throw error
  }
}

export function openMasterKey(options: Options): MasterKey {
  const source = {
    ...(options.database === null && { dataFolder: options.data }),
    ...(options.masterKey !== null && { keyText: options.masterKey }),
    ...(options.masterKeyFile !== null && { keyFile: options.masterKeyFile }),
  }
  if (options.database !== null && options.masterKey === null && options.masterKeyFile === null) {
    throw new CommandFailed(
      EXIT.usage,
      'master_key_required',
      'With PostgreSQL every node needs the same master key.',
      'Set LINGPAI_MASTER_KEY_FILE to a file that holds it. Where there is none yet, run: openssl rand -base64 32 | tr "+/" "-_" | tr -d "=" > master.key; chmod 600 master.key',
    )
  }
  // A new key is made only where there is no database: for an existing one it would be the wrong key.
  const create = options.database === null && !existsSync(join(options.data, DATABASE_FILE))
  return loadMasterKey(source, { create }).master
}

export async function openDatabase(options: Options, log: Log, onFatal?: (error: Error) => void): Promise<Driver> {
  if (options.database !== null) {
    // Loaded only when PostgreSQL is used: otherwise the driver would cost memory and time at each start.
    const { openPostgres } = await import('../store/database/postgres/postgres-driver.ts')
    return openPostgres({
      url: options.database,
      ...(options.databaseSchema !== null && { schema: options.databaseSchema }),
      max: options.databaseConnections ?? connectionsOfEach(options.workers),
      timeouts: { statement: options.databaseTimeout * 1_000 },
      pooler: options.databasePooler,
      namedStatements: !options.databaseUnnamedStatements,
      log,
    })
  }
  return openSqlite({
    file: join(options.data, DATABASE_FILE),
    cacheBytes: options.databaseCache,
    log,
    ...(onFatal && { onFatal }),
  })
}

/**
 * For all workers together; each has at least `LEAST_CONNECTIONS`: one for reads, and others for writes, which then
 * need not wait for one another's commit.
 */
const CONNECTIONS = 10
const LEAST_CONNECTIONS = 4

/** What is asked over few connections leaves and comes together, which costs both sides less. docs/decisions/0046 */
function connectionsOfEach(workers: number): number {
  return Math.max(LEAST_CONNECTIONS, Math.floor(CONNECTIONS / workers))
}
