// A new name is durable only once its folder is.

import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Also of a file: what was written to it. Windows cannot open folders, and nothing is done there. */
export function keepDurable(path: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
