// Files that somebody names to us, read only up to a greatest length: a device has no end, and its size, asked for
// beforehand, says nothing about it.

import { closeSync, openSync, readSync } from 'node:fs'

/**
 * Also reads pipes, such as those that a shell makes of a command. Throws what the system reports, or that the file is
 * longer than `most` bytes.
 */
export function readSmallFile(path: string, most: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(most + 1)
    let size = 0
    for (let read = -1; read !== 0 && size < bytes.length; size += read) {
      read = readSync(file, bytes, size, bytes.length - size, null)
    }
    if (size > most) throw new Error(`it is longer than ${most} bytes`)
    return bytes.subarray(0, size)
  } finally {
    closeSync(file)
  }
}
