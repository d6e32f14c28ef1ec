// What sign-in is built from; `src/composition` hands it over.

import type { KeyObject } from 'node:crypto'
import type { BrowserStateOf } from '../credentials/browser-state.ts'
import type { KnownBrowsers } from '../credentials/known-browsers.ts'
import type { PasswordHasher } from '../credentials/password-hash.ts'
import type { SessionIdentifiers } from '../credentials/session-identifier.ts'
import type { Subjects } from '../credentials/subject.ts'
import type { Client, ClientRecord, SigningAlgorithm } from '../model/client/client.ts'
import type { CommandFlags } from '../model/commands/flags.ts'
import type { Consent } from '../model/consent.ts'
import type { AuthorizationRequest } from '../model/interaction.ts'
import type { Session } from '../model/session.ts'
import type { Seconds } from '../model/time.ts'
import type { User } from '../model/user.ts'
import type { Brand, Locale } from '../pages/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Addresses } from '../protocol/addresses.ts'
import type { OAuthError } from '../protocol/errors.ts'
import type { AuthorizationAnswer } from '../protocol/response-mode.ts'
import type { ResponseType } from '../protocol/response-type.ts'
import type { Store } from '../store/store.ts'
import type { InteractionLimits } from '../store/verbs/interactions.ts'
import type { GuessingLimits } from './authenticators/limits.ts'

type OpenRequestObject = (
  client: ClientRecord,
  text: string,
) => Promise<{ readonly claims: Readonly<Record<string, unknown>> | null; readonly problem: OAuthError | null }>

export interface SignInParts {
  readonly store: Store
  readonly clock: Clock
  readonly addresses: Addresses
  /** Where our own forms may come from: the issuer's origin, and the alternative ones. */
  readonly origins: readonly string[]
  readonly brand: () => Brand
  readonly commandFlags: CommandFlags
  readonly defaultLocale: Locale
  readonly hasher: PasswordHasher
  readonly knownBrowsers: KnownBrowsers
  readonly subjects: Subjects
  readonly sessionIdentifiers: SessionIdentifiers
  /** Clients may be told of a sign-out in frames of the page that follows it. */
  readonly frontChannelLogout: boolean
  /** Gives the login state of a browser to pages of clients that watch it; null: they cannot watch it. */
  readonly browserStateOf: BrowserStateOf | null
  /** The response types that the authorization endpoint offers, to clients that are registered for them. */
  readonly responseTypes: readonly ResponseType[]
  /** Key of the anti-forgery values. */
  readonly csrfKey: KeyObject
  readonly limits: GuessingLimits
  readonly interactionLimits: InteractionLimits
  readonly lifetimes: {
    readonly sessionIdle: Seconds
    readonly sessionAbsolute: Seconds
    readonly interaction: Seconds
  }
  /** What a client says to people, in the reader's language where it is known. */
  readonly textIn: (client: Client, setting: 'recipient' | 'purpose', locale: Locale) => string | null
  /** Where authorization errors of an unverified client go for a visitor who is not signed in. RFC 9700 §4.11.2. */
  readonly unverifiedErrors: 'ask' | 'redirect'
  /** Null: what the decision was based on has changed; nothing was issued. */
  readonly issueResponse: (issue: {
    readonly request: AuthorizationRequest
    readonly client: ClientRecord
    readonly session: Session
    readonly user: User
    readonly interactionId?: string
    readonly consent?: Consent
  }) => Promise<AuthorizationAnswer | null>
  /** Read and prove what a client sent as `request`, or named as `request_uri`. */
  readonly openRequestObject: OpenRequestObject
  readonly openReferencedObject: OpenRequestObject
  /**
   * Brings a client that is known by the address of a document up to date; resolves to why it cannot be used, or null.
   */
  readonly readClientDocument: (clientId: string, address: string) => Promise<string | null>
  /** Throws `OAuthError` when no ID token can be signed so now. */
  readonly assertSigns: (client: ClientRecord) => void
  /** The same for a token that a key of the server signs. */
  readonly assertKeySigns: (algorithm: SigningAlgorithm) => void
  /** The subject and client an ID token of ours was issued for; null when it is none of ours. */
  readonly recogniseIdToken: (token: string, client: ClientRecord | null) => RecognisedIdToken | null
  /** What people may end by themselves on their account page; null: there is no such page. */
  readonly account: AccountActs | null
  /** The issuer's own address, where a page of ours answers; null: it belongs to somebody else. */
  readonly frontHref: string | null
  /** To be called when sessions have ended, so that clients hear of it. */
  readonly sessionsEnded: () => void
}

/** Each acts for one person, and cannot reach what is another's. */
export interface AccountActs {
  /** False: there was no consent. */
  readonly withdrawConsent: (userId: string, clientId: string) => Promise<boolean>
  /** False: it has ended already, or was never theirs. */
  readonly endSession: (userId: string, sessionId: string) => Promise<boolean>
  /** Ends all but one; resolves to how many of them the page had listed. */
  readonly endOtherSessions: (userId: string, kept: string) => Promise<number>
}

export interface RecognisedIdToken {
  readonly subject: string
  readonly clientId: string
  /** Null: the ID token is from before they named their session. */
  readonly sid: string | null
}
