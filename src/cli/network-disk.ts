// A data folder that lies on another machine: SQLite's log is shared memory of one machine, and both its locks and what
// the disk has kept are what the network says of them.

import { statfsSync } from 'node:fs'
import type { Log } from '../platform/log.ts'

/** By the number that Linux gives to a kind of file system (statfs(2), `linux/magic.h`). */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0x5346414f, 'AFS'],
])

/** It is no refusal: where one machine alone has it open, some of them keep what they say. */
export function tellNetworkDisk(data: string, log: Log): void {
  const kind = process.platform === 'linux' ? NETWORK.get(kindOf(data)) : undefined
  if (kind === undefined) return
  log.warn(
    'the data folder lies on a file system of the network, where what was answered may be lost and a second server may not be noticed; use a disk of this machine, or PostgreSQL',
    { folder: data, kind },
  )
}

function kindOf(folder: string): number {
  try {
    return statfsSync(folder).type >>> 0
  } catch {
    // What is wrong with the folder is told by whoever uses it.
    return 0
  }
}
