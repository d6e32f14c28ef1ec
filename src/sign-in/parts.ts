// What the wing of people is built from; `server.ts` hands it over.

import type { KnownBrowsers } from '../credentials/device.ts'
import type { PasswordHasher } from '../credentials/password-hash.ts'
import type { Subjects } from '../credentials/subject.ts'
import type { ClientRecord, SigningAlgorithm } from '../model/client.ts'
import type { Consent } from '../model/consent.ts'
import type { AuthorizationRequest } from '../model/interaction.ts'
import type { Session } from '../model/session.ts'
import type { Seconds } from '../model/time.ts'
import type { User } from '../model/user.ts'
import type { Brand, Locale } from '../pages/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Addresses } from '../protocol/addresses.ts'
import type { AuthorizationAnswer } from '../protocol/response-mode.ts'
import type { ResponseType } from '../protocol/response-type.ts'
import type { InteractionLimits } from '../store/interactions.ts'
import type { Store } from '../store/store.ts'
import type { GuessingLimits } from './authenticators/limits.ts'

export interface SignInParts {
  readonly store: Store
  readonly clock: Clock
  readonly addresses: Addresses
  /** Where our own forms may come from: the issuer's origin, and those at which requests are answered too. */
  readonly origins: readonly string[]
  readonly brand: Brand
  readonly defaultLocale: Locale
  readonly hasher: PasswordHasher
  readonly knownBrowsers: KnownBrowsers
  readonly subjects: Subjects
  /** What the authorization endpoint gives, to clients that are registered for it. */
  readonly responseTypes: readonly ResponseType[]
  /** Key of the anti-forgery values. */
  readonly csrfKey: Uint8Array
  readonly limits: GuessingLimits
  readonly interactionLimits: InteractionLimits
  readonly lifetimes: {
    readonly sessionIdle: Seconds
    readonly sessionAbsolute: Seconds
    readonly interaction: Seconds
  }
  /** Where authorization errors of an unverified client go for a visitor who is not signed in. RFC 9700 §4.11.2. */
  readonly unverifiedErrors: 'ask' | 'redirect'
  /** Null: what the decision rested on has changed; nothing was issued. */
  readonly issueResponse: (issue: {
    readonly request: AuthorizationRequest
    readonly client: ClientRecord
    readonly session: Session
    readonly user: User
    readonly interactionId?: string
    readonly consent?: Consent
  }) => Promise<AuthorizationAnswer | null>
  /** Throws `OAuthError` when no ID token can be signed so now. */
  readonly assertSigns: (algorithm: SigningAlgorithm) => void
  /** The subject and client an ID token of ours was issued for; null when it is none of ours. */
  readonly recogniseIdToken: (token: string) => { readonly subject: string; readonly clientId: string } | null
}
