// How many bodies above the usual limit may be received at once. Their senders have proven nothing yet, so the memory
// for all of them is bounded, and one address cannot take all of it.

import { addressBucket } from './address.ts'

export interface LargeBodies {
  /** Returns what gives the place back; null: no place is free, and the body must not be received. */
  take(address: string): (() => void) | null
}

/** Times 16 MiB, the largest body of ours. */
const MOST = 4

export function createLargeBodies(most = MOST): LargeBodies {
  const holders = new Set<string>()
  return {
    take(address) {
      const holder = addressBucket(address)
      if (holders.size >= most || holders.has(holder)) return null
      holders.add(holder)
      let given = false
      return () => {
        if (!given) holders.delete(holder)
        given = true
      }
    },
  }
}
