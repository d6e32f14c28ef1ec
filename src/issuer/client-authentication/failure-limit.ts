// Bounds on guessing client secrets: per client and address, never against people, and never against the same client
// from elsewhere.

import { addressBucket } from '../../http/trusted-proxies.ts'
import type { Seconds } from '../../model/time.ts'
import { OAuthError } from '../../protocol/errors.ts'

export interface FailureLimit {
  /** `clientId` is empty for every client that is not ours. Throws 429 while this client must wait at this address. */
  assertOpen(clientId: string, address: string, now: Seconds): void
  /** True when this failure closes the gate. */
  count(clientId: string, address: string, now: Seconds): boolean
}

/** Enough for any client that probes methods or is being set up; secrets of 256 bits need no stricter one. */
const MOST_FAILURES = 30
const LEAST_FAILURES = 5
const WINDOW: Seconds = 60
/** Bounded memory: when full, the window starts anew for all. */
const MOST_KEYS = 10_000

/** Of a server whose processes share the work, each counts what comes to it: `workers` divides the bound. */
export function createFailureLimit(workers: number): FailureLimit {
  const most = Math.max(LEAST_FAILURES, Math.ceil(MOST_FAILURES / workers))
  let windowStart = 0
  const failures = new Map<string, number>()
  const roll = (now: Seconds) => {
    if (now < windowStart + WINDOW && failures.size < MOST_KEYS) return
    windowStart = now
    failures.clear()
  }
  // One visitor owns a whole IPv6 /48.
  const keyOf = (clientId: string, address: string) => `${addressBucket(address)} ${clientId}`
  return {
    assertOpen(clientId, address, now) {
      roll(now)
      if ((failures.get(keyOf(clientId, address)) ?? 0) < most) return
      throw new OAuthError({
        error: 'temporarily_unavailable',
        status: 429,
        description: 'Too many failed client authentications from this address',
        rule: 'client_authentication_limited',
        clause: 'RFC 6819 §4.3.4',
        reason: `this client failed ${most} times within a minute from this address; it may try again then`,
        headers: { 'retry-after': String(Math.max(1, windowStart + WINDOW - now)) },
      })
    },
    count(clientId, address, now) {
      roll(now)
      const key = keyOf(clientId, address)
      const counted = (failures.get(key) ?? 0) + 1
      failures.set(key, counted)
      return counted === most
    },
  }
}
