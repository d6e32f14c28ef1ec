// How many bodies above the usual limit may be under way at once. Whoever sends one has proven nothing yet, so the memory
// they take together is bounded, and one address cannot take all of it.

import { addressBucket } from './address.ts'

export interface LargeBodies {
  /** Gives the place back when called; null: none is free, and nothing must be received. */
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
