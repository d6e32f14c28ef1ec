// Limits guessing of client secrets, for each client and address: never for people, and never for the same client at
// another address.

import { addressBucket } from '../../http/request/address.ts'
import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import { createWindowCounter } from '../../platform/window-counter.ts'
import { OAuthError } from '../../protocol/errors.ts'

export interface FailureLimit {
  /**
   * `clientId` is empty for every client that we do not know. Throws 429 while this client must wait at this address.
   */
  assertOpen(clientId: string, address: string): void
  /** True when this failure is the one after which the client must wait. */
  count(clientId: string, address: string): boolean
}

/** Enough for any client that probes methods or is being set up. Secrets of 256 bits need no stricter limit. */
const MOST_FAILURES = 30
const LEAST_FAILURES = 5
const WINDOW: Seconds = 60

/** Where several processes share the work, each counts only what reaches it, so the limit is divided by `workers`. */
export function createFailureLimit(clock: Clock, workers: number): FailureLimit {
  const most = Math.max(LEAST_FAILURES, Math.ceil(MOST_FAILURES / workers))
  const failures = createWindowCounter(clock, WINDOW)
  // One visitor may own a whole IPv6 /48.
  const keyOf = (clientId: string, address: string) => `${addressBucket(address)} ${clientId}`
  return {
    assertOpen(clientId, address) {
      if (failures.of(keyOf(clientId, address)) < most) return
      throw new OAuthError({
        error: 'temporarily_unavailable',
        status: 429,
        description: 'Too many failed client authentications from this address',
        rule: 'client_authentication_limited',
        clause: 'RFC 6819 §4.3.4',
        reason: `this client failed ${most} times within a minute from this address; it may try again then`,
        headers: { 'retry-after': String(failures.left()) },
      })
    },
    count: (clientId, address) => failures.count(keyOf(clientId, address)) === most,
  }
}
