// The verb about what clients sign anew for each request, assertions and proofs of a key: each is used once, whichever
// node it reaches.

import type { Seconds } from '../../model/time.ts'
import { type Driver, step } from '../database/driver.ts'
import { consumeAssertion } from '../statements/assertion.ts'

export interface AssertionVerbs {
  /** True for exactly one caller. It is remembered at least until `expiresAt`. */
  consumeAssertion(hash: Uint8Array, expiresAt: Seconds): Promise<boolean>
}

export function createAssertionVerbs(driver: Driver): AssertionVerbs {
  return {
    async consumeAssertion(hash, expiresAt) {
      return (await driver.atomic([step(consumeAssertion, { hash, expires_at: expiresAt }, 'assertion')])).held
    },
  }
}
