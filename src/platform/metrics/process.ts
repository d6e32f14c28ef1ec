// What the system and Node say of this process.

import { readdirSync } from 'node:fs'
import { systemClock } from '../clock.ts'

export interface ProcessNumbers {
  /** Seconds of user and system time. */
  readonly cpu: number
  /** Seconds since 1970. */
  readonly startedAt: number
  /** Bytes. */
  readonly memory: number
  readonly heap: number
  /** Null: not on this system. */
  readonly openFiles: number | null
  /** Seconds in which the event loop was not idle. */
  readonly loopBusy: number
}

export function processNumbers(): ProcessNumbers {
  const { user, system } = process.cpuUsage()
  return {
    cpu: (user + system) / 1e6,
    startedAt: Math.round(systemClock().machine() / 1000 - process.uptime()),
    memory: process.memoryUsage.rss(),
    heap: process.memoryUsage().heapUsed,
    openFiles: openFiles(),
    loopBusy: performance.eventLoopUtilization().active / 1000,
  }
}

function openFiles(): number | null {
  try {
    // Without the folder itself, which is open while it is read.
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return null
  }
}
