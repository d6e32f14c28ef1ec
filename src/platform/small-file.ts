// Files that somebody names to us, read no further than they may be long: a device has no end, and a size that was asked for
// before says nothing about one.

import { closeSync, openSync, readSync } from 'node:fs'

/** Pipes too, such as those that a shell makes of a command. Throws what the system says, or that it is longer than `most` bytes. */
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
