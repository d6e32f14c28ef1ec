// A user: one of the company's own people. The identifier a client receives is the user id.

import type { Seconds } from './time.ts'

/** Everything about a person that clients can receive. Absent means unknown. */
export interface UserProfile {
  readonly displayName?: string
  readonly givenName?: string
  readonly familyName?: string
  readonly middleName?: string
  readonly nickname?: string
  readonly profile?: string
  readonly picture?: string
  readonly website?: string
  readonly gender?: string
  readonly birthdate?: string
  readonly zoneinfo?: string
  readonly locale?: string
  readonly address?: Readonly<Record<string, string>>
  /** Columns of an import that have no name of ours; usable in claim maps as `custom.<name>`. */
  readonly custom?: Readonly<Record<string, string>>
}

export interface User {
  /** Opaque ASCII, at most 64; never reused, not even after removal. */
  readonly userId: string
  /**
   * Where the row lies on SQLite, and 0 on PostgreSQL. The store sets it, for rows that refer to the user; nobody else
   * is told.
   */
  readonly number: number
  readonly username: string
  readonly profile: UserProfile
  /** E.164, e.g. `+8613800138000`. Belongs to at most one enabled user. */
  readonly phone: string | null
  readonly phoneVerified: boolean
  readonly email: string | null
  readonly emailVerified: boolean
  readonly enabled: boolean
  /** Grows when everything issued so far (sessions, codes, tokens) must end (disable, set-password). */
  readonly generation: number
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/**
 * What signing in reads: a PHC string, or a hash of another system that is replaced at the next sign-in; null: nobody
 * can sign in.
 */
export interface UserWithPassword extends User {
  readonly passwordHash: string | null
  /** Whoever signs in with it chooses one of their own before they go on. */
  readonly passwordTemporary: boolean
}
