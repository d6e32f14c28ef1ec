// SQL about attempts: counters against guessing. An attempt is charged before the secret is looked at, so that a
// hundred in parallel cannot all be checked; success gives the charge back.

import { statement } from '../database/driver.ts'

export interface ChargeBind {
  key_hash: Uint8Array
  now: number
  /** Failures older than this are forgotten. */
  window: number
  /** From this many failures on, waiting begins. */
  free: number
  /** Seconds of the first wait; each further failure doubles it, up to `longest`. */
  wait: number
  longest: number
}

/** The value of the counter after this charge. */
const CHARGED = 'CASE WHEN attempt.window_start + :window <= :now THEN 1 ELSE attempt.failures + 1 END'
const WAIT = `CASE WHEN (${CHARGED}) < :free THEN 0
  WHEN (${CHARGED}) - :free >= 16 THEN CAST(:longest AS BIGINT)
  WHEN CAST(:wait AS BIGINT) * (CAST(1 AS BIGINT) << CAST((${CHARGED}) - :free AS INTEGER)) > CAST(:longest AS BIGINT) THEN CAST(:longest AS BIGINT)
  ELSE CAST(:wait AS BIGINT) * (CAST(1 AS BIGINT) << CAST((${CHARGED}) - :free AS INTEGER)) END`

/** Guard: yields no row while the key must wait. */
export const chargeAttempt = statement<ChargeBind, { failures: number }>(
  'charge_attempt',
  `INSERT INTO attempt (key_hash, failures, window_start, blocked_until, expires_at)
   VALUES (:key_hash, 1, :now,
     CASE WHEN CAST(:free AS BIGINT) <= 1 THEN CAST(:now AS BIGINT) + CAST(:wait AS BIGINT) ELSE 0 END,
     CAST(:now AS BIGINT) + CAST(:window AS BIGINT))
   ON CONFLICT (key_hash) DO UPDATE SET
     failures = ${CHARGED},
     window_start = CASE WHEN attempt.window_start + :window <= :now THEN :now ELSE attempt.window_start END,
     blocked_until = CASE WHEN (${CHARGED}) < :free THEN 0 ELSE :now + (${WAIT}) END,
     expires_at = CAST(:now AS BIGINT) + CAST(:window AS BIGINT)
   WHERE attempt.blocked_until <= :now
   RETURNING failures`,
)

export const findAttempts = statement<
  { k1: Uint8Array; k2: Uint8Array; k3: Uint8Array; k4: Uint8Array; now: number },
  { key_hash: Uint8Array; failures: number; blocked_until: number; window_start: number }
>(
  'find_attempts',
  `SELECT key_hash, failures, blocked_until, window_start FROM attempt
   WHERE key_hash IN (:k1, :k2, :k3, :k4) AND expires_at > :now`,
)

/** After a success: the counter of this key starts again. */
export const forgetAttempts = statement<{ key_hash: Uint8Array }>(
  'forget_attempts',
  'DELETE FROM attempt WHERE key_hash = :key_hash',
)

/** After a success: the charge is given back, and the failures of others stay. */
export const refundAttempt = statement<{ key_hash: Uint8Array }>(
  'refund_attempt',
  `UPDATE attempt SET failures = CASE WHEN failures > 0 THEN failures - 1 ELSE 0 END, blocked_until = 0
   WHERE key_hash = :key_hash`,
)
