// Failures that follow one another and have one cause, such as a database that is down. The first is logged at once;
// those that follow are counted and logged as one line from time to time, and so is the end. If that happens again, it
// is logged at once a few times, and counted after that.

import { stopwatch } from './clock.ts'
import type { Log, LogFields, LogLevel } from './log.ts'

export interface FailureSeries {
  readonly isFailing: boolean
  /** Logs the first of a series as it is. What follows is counted, and its latest message is logged with the count. */
  failed(message: string, fields?: LogFields): void
  /** It works again: logs that, if it was logged that it does not. */
  held(): void
}

export interface SeriesOptions {
  /** Milliseconds between two counts, at least. Default 15,000. */
  readonly every?: number
  readonly level?: Exclude<LogLevel, 'debug' | 'info'>
  /** What `held` logs. Without it a series also ends when nothing has failed for the time between two counts. */
  readonly again?: string
}

const EVERY_MS = 15_000
/**
 * Series that may begin within that time before they are counted too, so that what comes and goes all the time does not
 * flood the log.
 */
const BEGINNINGS = 3

export function createFailureSeries(log: Log, options: SeriesOptions = {}): FailureSeries {
  const { every = EVERY_MS, level = 'warn', again } = options
  let since: (() => number) | null = null
  let isSaid = false
  let failures = 0
  let unsaid = 0
  let latest: readonly [message: string, fields: LogFields | undefined] | null = null
  let isPausing = false
  let beginnings = 0

  const pause = () => {
    isPausing = true
    beginnings = 0
    setTimeout(tell, every).unref()
  }
  const tell = () => {
    isPausing = false
    if (latest === null) {
      // Where nobody reports an end, silence is one: the next count must not reach back to a failure of another day.
      if (again === undefined) end()
      return
    }
    const [message, fields] = latest
    log[level](message, { ...fields, repeated: unsaid, ...(since !== null && { for_s: seconds(since) }) })
    isSaid = since !== null
    unsaid = 0
    latest = null
    pause()
  }
  const end = () => {
    since = null
    isSaid = false
    failures = 0
  }
  return {
    get isFailing() {
      return since !== null
    },
    failed(message, fields) {
      const mayBegin = since === null && beginnings < BEGINNINGS
      since ??= stopwatch()
      failures++
      if (isPausing && !mayBegin) {
        unsaid++
        latest = [message, fields]
        return
      }
      log[level](message, fields)
      isSaid = true
      if (!isPausing) pause()
      beginnings++
    },
    held() {
      if (since === null) return
      // A line about an end without one about the beginning would puzzle: the end is logged with the next count.
      if (isSaid) {
        if (again !== undefined) log.info(again, { failures, after_s: seconds(since) })
        unsaid = 0
        latest = null
      }
      end()
    },
  }
}

function seconds(elapsed: () => number): number {
  return Math.round(elapsed() / 100) / 10
}
