// Counts per key within a window of time that begins anew for all at once: bounded memory, nothing to sweep.

import type { Clock } from '../platform/clock.ts'

export interface WindowCounter {
  /** So often within this window. */
  of(key: string): number
  /** Counts once more, and says how often that makes. */
  count(key: string): number
  /** Seconds until all begin anew, at least one. */
  left(): number
}

/** When full, the window begins anew for all. */
const MOST_KEYS = 10_000

/** `window` in seconds. */
export function createWindowCounter(clock: Clock, window: number): WindowCounter {
  let start = 0
  const counts = new Map<string, number>()
  const roll = () => {
    const now = clock.now()
    if (now < start + window && counts.size < MOST_KEYS) return
    start = now
    counts.clear()
  }
  return {
    of(key) {
      roll()
      return counts.get(key) ?? 0
    },
    count(key) {
      roll()
      const counted = (counts.get(key) ?? 0) + 1
      counts.set(key, counted)
      return counted
    },
    left: () => Math.max(1, start + window - clock.now()),
  }
}
