// What a restore that was killed leaves in its folder: a draft, and no database.

export const DRAFT = '.restore-'

/** `entries` of the folder. Perhaps the master key is there already: a server would begin an empty database with it. */
export function isUnfinishedRestore(entries: readonly string[], databaseFile: string): boolean {
  return !entries.includes(databaseFile) && entries.some((name) => name.startsWith(DRAFT))
}
