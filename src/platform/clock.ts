// The only caller of Date.now. `now` never decreases in a process: a clock that is set back revives nothing.

/** Whole seconds since 1970. */
export interface Clock {
  now(): number
}

export interface SystemClock extends Clock {
  /** Milliseconds since 1970 as this machine has them, uncorrected. */
  machine(): number
  /** From now on `now` is this machine's time plus this many milliseconds; even then it never decreases. */
  correct(milliseconds: number): void
}

export function systemClock(): SystemClock {
  let latest = 0
  let correction = 0
  return {
    now() {
      latest = Math.max(latest, Math.floor((Date.now() + correction) / 1000))
      return latest
    },
    machine: () => Date.now(),
    correct(milliseconds) {
      correction = milliseconds
    },
  }
}

/** Milliseconds of a monotonic clock: for measuring, never for deciding what is valid. */
export function stopwatch(): () => number {
  const started = performance.now()
  return () => performance.now() - started
}
