// Verbs about attempts at guessing: each counter is charged before the secret is looked at.

import type { Seconds } from '../../model/time.ts'
import type { Driver } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import * as sql from '../statements/attempt.ts'

/** A counter's rules: see `sign-in/authenticators/limits.ts`. */
export interface Charge {
  readonly keyHash: Uint8Array
  /** Seconds after which failures are forgotten. */
  readonly window: Seconds
  /** From this many failures on, waiting begins. */
  readonly free: number
  readonly wait: Seconds
  readonly longest: Seconds
}

export interface Counter {
  readonly keyHash: Uint8Array
  readonly failures: number
  readonly blockedUntil: Seconds
}

export interface AttemptVerbs {
  /** Charges all counters or none; in the latter case `place` says which is the first that must wait. */
  chargeAttempts(
    charges: readonly Charge[],
    now: Seconds,
  ): Promise<{ readonly charged: true } | { readonly charged: false; readonly place: number }>
  /** At most four. */
  findCounters(keyHashes: readonly Uint8Array[], now: Seconds): Promise<readonly Counter[]>
  /** To be called after a success: counters in `forget` start again, those in `refund` get one charge back. */
  settleAttempts(forget: readonly Uint8Array[], refund: readonly Uint8Array[]): Promise<void>
}

export function createAttemptVerbs(driver: Driver): AttemptVerbs {
  return {
    async chargeAttempts(charges, now) {
      const result = await driver.atomic(
        charges.map(({ keyHash, window, free, wait, longest }, place) =>
          step(sql.chargeAttempt, { key_hash: keyHash, now, window, free, wait, longest }, String(place)),
        ),
      )
      return result.held ? { charged: true } : { charged: false, place: Number(result.guard) }
    },
    async findCounters([k1, k2, k3, k4], now) {
      if (k1 === undefined) return []
      const bind = { k1, k2: k2 ?? k1, k3: k3 ?? k1, k4: k4 ?? k1, now }
      return (await driver.rows(sql.findAttempts, bind)).map((row) => ({
        keyHash: row.key_hash,
        failures: row.failures,
        blockedUntil: row.blocked_until,
      }))
    },
    async settleAttempts(forget, refund) {
      await driver.atomic([
        ...forget.map((key_hash) => step(sql.forgetAttempts, { key_hash })),
        ...refund.map((key_hash) => step(sql.refundAttempt, { key_hash })),
      ])
    },
  }
}
