// The order in which rows expire, as their index has it. Instants alone leave thousands of rows with one, which such an
// index then keeps in the random order of their hashes; each new row would change another page of it.

import type { Seconds } from '../model/time.ts'

const A_SECOND = 1_000_000
let latest = 0

/** For the column `expiry_order`: a number that rises from row to row among those that expire in the same second. */
export function expiryOrder(expiresAt: Seconds): number {
  latest = (latest + 1) % A_SECOND
  return expiresAt * A_SECOND + latest
}
