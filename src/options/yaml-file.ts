// The one YAML file: found and read.

import { accessSync, constants } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { readSmallFile } from '../platform/small-file.ts'
import { OptionsError } from './problem.ts'
import type { Entry } from './yaml-entries.ts'

export interface OptionsFile {
  readonly path: string
  /** Relative paths in the file begin here. */
  readonly folder: string
  /** The file was not named by anybody but found in the data folder. */
  readonly isInData: boolean
  readonly entries: readonly Entry[]
}

/** `by`: the flag or variable with which somebody asked for this file, so that it must exist. */
export type Found = { readonly by: string } | 'in data' | 'in folder'

/** Bytes. */
const LARGEST = 1024 * 1024

/** Null when there is no such file and nobody named it. */
export async function readOptionsFile(path: string, found: Found): Promise<OptionsFile | null> {
  let text: string
  try {
    text = readSmallFile(path, LARGEST).toString('utf8')
  } catch (error) {
    // ENOTDIR means that the data folder is a file. That is reported by the code that opens the folder.
    const isAbsent = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    if (typeof found === 'string' && isAbsent) return null
    if (found === 'in data' && isClosed(dirname(path))) {
      const whose = 'it must belong to the one that the server and its commands run as'
      throw new OptionsError([
        `The data folder ${dirname(path)} cannot be used: this user may not look into it; ${whose}`,
      ])
    }
    const named = typeof found === 'string' ? path : `${found.by}: ${path}`
    throw new OptionsError([`${named} cannot be read: ${error instanceof Error ? error.message : String(error)}`])
  }
  // Loaded by whoever has a file: most starts have none.
  const { parseEntries } = await import('./yaml-entries.ts')
  return {
    path,
    folder: dirname(resolve(path)),
    isInData: found === 'in data',
    entries: parseEntries(text, path),
  }
}

/**
 * Whether this user may not look into the folder. Then nobody can tell whether a file is there; since none was named,
 * that is no error of the configuration.
 */
function isClosed(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES'
  }
}
