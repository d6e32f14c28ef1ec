// An interaction: one visit that signs in and consents, from the authorization request to its answer.

import type { Seconds } from './time.ts'

/** The authorization request after full validation, as plain data: exactly what the answer will be bound to. */
export interface AuthorizationRequest {
  readonly clientId: string
  readonly redirectUri: string
  readonly responseType: 'code'
  readonly responseMode: 'query'
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
  /** User id named by a verified `id_token_hint`. */
  readonly hintedUserId: string | null
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
