// lingpai user export: everybody, as CSV or JSON Lines.

import { constants, createWriteStream, openSync, rmSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { type Command, Option } from 'commander'
import { exportUsers } from '../../administration/user-export.ts'
import { action, installationCommand, text } from '../command.ts'
import { openInstallation } from '../installation.ts'
import { interruptible } from '../interrupt.ts'
import { CommandFailed, EXIT } from '../output.ts'

export function userExportCommand(exit: (code: number) => void): Command {
  const command: Command = installationCommand('export', 'write everybody to a file, or to standard output')
    .argument('[file]', 'never overwritten')
    .addOption(new Option('--format <format>').choices(['csv', 'jsonl']).default('csv'))
    .option('--bom', 'begin with a byte order mark, by which Excel knows UTF-8')
    .option('--password-hashes', 'with the hashes of passwords: keep such a file like the passwords themselves')
  return action(command, exit, async (output, flags, [file]) => {
    if (file === undefined && output.json) {
      throw new CommandFailed(
        EXIT.usage,
        'file_missing',
        '--json tells what was written to a file, and no file is named.',
        'For people as JSON on standard output use: --format jsonl',
      )
    }
    const installation = await openInstallation(flags)
    try {
      let count = 0
      const pieces = exportUsers(installation, {
        format: text(flags['format']) === 'jsonl' ? 'jsonl' : 'csv',
        bom: flags['bom'] === true,
        passwordHashes: flags['passwordHashes'] === true,
        progress: (done) => {
          count = done
          if (file !== undefined) output.progress(`${done.toLocaleString('en')} people`)
        },
      })
      if (file === undefined) {
        await pipeline(pieces, process.stdout, { end: false })
        return EXIT.done
      }
      await writeWhole(file, pieces)
      output.progressDone()
      output.result({ file, users: count })
      output.say(`${count.toLocaleString('en')} people were written to ${file}.`)
      return EXIT.done
    } finally {
      await installation.close()
    }
  })
}

/**
 * Writes the whole file or leaves none. A part of the people would look like all of them, and the name would be taken
 * for the next try.
 */
async function writeWhole(file: string, pieces: AsyncIterable<string>): Promise<void> {
  // Signals are watched before the file is made; otherwise a Ctrl+C in between would leave it behind.
  const stop = interruptible()
  try {
    await writeNew(file, newFile(file), pieces, stop.signal)
  } catch (error) {
    stop.assertGoingOn()
    throw error
  } finally {
    stop.release()
  }
}

async function writeNew(file: string, fd: number, pieces: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  const remove = () => rmSync(file, { force: true })
  // A second Ctrl+C ends the process at once, but `exit` handlers still run.
  process.on('exit', remove)
  const out = createWriteStream('', { fd })
  let diskFailed: Error | null = null
  out.on('error', (error) => {
    if (!signal.aborted) diskFailed = error
  })
  try {
    await pipeline(pieces, out, { signal })
  } catch (error) {
    remove()
    throw error === diskFailed ? cannotWrite(file, error) : error
  } finally {
    process.removeListener('exit', remove)
  }
}

function cannotWrite(file: string, error: unknown): CommandFailed {
  const why = error instanceof Error ? error.message : String(error)
  return new CommandFailed(
    EXIT.failed,
    'file_unwritable',
    `${file} cannot be written: ${why}.`,
    'Choose another place.',
  )
}

/** Personal data: for its owner only, never over a file or through a link. */
function newFile(file: string): number {
  try {
    return openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && (error.code === 'EEXIST' || error.code === 'ELOOP')
    if (!isTaken) throw cannotWrite(file, error)
    throw new CommandFailed(EXIT.conflict, 'file_exists', `${file} exists already.`, 'Choose a name that is not taken.')
  }
}
