// Ctrl+C and SIGTERM during long work: the work hears of it at its next step, undoes what it began, and says so. A
// second one ends the process at once.

import { CommandFailed, EXIT } from './output.ts'

export interface Interruptible {
  readonly signal: AbortSignal
  /** Throws when somebody wants the work to stop. */
  assertGoingOn(): void
  release(): void
}

export function interruptible(): Interruptible {
  const stop = new AbortController()
  const signals = ['SIGINT', 'SIGTERM'] as const
  const abort = () => {
    stop.abort()
    release()
  }
  const release = () => {
    for (const signal of signals) process.removeListener(signal, abort)
  }
  for (const signal of signals) process.on(signal, abort)
  return {
    signal: stop.signal,
    assertGoingOn() {
      if (stop.signal.aborted) throw new CommandFailed(EXIT.failed, 'interrupted', 'Stopped; nothing is left behind.')
    },
    release,
  }
}
