// lingpai move: everything from the data folder into an empty PostgreSQL database, when one machine is no longer enough.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { keyCheck } from '../../credentials/master-key.ts'
import type { LoadedOptions, Options } from '../../options/index.ts'
import { systemClock } from '../../platform/clock.ts'
import { createLog, type Log } from '../../platform/log.ts'
import { shellWord } from '../../platform/shell-word.ts'
import { type Driver, StoreUnavailable } from '../../store/database/driver.ts'
import { openSnapshot, type Snapshot } from '../../store/database/sqlite/snapshot.ts'
import {
  assertNothingThere,
  CannotMove,
  LONGEST_STATEMENT,
  type Moved,
  moveEverything,
  NotEmpty,
  Overtaken,
} from '../../store/moving.ts'
import { hasSchema, migrate, TablesOfAnother } from '../../store/schema/migrate.ts'
import { migrations } from '../../store/schema/migrations/index.ts'
import { createStore } from '../../store/store.ts'
import { action, installationCommand } from '../command.ts'
import { DATABASE_FILE, openDatabase, openMasterKey, openWith, optionsFor, ownAlone } from '../installation.ts'
import { type Interruptible, interruptible } from '../interrupt.ts'
import { CommandFailed, EXIT, type Output } from '../output.ts'

export function moveCommand(exit: (code: number) => void): Command {
  const command = installationCommand(
    'move',
    'take everything from the data folder (--data) into an empty PostgreSQL database (--database)',
  )
  return action(command, exit, async (output, flags) => {
    const loaded = await optionsFor(flags)
    const { options } = loaded
    assertBothAreNamed(options)
    ownAlone(options.data, () => serverRunning(options.data)).release()
    const stop = interruptible()
    const log = createLog('warn', 'text')
    try {
      const target = await openDatabase({ ...options, databaseTimeout: LONGEST_STATEMENT }, log)
      try {
        await prepare(target, options, log)
        goingOn(stop)
        const moved = await withSource(options, async (source) => {
          goingOn(stop)
          return fill(source, target, output, stop)
        })
        output.result({ folder: options.data, rows: moved.rows, left_behind: moved.others })
        print(output, loaded, { ...moved, people: await createStore(target).countUsers() })
        return EXIT.done
      } catch (error) {
        throw told(error)
      } finally {
        await target.close()
      }
    } finally {
      stop.release()
    }
  })
}

function assertBothAreNamed({ data, database }: Options): void {
  if (database === null) {
    throw new CommandFailed(
      EXIT.usage,
      'database_required',
      'The PostgreSQL database that is to take everything is not named.',
      'Name it: --database postgres://…; or name a file that holds its address, with its password, by LINGPAI_DATABASE_FILE.',
    )
  }
  if (existsSync(join(data, DATABASE_FILE))) return
  throw new CommandFailed(
    EXIT.notFound,
    'no_installation',
    `There is no installation in ${data}.`,
    'Name the folder that holds it with --data.',
  )
}

const serverRunning = (folder: string) =>
  new CommandFailed(
    EXIT.unavailable,
    'server_running',
    `A server is running on ${folder}, or another move: what it does meanwhile would be lost.`,
    'Stop it, then try again.',
  )

/**
 * Checks the new database before the data folder is touched. Opening the folder may upgrade it, and if the database
 * cannot be used the old release must still be able to go on.
 */
async function prepare(target: Driver, options: Options, log: Log): Promise<void> {
  const check = keyCheck(openMasterKey({ ...options, database: null }))
  if (await hasSchema(target, migrations)) await assertNothingThere(target, check)
  await migrate(target, migrations, { clock: systemClock(), log })
}

/**
 * Calls `work` with a snapshot of the data folder. Checks that the master key belongs to it, and upgrades a file of an
 * older release first.
 */
async function withSource<Result>(options: Options, work: (source: Snapshot) => Promise<Result>): Promise<Result> {
  const installation = await openWith({ ...options, database: null })
  await installation.close()
  const ownership = ownAlone(options.data, () => serverRunning(options.data))
  try {
    const source = openSnapshot(join(options.data, DATABASE_FILE))
    try {
      return await work(source)
    } finally {
      source.close()
    }
  } finally {
    ownership.release()
  }
}

/** Told with a failure after the first rows have been written. */
const PART = 'The new database holds a part, and no server starts on it; the data folder still holds everything.'
const AGAIN = 'Run the same command again: it begins anew.'
const HINTS: Readonly<Record<CannotMove['code'], string>> = {
  source_changed: AGAIN,
  source_unreadable: 'Restore a backup into another folder, and move that one.',
  row_refused: `Mend that row of lingpai.sqlite, or report this line. ${AGAIN}`,
  rows_missing: `See whether something else writes to the new database. ${AGAIN}`,
  newer_database: 'Stop the newer release, and move into another empty database; or move by the newer release.',
}

async function fill(source: Snapshot, target: Driver, output: Output, stop: Interruptible): Promise<Moved> {
  let isBegun = false
  try {
    return await moveEverything(source, target, (done, total) => {
      isBegun = true
      if (stop.signal.aborted) throw new CommandFailed(EXIT.failed, 'interrupted', `Stopped. ${PART}`, AGAIN)
      output.progress(`Moving: ${Math.floor((done * 100) / Math.max(total, 1))} % of ${total} rows`)
    })
  } catch (error) {
    if (!isBegun || error instanceof CommandFailed || error instanceof Overtaken) throw error
    if (error instanceof CannotMove) {
      const exitCode = error.code === 'newer_database' ? EXIT.outdated : EXIT.failed
      throw new CommandFailed(exitCode, error.code, `${error.message} ${PART}`, HINTS[error.code])
    }
    // Where the connection broke at the last commit, nobody knows whether it was carried out.
    if (error instanceof StoreUnavailable) {
      throw new CommandFailed(
        EXIT.unavailable,
        'unavailable',
        `${error.message}. Until all is there no server starts on the new database; the data folder still holds everything.`,
        'Run the same command again: it begins anew, or says that an installation is there.',
      )
    }
    output.note(PART)
    throw error
  } finally {
    output.progressDone()
  }
}

function goingOn({ signal }: Interruptible): void {
  if (signal.aborted) throw new CommandFailed(EXIT.failed, 'interrupted', 'Stopped before anything was moved.')
}

const EMPTY = 'Make an empty one with createdb, or name another schema with --database-schema.'

function told(error: unknown): unknown {
  if (error instanceof TablesOfAnother) {
    return new CommandFailed(
      EXIT.conflict,
      'database_not_empty',
      'The PostgreSQL database holds tables of another program; none of them was changed.',
      EMPTY,
    )
  }
  if (error instanceof NotEmpty) {
    return error.hasSameKey
      ? new CommandFailed(
          EXIT.conflict,
          'database_not_empty',
          'The PostgreSQL database already holds an installation with this master key, maybe this very one; nothing was changed there.',
          `A move that was cut off at its very end has brought everything: see npx lingpai user list --database URL. If it is another one: ${EMPTY.replace(/^M/, 'm')}`,
        )
      : new CommandFailed(
          EXIT.conflict,
          'database_not_empty',
          'The PostgreSQL database holds an installation already; nothing was changed there.',
          EMPTY,
        )
  }
  if (error instanceof Overtaken) {
    return new CommandFailed(
      EXIT.conflict,
      'move_overtaken',
      'Another move into this database has begun, which goes on.',
      'Let that one end.',
    )
  }
  return error
}

function print(
  output: Output,
  { options, file }: LoadedOptions,
  { rows, others, people }: Moved & { readonly people: number },
): void {
  const counted = (count: number, one: string, many: string) =>
    `${count.toLocaleString('en')} ${count === 1 ? one : many}`
  const has = (table: string, one: string, many: string) => counted(rows[table] ?? 0, one, many)
  output.say(
    // Rows of removed people stay, so that their ids are not given out again. They are not counted here, because `user
    // list` does not show them either.
    `Everything is in the new database: ${counted(people, 'person', 'people')}, ${has('client', 'client', 'clients')}, ${has('session', 'session', 'sessions')}, ${has('access_token', 'access token', 'access tokens')}.`,
  )
  if (others.length > 0) output.say(`Left in the folder, being no table of Lingpai: ${others.join(', ')}.`)
  output.say(`Start every node with the same master key: ${keyOf(options)}`)
  if (file !== null) output.say(`Give every node the same options: ${file}`)
  output.say(
    `Do not start a server on ${options.data} again: it would know nothing of what happens from now on. Keep it as you keep a backup.`,
  )
}

/** Where the key was found. */
function keyOf({ masterKey, masterKeyFile, data }: Options): string {
  if (masterKey !== null) return 'the one in LINGPAI_MASTER_KEY'
  return `LINGPAI_MASTER_KEY_FILE=${shellWord(masterKeyFile ?? join(data, 'master.key'))}`
}
