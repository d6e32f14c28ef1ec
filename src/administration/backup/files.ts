// Files of a backup on disk: read in order, written durably and for the owner only, and put in place under their final
// name in one step, never over anything that is there.

import { constants, createReadStream } from 'node:fs'
import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AdministrationError } from '../errors.ts'
import { damaged, type Reader } from './container.ts'

const OWNER_ONLY = 0o600

/** Opens a file for reading. A pipe is refused at once; opening it would wait until somebody writes to it. */
export async function openForReading(path: string): Promise<FileHandle> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
  } catch (error) {
    throw new AdministrationError('not_a_backup', `The backup file ${path} cannot be read: ${reasonOf(error)}`, null, {
      cause: error,
    })
  }
  throw new AdministrationError('not_a_backup', `The backup file ${path} is not a regular file`)
}

export function readerOf(handle: FileHandle): Reader {
  return {
    async read(length) {
      const bytes = Buffer.alloc(length)
      let filled = 0
      while (filled < length) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled).catch((cause: unknown) => {
          throw damaged(`it cannot be read: ${reasonOf(cause)}`, { cause })
        })
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return bytes.subarray(0, filled)
    },
  }
}

export function bytesOf(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: 262_144 })
}

/** Writes a new file in a work folder; resolves to its number of bytes when it is durable. */
export async function writeDurably(path: string, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants
  const handle = await open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, OWNER_ONLY)
  let written = 0
  try {
    for await (const bytes of pieces) {
      await handle.writeFile(bytes).catch(whyNot(path))
      written += bytes.length
    }
    await handle.sync().catch(whyNot(path))
  } finally {
    await handle.close()
  }
  return written
}

/**
 * Makes a clear error of a disk that is full or fails. It names the folder of the backup, because the work folder
 * inside it is removed.
 */
function whyNot(path: string): (cause: unknown) => never {
  return (cause) => {
    const message = `${dirname(dirname(path))} cannot be written: ${reasonOf(cause)}`
    throw new AdministrationError('folder_unusable', message, null, { cause })
  }
}

export async function assertAbsent(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return null
    throw new AdministrationError('backup_failed', `${path} cannot be written: ${reasonOf(error)}`)
  })
  if (found !== null) throw fileExists(path)
}

/** The finished file gets its name at once or not at all, and never replaces another one. */
export async function putInPlace(finished: string, path: string): Promise<void> {
  try {
    await link(finished, path)
  } catch (error) {
    if (isCode(error, 'EEXIST')) throw fileExists(path)
    // Memory sticks and some network drives have file systems without hard links.
    await claimAndReplace(finished, path)
  }
}

/**
 * Reserves the name with an empty file and replaces that by the finished one. Copying instead could be cut off and
 * leave half a backup under the name.
 */
async function claimAndReplace(finished: string, path: string): Promise<void> {
  try {
    await (await open(path, 'wx', OWNER_ONLY)).close()
  } catch (error) {
    if (isCode(error, 'EEXIST')) throw fileExists(path)
    throw error
  }
  try {
    await rename(finished, path)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

/** Flushes a folder to the disk, since names of files are durable only when their folder is. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function fileExists(path: string): AdministrationError {
  return new AdministrationError(
    'file_exists',
    `${path} exists already`,
    'A backup never replaces a file: choose another name',
  )
}
