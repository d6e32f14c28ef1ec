// How far this machine's clock is from the database's. Nodes on one PostgreSQL follow the database's clock, so that
// small differences do no harm. A node that is far off says so, because nobody can tell which of the two clocks is
// wrong.

import { type SystemClock, stopwatch } from '../../../platform/clock.ts'
import type { Log } from '../../../platform/log.ts'
import { type Driver, statement } from '../driver.ts'

const readClock = statement<object, { now: number }>(
  'read_clock',
  'SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT) AS now',
)

// Milliseconds.
const WORTH_A_WARNING = 2_000
const TOO_FAR = 30_000
/** Milliseconds: a slower answer says too little about the moment at which the clock was read. */
const SLOWEST_ANSWER = 1_000

export interface ClockOffset {
  /** Reads the database's clock and corrects this node's; a slow answer changes nothing. */
  measure(): Promise<void>
  /** Why this node must not serve; null: its clock is near enough. */
  unready(): string | null
}

export function createClockOffset(driver: Driver, clock: SystemClock, log: Log): ClockOffset {
  let problem: string | null = null
  let isWarned = false
  return {
    async measure() {
      const elapsed = stopwatch()
      const asked = clock.machine()
      const [row] = await driver.rows(readClock, {})
      const took = elapsed()
      if (row === undefined || took > SLOWEST_ANSWER) return
      const offset = Math.round(row.now - asked - took / 2)
      const distance = Math.abs(offset)
      const seconds = Math.round(distance / 100) / 10
      const words = `the clock of this machine is ${seconds} s ${offset < 0 ? 'ahead of' : 'behind'} the database's`
      const isFar = distance >= TOO_FAR
      // Following a clock that is far off could end everything that was issued, and `now` never goes back.
      if (!isFar) clock.correct(offset)
      if (isFar && problem === null) log.error(`${words}: this node is not ready until they agree`)
      if (!isFar && distance >= WORTH_A_WARNING && !isWarned) log.warn(`${words}; this node follows the database`)
      isWarned = distance >= WORTH_A_WARNING
      problem = isFar ? words : null
    },
    unready: () => problem,
  }
}
