// A grant: what a user has given a client, once. Codes and tokens hang on it; revoking it revokes them all.

import type { ClaimsRequest } from '../protocol/claims-request.ts'
import type { Seconds } from './time.ts'

export interface Grant {
  /** `gr_…`, internal. */
  readonly grantId: string
  readonly clientId: string
  readonly clientGeneration: number
  readonly userId: string
  readonly userGeneration: number
  /** The session it was given in. Tokens die when that session is ended, unless `offline`. */
  readonly sessionId: string
  readonly offline: boolean
  /** As asked at the authorization endpoint, names that were dropped included (they may be repeated at refresh). */
  readonly scopeAsked: string
  /** What was granted. */
  readonly scope: string
  /** Single claims granted beside the scope; null: none. */
  readonly claims: ClaimsRequest | null
  /** What its tokens may be meant for (RFC 8707 §2.1), this server itself by its issuer; none asked: user info only. */
  readonly resources: readonly string[]
  readonly authenticatedAt: Seconds
  readonly amr: readonly string[]
  readonly issuedAt: Seconds
  /** When everything that hangs on it has expired, whatever lifetimes are set later; then the row may go. */
  readonly expiresAt: Seconds
}

/** A code waiting to be redeemed: bound to its client, redirect URI and PKCE challenge. */
export interface AuthorizationCode {
  readonly grantId: string
  readonly redirectUri: string
  readonly codeChallenge: string | null
  readonly nonce: string | null
  /** Only whoever has this key may redeem it; null: any key, or none. RFC 9449 §10. */
  readonly keyThumbprint: string | null
  readonly issuedAt: Seconds
  readonly expiresAt: Seconds
  readonly consumedAt: Seconds | null
  readonly failures: number
}

/** The refresh tokens of a grant: one that is good, and what must be known of those before it. */
export interface RefreshFamily {
  readonly grantId: string
  readonly current: {
    /** With `rotations` above 0 also when the last rotation was. */
    readonly issuedAt: Seconds
    /** Idle end of this one token. */
    readonly expiresAt: Seconds
  }
  /** The absolute end; rotation does not move it. */
  readonly expiresAt: Seconds
  /** How many came before the current one. */
  readonly rotations: number
  /** Only whoever has this key may refresh; null: the client authenticates, or has proven none. RFC 9449 §5. */
  readonly keyThumbprint: string | null
  /**
   * When those before the last one were, as far as a repeat might still matter, newest last: ten digits each and a space. Text,
   * since each refresh adds to it and hardly any reads it.
   */
  readonly earlierRotations: string
}

/** What is remembered of a token that was replaced, so that a repeat inside the window gets the same successor. */
export interface Rotation {
  readonly rotatedAt: Seconds
  readonly salt: Uint8Array
  /** SHA-256 over the parameters of the rotating request: a repeat must ask for the same. */
  readonly requestDigest: Uint8Array
  /** What the successor access token was given. */
  readonly scope: string
  readonly address: string
  readonly userAgent: string
  /** What the successor access token was bound to; null: nothing. RFC 9449 §6. */
  readonly keyThumbprint: string | null
  /** The successor access token itself, where it cannot be derived: opens with the token that was rotated. */
  readonly sealedAccessToken: Uint8Array | null
}

/** No access token lives longer, whatever is set. */
export const LONGEST_ACCESS_TOKEN: Seconds = 30 * 86_400

/** What an access token carries of its grant: all that decides whether it still holds, so that it is read by itself. */
export interface CarriedGrant {
  readonly grantId: string
  readonly userId: string
  /** `User.number`. */
  readonly userNumber: number
  readonly userGeneration: number
  /** The session it ends with; null: it may be used while the person is away. */
  readonly sessionId: string | null
  /** The grant has single claims beside the scope. */
  readonly claimsAsked: boolean
}

export interface AccessToken {
  readonly clientId: string
  readonly scope: string
  /** The one resource it is meant for; null: user info. */
  readonly resource: string | null
  /** The key it is bound to; null: whoever holds it may use it. RFC 9449 §6. */
  readonly keyThumbprint: string | null
  readonly issuedAt: Seconds
  readonly expiresAt: Seconds
}
