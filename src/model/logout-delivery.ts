// One message to one client: that a session, or every session, of a person has ended. Kept until it is delivered or
// given up.

import type { Seconds } from './time.ts'

/** `abandoned`: no further attempt, until the operator asks for one. */
export type LogoutState = 'waiting' | 'delivered' | 'abandoned'

export interface LogoutDelivery {
  /** `lo_…` */
  readonly deliveryId: string
  readonly clientId: string
  readonly userId: string
  /** Null: every session that the person has at the client. OpenID Connect Back-Channel Logout §2.4. */
  readonly sessionId: string | null
  readonly state: LogoutState
  /** Attempts that were begun, because one that was cut off may have reached the client. */
  readonly attempts: number
  readonly createdAt: Seconds
  /** When the next attempt may begin; while one is under way, when that attempt counts as lost. */
  readonly dueAt: Seconds
  /** When a waiting delivery is given up, or another one deleted. */
  readonly expiresAt: Seconds
  readonly lastAttemptAt: Seconds | null
  /** Why the last attempt failed; null when it succeeded, or there was none. */
  readonly lastReason: string | null
}

/** How one client is being told: how much is open, and what came of the last attempt. */
export interface LogoutSummary {
  readonly clientId: string
  readonly waiting: number
  readonly delivered: number
  readonly abandoned: number
  readonly nextAttemptAt: Seconds | null
}
