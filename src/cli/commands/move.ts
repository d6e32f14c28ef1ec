// lingpai move: everything from the data folder into an empty PostgreSQL database, when one machine is no longer enough.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '../../platform/clock.ts'
import { createLog } from '../../platform/log.ts'
import { shellWord } from '../../platform/shell-word.ts'
import { AlreadyOwned, type Ownership, takeOwnership } from '../../store/database/sqlite/owner.ts'
import { openSnapshot } from '../../store/database/sqlite/snapshot.ts'
import { type Moved, moveEverything, NotEmpty, Overtaken } from '../../store/moving.ts'
import { isOfOlderRelease, migrate } from '../../store/schema/migrate.ts'
import { migrations } from '../../store/schema/migrations/index.ts'
import { action, installationCommand } from '../command.ts'
import { DATABASE_FILE, nothingThere, openDatabase, openWith, optionsFor } from '../installation.ts'
import { interruptible } from '../interrupt.ts'
import { CommandFailed, EXIT, type Output } from '../output.ts'

export function moveCommand(exit: (code: number) => void): Command {
  const command = installationCommand('move', 'take everything from the data folder into an empty PostgreSQL database')
  return action(command, exit, async (output, flags) => {
    const { options } = await optionsFor(flags)
    if (options.database === null) {
      throw new CommandFailed(
        EXIT.usage,
        'database_required',
        'The PostgreSQL database that is to take everything is not named.',
        'Name it: --database postgres://…; or name a file that holds its address, with its password, by LINGPAI_DATABASE_FILE.',
      )
    }
    if (!existsSync(join(options.data, DATABASE_FILE))) throw nothingThere(options)
    // Its key is proven by it, and an older release's file is brought up to date.
    const installation = await openWith({ ...options, database: null })
    await installation.close()
    const ownership = own(options.data)
    const stop = interruptible()
    const log = createLog('warn', 'text')
    const source = openSnapshot(join(options.data, DATABASE_FILE))
    try {
      const target = await openDatabase(options, log)
      try {
        if (await isOfOlderRelease(target, migrations)) throw new NotEmpty()
        await migrate(target, migrations, { clock: systemClock(), log })
        const moved = await moveEverything(source, target, (done, total) => {
          stop.assertGoingOn()
          output.progress(`Moving: ${Math.floor((done * 100) / Math.max(total, 1))} % of ${total} rows`)
        })
        output.progressDone()
        output.result({ folder: options.data, ...moved })
        print(output, options.data, moved)
        return EXIT.done
      } catch (error) {
        output.progressDone()
        throw stop.signal.aborted ? stopped() : told(error)
      } finally {
        await target.close()
      }
    } finally {
      source.close()
      stop.release()
      ownership.release()
    }
  })
}

function own(folder: string): Ownership {
  try {
    return takeOwnership(folder)
  } catch (error) {
    if (!(error instanceof AlreadyOwned)) throw error
    throw new CommandFailed(
      EXIT.unavailable,
      'server_running',
      `A server is running on ${folder}: what it does meanwhile would be lost.`,
      'Stop it, then try again.',
    )
  }
}

function stopped(): CommandFailed {
  return new CommandFailed(
    EXIT.failed,
    'interrupted',
    'Stopped: the new database holds a part, and no server starts on it. The data folder is as it was.',
    'Run the same command again: it begins anew.',
  )
}

function told(error: unknown): unknown {
  if (error instanceof NotEmpty) {
    return new CommandFailed(
      EXIT.conflict,
      'database_not_empty',
      'The PostgreSQL database holds an installation already; nothing was changed there.',
      'Make an empty one with createdb, or name another schema with --database-schema.',
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

function print(output: Output, folder: string, { rows }: Moved): void {
  const count = (table: string) => rows[table] ?? 0
  output.say(
    `Everything is in the new database: ${count('user')} people, ${count('client')} clients, ${count('session')} sessions, ${count('access_token')} access tokens.`,
  )
  output.say(
    `Start every node with the same master key: LINGPAI_MASTER_KEY_FILE=${shellWord(join(folder, 'master.key'))}`,
  )
  output.say(
    `Do not start a server on ${folder} again: it would know nothing of what happens from now on. Keep it as you keep a backup.`,
  )
}
