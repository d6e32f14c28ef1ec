// Secrets and keys that a command is told to read from a file.

import { readSmallFile } from '../platform/small-file.ts'
import { CommandFailed, EXIT } from './output.ts'

const LARGEST = 16_384

/** The whole file as text. `what` and its `origin`, the flag or variable, name it in errors; the content never appears in one. */
export function readTextFile(file: string, what: string, origin: string): string {
  try {
    return readSmallFile(file, LARGEST).toString('utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandFailed(EXIT.usage, 'unreadable_file', `The ${what} in ${file} (${origin}) cannot be read: ${why}.`)
  }
}

/** The first line, without its line end. */
export function readSecretFile(file: string, what: string, origin: string): string {
  const [first = ''] = readTextFile(file, what, origin).split(/\r?\n/, 1)
  if (first === '')
    throw new CommandFailed(EXIT.usage, 'empty_file', `The first line of ${file} (${origin}) is empty: no ${what}.`)
  return first
}
