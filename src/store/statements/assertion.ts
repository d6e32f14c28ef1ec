// SQL about assertions and proofs of a key that clients have used.

import { statement } from '../database/driver.ts'

/** Guard: no row when it was used before, on whatever node. */
export const consumeAssertion = statement<{ hash: Uint8Array; expires_at: number }, { hash: Uint8Array }>(
  'consume_assertion',
  `INSERT INTO assertion_jti (hash, expires_at) VALUES (:hash, :expires_at)
   ON CONFLICT (hash) DO NOTHING RETURNING hash`,
)
