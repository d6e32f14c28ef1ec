// A new name is durable only once its folder is.

import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Also makes durable what was written to a file. Windows cannot open folders, so nothing is done there. */
export function keepDurable(path: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
