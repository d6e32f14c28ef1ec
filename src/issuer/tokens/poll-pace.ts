// Devices that ask more often than they were told. RFC 8628 §3.5: each time that they do, they may ask less often. Kept in
// memory, because it is about politeness and not about what somebody may have: another node counts for itself.

import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'

/** RFC 8628 §3.2 */
export const POLL_INTERVAL: Seconds = 5
const MOST_DEVICES = 10_000

export interface PollPace {
  /** Notes that the device asks now. */
  isTooFast(hash: Uint8Array): boolean
}

export function createPollPace(clock: Clock): PollPace {
  const devices = new Map<string, { at: Seconds; interval: Seconds }>()
  return {
    isTooFast(hash) {
      const name = Buffer.from(hash).toString('base64url')
      const now = clock.now()
      const before = devices.get(name)
      devices.delete(name)
      // Our clock ticks once a second, so that five seconds may look like four.
      const tooFast = before !== undefined && now - before.at < before.interval - 1
      const interval = (before?.interval ?? POLL_INTERVAL) + (tooFast ? POLL_INTERVAL : 0)
      devices.set(name, { at: now, interval })
      const [oldest] = devices.keys()
      if (devices.size > MOST_DEVICES && oldest !== undefined) devices.delete(oldest)
      return tooFast
    },
  }
}
