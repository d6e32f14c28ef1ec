// When a client that could not be told is tried again. Pure.

import type { Seconds } from '../../model/time.ts'

const FIRST: Seconds = 5
const FACTOR = 3
const LONGEST: Seconds = 3_600
const LONGEST_PAUSE: Seconds = 30

/** 5, 15, 45 seconds and so on up to an hour, a quarter more or less: not all in step. `dice` is from 0 to 1. */
export function retryAfter(attempts: number, dice: number): Seconds {
  const plain = Math.min(FIRST * FACTOR ** (attempts - 1), LONGEST)
  return Math.max(1, Math.round(plain * (0.75 + dice / 2)))
}

/** How long a client is left alone after so many failures in a row, whatever else is due for it. */
export function pauseAfter(failures: number): Seconds {
  return Math.min(FIRST * FACTOR ** (failures - 1), LONGEST_PAUSE)
}
