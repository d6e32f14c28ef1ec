// Counts for each key within a window of time that begins anew for all keys at once. Memory is bounded: when there are
// too many keys, those with the lowest counts make room, so that nobody gets rid of a count by inventing keys.

import type { Clock } from './clock.ts'

export interface WindowCounter {
  /** The count within this window. */
  of(key: string): number
  /** Counts once more, and returns the new count. */
  count(key: string): number
  /** Seconds until the next window begins, at least one. */
  left(): number
}

const MOST_KEYS = 10_000

/** `window` in seconds. */
export function createWindowCounter(clock: Clock, window: number, mostKeys = MOST_KEYS): WindowCounter {
  let start = 0
  const counts = new Map<string, number>()
  const roll = () => {
    const now = clock.now()
    if (now < start + window) return
    start = now
    counts.clear()
  }
  /**
   * Drops the half with the lowest counts, the oldest of them first: so rarely that each new key costs next to nothing.
   */
  const makeRoom = () => {
    const least = [...counts].sort(([, one], [, other]) => one - other)
    for (const [key] of least.slice(0, Math.ceil(mostKeys / 2))) counts.delete(key)
  }
  return {
    of(key) {
      roll()
      return counts.get(key) ?? 0
    },
    count(key) {
      roll()
      const before = counts.get(key)
      if (before === undefined && counts.size >= mostKeys) makeRoom()
      const counted = (before ?? 0) + 1
      counts.set(key, counted)
      return counted
    },
    left: () => Math.max(1, start + window - clock.now()),
  }
}
