// An authorization request that its client has pushed before it sends a browser. RFC 9126.

import type { Seconds } from './time.ts'

export interface PushedRequest {
  /** SHA-256 of what stands behind the prefix in `request_uri`. */
  readonly referenceHash: Uint8Array
  readonly clientId: string
  /** Name and value, in the order sent; a name that may be repeated stands there several times. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
  readonly createdAt: Seconds
  /** Until then a browser may come with it. */
  readonly validUntil: Seconds
  /** Until then a sign-in that began in time may be answered. */
  readonly expiresAt: Seconds
}
