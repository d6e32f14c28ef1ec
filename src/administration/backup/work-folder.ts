// The folder in which a backup is made, beside the file that it becomes. It is locked while its process lives, and goes with
// it wherever the process has a last word; what one that was killed has left is cleared away by the next backup.

import { existsSync, rmSync } from 'node:fs'
import { lstat, mkdtemp, readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AlreadyOwned, takeOwnership } from '../../store/database/sqlite/owner.ts'
import { AdministrationError } from '../errors.ts'
import { reasonOf } from './files.ts'

export const COPY = 'copy.sqlite'
export const FINISHED = 'backup'

export interface WorkFolder {
  readonly path: string
  remove(): Promise<void>
}

/** By path, of folders beside a backup in which another was made that came to no end. */
export interface Leftovers {
  readonly removed: readonly string[]
  /** May hold a copy of everybody's data. Of an older release, or not as we left it: somebody has to look. */
  readonly kept: readonly string[]
}

const PREFIX = '.lingpai-backup-'
const NAME = /^\.lingpai-backup-[A-Za-z0-9]{6}$/
const LOCK = 'owner.sqlite'
/** All that a backup ever puts into its folder. */
const OURS = /^(owner\.sqlite(-journal)?|copy\.sqlite(-journal|-wal|-shm)?|backup)$/
const TRIES = 3

/** Beside the target, so that the finished file only needs its name; readable by its owner only. */
export async function openWorkFolder(beside: string): Promise<WorkFolder> {
  for (let attempt = 1; ; attempt++) {
    try {
      const path = await mkdtemp(join(beside, PREFIX))
      const folder = locked(path)
      if (folder !== null) return folder
    } catch (error) {
      const message = `The backup cannot be written in ${beside}: ${reasonOf(error)}`
      if (attempt === TRIES)
        throw new AdministrationError('backup_failed', message, 'Name a file in a folder that is there', {
          cause: error,
        })
    }
  }
}

/** Null when another backup has removed the new folder, taking it for a leftover. */
function locked(path: string): WorkFolder | null {
  const removeNow = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  try {
    const lock = takeOwnership(path)
    if (!existsSync(join(path, LOCK))) {
      lock.release()
      return null
    }
    // A second Ctrl+C ends the process at once, but `exit` handlers still run.
    process.on('exit', removeNow)
    return {
      path,
      async remove() {
        process.removeListener('exit', removeNow)
        await rm(path, { recursive: true, force: true, maxRetries: 3 })
        lock.release()
      },
    }
  } catch (error) {
    removeNow()
    throw error
  }
}

/** Removes work folders that certainly come from backups of ours whose process has ended. */
export async function clearLeftovers(beside: string): Promise<Leftovers> {
  const names = await readdir(beside).catch((): string[] => [])
  const removed: string[] = []
  const kept: string[] = []
  for (const name of names.filter((each) => NAME.test(each)).toSorted()) {
    const path = join(beside, name)
    const end = await cleared(path).catch(() => 'kept' as const)
    if (end === 'removed') removed.push(path)
    if (end === 'kept') kept.push(path)
  }
  return { removed, kept }
}

async function cleared(path: string): Promise<'removed' | 'kept' | 'in use'> {
  const found = await lstat(path)
  if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) return 'kept'
  // Without a lock nothing tells whether somebody works in it.
  if (!(await namesOf(path)).includes(LOCK)) return 'kept'
  const lock = lockOf(path)
  if (lock === null) return 'in use'
  try {
    const names = await namesOf(path)
    // One by one, the lock last: what has come since is not ours, and keeps its folder.
    for (const name of names.filter((each) => each !== LOCK)) await rm(join(path, name))
    await rm(join(path, LOCK))
    await rmdir(path)
    return 'removed'
  } finally {
    lock.release()
  }
}

/** Throws for a folder that holds anything else than a backup puts there. */
async function namesOf(path: string): Promise<readonly string[]> {
  const names = await readdir(path)
  for (const name of names) {
    if (!OURS.test(name) || !(await lstat(join(path, name))).isFile()) throw new Error(`${name} is not ours`)
  }
  return names
}

function lockOf(path: string) {
  try {
    return takeOwnership(path)
  } catch (error) {
    if (error instanceof AlreadyOwned) return null
    throw error
  }
}
