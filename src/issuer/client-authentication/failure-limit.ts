// Bounds on guessing client secrets: per client and address, never against people, and never against the same client
// from elsewhere.

import { addressBucket } from '../../http/request/address.ts'
import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import { createWindowCounter } from '../../platform/window-counter.ts'
import { OAuthError } from '../../protocol/errors.ts'

export interface FailureLimit {
  /** `clientId` is empty for every client that is not ours. Throws 429 while this client must wait at this address. */
  assertOpen(clientId: string, address: string): void
  /** True when this failure closes the gate. */
  count(clientId: string, address: string): boolean
}

/** Enough for any client that probes methods or is being set up; secrets of 256 bits need no stricter one. */
const MOST_FAILURES = 30
const LEAST_FAILURES = 5
const WINDOW: Seconds = 60

/** Of a server whose processes share the work, each counts what comes to it: `workers` divides the bound. */
export function createFailureLimit(clock: Clock, workers: number): FailureLimit {
  const most = Math.max(LEAST_FAILURES, Math.ceil(MOST_FAILURES / workers))
  const failures = createWindowCounter(clock, WINDOW)
  // One visitor owns a whole IPv6 /48.
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
