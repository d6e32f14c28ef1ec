// The files of a data folder while its master key is replaced: `master.key.next` from the beginning, and
// `master.key.former-…` at the end, which opens backups made before.

import { lstatSync, readdirSync, renameSync } from 'node:fs'
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
  if (lstatSync(join(folder, MASTER_KEY_FILE)).isSymbolicLink()) {
    throw new MasterKeyUnusable(
      `${join(folder, MASTER_KEY_FILE)} is a link to a key that is kept elsewhere; give that one by LINGPAI_MASTER_KEY_FILE, and the next one by --new-key-file`,
    )
  }
  const begun = findMasterKeyFile(folder, NEXT)
  if (begun !== null) return { former, next: begun }
  const next = newMasterKey()
  if (writeMasterKeyFile(folder, next, NEXT)) return { former, next }
  throw new MasterKeyUnusable(`${join(folder, NEXT)} was made by another process`)
}

/** Makes the next key the one that is looked for, and keeps the former one beside it; durable when it returns. */
export function putInPlace(folder: string, { former, next }: Replacement): void {
  const path = join(folder, MASTER_KEY_FILE)
  const present = findMasterKeyFile(folder, MASTER_KEY_FILE)
  if (present === null || keyCheck(present) !== keyCheck(next)) {
    if (present !== null && keyCheck(present) !== keyCheck(former)) throw holdsAnother(path)
    // Each is durable before the next step: after a power cut the former key must still be in a file.
    keepIn(folder, `${FORMER}${former.keyId}`, former)
    keepIn(folder, NEXT, next)
    try {
      renameSync(join(folder, NEXT), path)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new MasterKeyUnusable(`${path} could not be replaced: ${why}`, { cause: error })
    }
  }
  keepDurable(folder)
}

/** What somebody else has put there may be the only copy of another key. */
function keepIn(folder: string, name: string, key: MasterKey): void {
  const found = findMasterKeyFile(folder, name)
  if (found === null && writeMasterKeyFile(folder, key, name)) return
  if (found === null || keyCheck(found) !== keyCheck(key)) throw holdsAnother(join(folder, name))
}

function holdsAnother(path: string): MasterKeyUnusable {
  return new MasterKeyUnusable(`${path} holds another key than it should; move it elsewhere, and run the command again`)
}

export function formerFile(folder: string, former: MasterKey): string {
  return join(folder, `${FORMER}${former.keyId}`)
}
