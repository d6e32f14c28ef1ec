// A consent: a remembered yes of one user to one client.

import type { Seconds } from './time.ts'

export interface Consent {
  readonly userId: string
  readonly clientId: string
  /** Scopes agreed to, space separated; grows with each yes. */
  readonly scope: string
  /** Kinds of personal data agreed to, space separated (see `claims/kinds.ts`): a changed claim map asks again. */
  readonly kinds: string
  readonly givenAt: Seconds
}
