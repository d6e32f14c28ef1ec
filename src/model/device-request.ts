// What a device without a browser asks for, until somebody has answered on another one. RFC 8628.

import type { AuthorizationRequest } from './interaction.ts'
import type { Seconds } from './time.ts'

export interface DeviceRequest {
  /** SHA-256 of the device code, which only the device has. */
  readonly deviceHash: Uint8Array
  /** Keyed hash of the user code, which somebody types: it is too short for a plain one. */
  readonly userCodeHash: Uint8Array
  readonly request: AuthorizationRequest
  readonly createdAt: Seconds
  /** Until then somebody may answer, and the device fetch its tokens. */
  readonly validUntil: Seconds
  /** When the row may go: until then the device is told that it was too late. */
  readonly expiresAt: Seconds
}
