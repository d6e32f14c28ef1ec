// How many deliveries are under way for each client, so that a client that fails or is slow takes no place of the
// others. Kept in memory: each node learns for itself.

import type { Seconds } from '../../model/time.ts'
import { pauseAfter } from './schedule.ts'

const MOST = 32
const MOST_OF_CLIENT = 4
/** Clients that have failed share half of the places, with one place each. */
const MOST_TRIALS = MOST / 2

interface Lane {
  running: number
  failures: number
  pausedUntil: Seconds
}

export interface Lanes {
  /** How many deliveries may be begun for a client now. */
  free(clientId: string, now: Seconds): number
  begin(clientId: string): void
  /** `reached` is null when nothing was sent. */
  end(clientId: string, reached: boolean | null, now: Seconds): void
  /** How many times in a row it has failed. */
  failures(clientId: string): number
}

export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>()
  let running = 0

  const laneOf = (clientId: string): Lane => {
    const known = lanes.get(clientId)
    if (known !== undefined) return known
    const made: Lane = { running: 0, failures: 0, pausedUntil: 0 }
    lanes.set(clientId, made)
    return made
  }

  return {
    free(clientId, now) {
      const lane = lanes.get(clientId)
      const left = MOST - running
      if (lane === undefined) return Math.min(MOST_OF_CLIENT, left)
      if (lane.failures === 0) return Math.min(MOST_OF_CLIENT - lane.running, left)
      if (lane.pausedUntil > now || lane.running > 0) return 0
      const trials = [...lanes.values()].filter((each) => each.failures > 0 && each.running > 0).length
      return trials < MOST_TRIALS ? Math.min(1, left) : 0
    },
    begin(clientId) {
      running++
      laneOf(clientId).running++
    },
    end(clientId, reached, now) {
      const lane = laneOf(clientId)
      running--
      lane.running--
      if (reached === true) lane.failures = 0
      if (reached === false) {
        lane.failures++
        lane.pausedUntil = now + pauseAfter(lane.failures)
      }
      if (lane.running === 0 && lane.failures === 0) lanes.delete(clientId)
    },
    failures: (clientId) => lanes.get(clientId)?.failures ?? 0,
  }
}
