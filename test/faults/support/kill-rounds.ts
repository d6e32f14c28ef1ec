// Kills a server under load, again and again on the same data, and asks after each start whether what it said is true.

import { Caller } from './caller.ts'
import { startChild } from './child.ts'
import type { Prepared } from './installation.ts'
import { Ledger, type Tally } from './ledger.ts'

export interface Round extends Tally {
  /** Milliseconds of load before the kill. */
  readonly after: number
  readonly faults: readonly string[]
}

const WORKERS = 12

/** `after`: when to kill, in milliseconds. */
export async function killRound({ words, env }: Prepared, after: number): Promise<Round> {
  const ledger = new Ledger()
  const first = await startChild({ words, env })
  const under = new Caller(first)
  let isDead = false
  const workers = Array.from({ length: WORKERS }, () => ledger.work(under, () => isDead))
  await new Promise((resolve) => setTimeout(resolve, after))
  await first.kill()
  isDead = true
  await Promise.all(workers)
  under.close()
  const second = await startChild({ words, env })
  const again = new Caller(second)
  try {
    const faults = await ledger.settle(again)
    return { ...ledger.tally(), after, faults }
  } finally {
    again.close()
    await second.stop()
  }
}

/** A number between 0 and 1 that a seed decides: a round that failed can be run again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
