// A clock that a test can move.

import type { Clock } from '../../src/platform/clock.ts'

export interface TestClock extends Clock {
  advance(seconds: number): void
}

export function testClock(start = Math.floor(Date.now() / 1000)): TestClock {
  let now = start
  return {
    now: () => now,
    advance(seconds) {
      now += seconds
    },
  }
}
