// Failures that come one after another and have one cause, such as a database that is down: the first is written at once,
// those that follow are counted and written as one line every so often, and so is the end. What ends and begins anew, a few
// times in between, is told at once again.

import { stopwatch } from './clock.ts'
import type { Log, LogFields, LogLevel } from './log.ts'

export interface FailureSeries {
  readonly isFailing: boolean
  /** The first of a series is written as it is; what follows is counted, and the latest of it is written with the count. */
  failed(message: string, fields?: LogFields): void
  /** It works: one line says so, if one has said that it does not. */
  held(): void
}

export interface SeriesOptions {
  /** Milliseconds between two counts at least. Default 15,000. */
  readonly every?: number
  readonly level?: Exclude<LogLevel, 'debug' | 'info'>
  /** What `held` writes. Without it a series is also over when nothing has failed for the time between two counts. */
  readonly again?: string
}

const EVERY_MS = 15_000
/** Series that may begin in that time before they are counted too: what comes and goes all the time floods no log. */
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
      // Of what says no end, quiet is one: the next count is not to reach back to the failure of another day.
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
      // An end without a beginning would puzzle: that line comes with the next count.
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
