// One call to one client: that a session, or everything, of a person has ended. Kept until it is delivered or given up.

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
  /** Begun ones count: one that was cut off may have reached the client. */
  readonly attempts: number
  readonly createdAt: Seconds
  /** When the next attempt may begin; while one is under way, when it is taken for lost. */
  readonly dueAt: Seconds
  /** When it is given up; of one that no longer waits, when it is forgotten. */
  readonly expiresAt: Seconds
  readonly lastAttemptAt: Seconds | null
  /** Why the last attempt failed; null when it did not, or there was none. */
  readonly lastReason: string | null
}

/** How one client is told: what is open, and how it went last. */
export interface LogoutSummary {
  readonly clientId: string
  readonly waiting: number
  readonly delivered: number
  readonly abandoned: number
  readonly nextAttemptAt: Seconds | null
}
