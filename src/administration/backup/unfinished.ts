// What a restore that is running has in its folder, and one that was killed leaves there: a draft, and no database.

/** One name, so that of several restores into a folder one alone can make it. */
export const DRAFT = '.restore-draft'
/** Those of older releases end otherwise. */
const ANY_DRAFT = '.restore-'

/** `entries` of the folder. Perhaps the master key is there already: a server would begin an empty database with it. */
export function isUnfinishedRestore(entries: readonly string[], databaseFile: string): boolean {
  return !entries.includes(databaseFile) && entries.some((name) => name.startsWith(ANY_DRAFT))
}
