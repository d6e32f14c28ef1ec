// Ctrl+C and SIGTERM: the first lets what is going on come to a good end, one that comes a second later or more ends
// the process at once.

import { stopwatch } from '../platform/clock.ts'
import { CommandFailed, EXIT } from './output.ts'

/**
 * A second signal within this time counts as the same Ctrl+C: wrappers such as npx, a shell or `timeout` hand on the
 * signal which the terminal has sent to this process already.
 */
const SAME_WISH_MS = 1_000

/** Calls `first` at the first signal. The returned function stops listening, so that signals end the process as usual again. */
export function onStopSignal(first: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const
  let since: (() => number) | null = null
  const heard = () => {
    if (since !== null) {
      if (since() >= SAME_WISH_MS) process.exit(EXIT.failed)
      return
    }
    since = stopwatch()
    first()
  }
  for (const signal of signals) process.on(signal, heard)
  return () => {
    for (const signal of signals) process.removeListener(signal, heard)
  }
}

export interface Interruptible {
  readonly signal: AbortSignal
  /** Throws when somebody wants the work to stop. */
  assertGoingOn(): void
  release(): void
}

/** For long work: it asks at each step whether it was stopped, and then undoes what it began. */
export function interruptible(): Interruptible {
  const stop = new AbortController()
  return {
    signal: stop.signal,
    assertGoingOn() {
      if (stop.signal.aborted) throw new CommandFailed(EXIT.failed, 'interrupted', 'Stopped; nothing is left behind.')
    },
    release: onStopSignal(() => stop.abort()),
  }
}
