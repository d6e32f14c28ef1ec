// The files of a data folder while its master key is replaced: `master.key.next` from the beginning, and
// `master.key.former-…` at the end, which opens backups made before.

import { linkSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { keepDurable } from '../platform/durable-folder.ts'
import {
  findMasterKeyFile,
  keyCheck,
  loadMasterKey,
  MASTER_KEY_FILE,
  type MasterKey,
  MasterKeyUnusable,
  newMasterKey,
  writeMasterKeyFile,
} from './master-key.ts'
import { type Replacement, readMark } from './replaced-master-key.ts'

const NEXT = 'master.key.next'
const FORMER = 'master.key.former-'

/**
 * The two keys. `stored`: the database's `key_check`. Where no replacement is under way the next key is made here, and
 * kept until there is one. Throws `MasterKeyUnusable` when a key is missing.
 */
export function keysInFolder(folder: string, stored: string | null): Replacement {
  const mark = stored === null ? null : readMark(stored)
  if (mark !== null) {
    const all = readdirSync(folder)
      .filter((name) => name === MASTER_KEY_FILE || name === NEXT || name.startsWith(FORMER))
      .flatMap((name) => findMasterKeyFile(folder, name) ?? [])
    const keyOf = (check: string, which: string): MasterKey => {
      const found = all.find((key) => keyCheck(key) === check)
      if (found !== undefined) return found
      throw new MasterKeyUnusable(
        `The ${which} master key of the replacement that was begun is not in ${folder} any more; bring the file back, or restore a backup`,
      )
    }
    return { former: keyOf(mark.former, 'former'), next: keyOf(mark.next, 'next') }
  }
  const { master: former } = loadMasterKey({ dataFolder: folder }, { create: false })
  // Nothing begins on a database of another key, so nothing is made.
  if (stored !== null && stored !== keyCheck(former)) return { former, next: newMasterKey() }
  const begun = findMasterKeyFile(folder, NEXT)
  if (begun !== null) return { former, next: begun }
  const next = newMasterKey()
  if (writeMasterKeyFile(folder, next, NEXT)) return { former, next }
  throw new MasterKeyUnusable(`${join(folder, NEXT)} was made by another process`)
}

/** Makes the next key the one that is looked for, and keeps the former one beside it; durable when it returns. */
export function putInPlace(folder: string, { former, next }: Replacement): void {
  const present = findMasterKeyFile(folder, MASTER_KEY_FILE)
  if (present !== null && keyCheck(present) === keyCheck(next)) return
  const path = join(folder, MASTER_KEY_FILE)
  try {
    linkSync(path, formerFile(folder, former))
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    if (!isThere) throw error
  }
  renameSync(join(folder, NEXT), path)
  keepDurable(folder)
}

export function formerFile(folder: string, former: MasterKey): string {
  return join(folder, `${FORMER}${former.keyId}`)
}
