// When to try again a client that could not be told. Pure.

import type { Seconds } from '../../model/time.ts'

const FIRST: Seconds = 5
const FACTOR = 3
const LONGEST: Seconds = 3_600
const LONGEST_PAUSE: Seconds = 30

/**
 * 5, 15, 45 seconds and so on up to an hour, each a quarter more or less, so that not all come at once. `dice` is from
 * 0 to 1.
 */
export function retryAfter(attempts: number, dice: number): Seconds {
  const plain = Math.min(FIRST * FACTOR ** (attempts - 1), LONGEST)
  return Math.max(1, Math.round(plain * (0.75 + dice / 2)))
}

/** For how long nothing at all is sent to a client that has failed so many times in a row. */
export function pauseAfter(failures: number): Seconds {
  return Math.min(FIRST * FACTOR ** (failures - 1), LONGEST_PAUSE)
}
