// An interaction: one visit that signs in and consents, from the authorization request to its answer.

import type { ClaimsRequest, ClaimWish } from '../protocol/claims-request.ts'
import type { ResponseMode } from '../protocol/response-mode.ts'
import type { ResponseType } from '../protocol/response-type.ts'
import type { Subject } from './client/sector.ts'
import type { Seconds } from './time.ts'

/** The authorization request after full validation, as plain data: exactly what the answer will be bound to. */
export interface AuthorizationRequest {
  readonly clientId: string
  readonly redirectUri: string
  readonly responseType: ResponseType
  readonly responseMode: ResponseMode
  /** Names asked for, in order, unknown ones included. */
  readonly scopeAsked: string
  /** Names this client can be granted, in the order asked. */
  readonly scope: string
  readonly state: string | null
  readonly nonce: string | null
  readonly codeChallenge: string | null
  readonly prompt: readonly ('none' | 'login' | 'consent' | 'select_account')[]
  readonly maxAge: Seconds | null
  readonly loginHint: string | null
  readonly uiLocales: string | null
  /** Named by a verified `id_token_hint`, as this client knows the person. Absent: nobody. */
  readonly hintedSubject?: string
  /** Single claims asked for, as far as this client can be given them. Absent: none. */
  readonly claims?: ClaimsRequest
  /** What the tokens may be meant for, in the order asked (RFC 8707 §2.1). Absent: nothing was named. */
  readonly resources?: readonly AskedResource[]
  /** The client has pushed the request: the hash of its reference in base64url. Absent: the browser has brought it. */
  readonly pushed?: string
  /**
   * It is answered to a device: the hash of its code in base64url. RFC 8628. Absent: to the redirect URI.
   */
  readonly device?: string
  /** The key that the code is bound to. Absent: to none. RFC 9449 §10. */
  readonly keyThumbprint?: string
  /** What `claims` names as values of `sub`. Absent: anybody. */
  readonly subjects?: readonly string[]
}

/** A resource as it was when the request was read. */
export interface AskedResource {
  readonly identifier: string
  /** Shown to the person; null: this server itself. */
  readonly name: string | null
  /** What of the scope is meant for it, space separated. */
  readonly scope: string
}

/** OpenID Connect Core §3.1.2.2: the request is about certain people, and must not be answered about another. */
export function namesUser({
  hintedSubject,
  subjects,
}: Pick<AuthorizationRequest, 'hintedSubject' | 'subjects'>): boolean {
  return hintedSubject !== undefined || subjects !== undefined
}

export function mayBeAbout(
  { hintedSubject, subjects }: Pick<AuthorizationRequest, 'hintedSubject' | 'subjects'>,
  subject: Subject,
): boolean {
  return (
    (hintedSubject === undefined || hintedSubject === subject) && (subjects === undefined || subjects.includes(subject))
  )
}

/** Every single claim asked for, at whichever door. */
export function wishesOf({ claims }: Pick<AuthorizationRequest, 'claims'>): readonly ClaimWish[] {
  return claims === undefined ? [] : [...claims.userinfo, ...claims.id_token]
}

export interface Interaction {
  /** 43 characters; part of the page's address. */
  readonly interactionId: string
  /** SHA-256 of the pre-session cookie it is bound to. */
  readonly browserHash: Uint8Array
  readonly request: AuthorizationRequest
  /** Set once somebody has signed in for this very visit (answers `prompt=login` and `max_age`). */
  readonly authenticatedSessionId: string | null
  /** Set once an account was chosen on this visit (answers `prompt=select_account`). */
  readonly chosenSessionId: string | null
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
}
