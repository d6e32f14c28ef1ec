// The only caller of Date.now. `now` never decreases in a process: a clock that is set back revives nothing.

/** Whole seconds since 1970. */
export interface Clock {
  now(): number
}

export function systemClock(): Clock {
  let latest = 0
  return {
    now() {
      latest = Math.max(latest, Math.floor(Date.now() / 1000))
      return latest
    },
  }
}

/** Milliseconds of a monotonic clock: for measuring, never for deciding what is valid. */
export function stopwatch(): () => number {
  const started = performance.now()
  return () => performance.now() - started
}
