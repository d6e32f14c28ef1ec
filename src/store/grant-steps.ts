// The rows that a grant and what hangs on it begin as: what is known of each, and the step that inserts it.

import type { AccessToken, Grant, RefreshToken } from '../model/grant.ts'
import type { Seconds } from '../model/time.ts'
import { type Step, step } from './driver.ts'
import { asFlag } from './rows.ts'
import * as sql from './statements/grant.ts'

export interface NewGrant extends Omit<Grant, 'userGeneration' | 'authenticatedAt' | 'amr'> {
  /** When everything that hangs on it has expired; then the row may go. */
  readonly expiresAt: Seconds
}

export interface NewCode {
  readonly hash: Uint8Array
  readonly redirectUri: string
  readonly codeChallenge: string | null
  readonly nonce: string | null
  readonly expiresAt: Seconds
}

export interface NewAccessToken extends AccessToken {
  readonly hash: Uint8Array
  readonly clientGeneration: number
}

export interface NewRefreshToken extends Omit<RefreshToken, 'rotation'> {
  readonly hash: Uint8Array
}

/** Guard: session, user and client are as the decision saw them. */
export function grantStep(grant: NewGrant): Step {
  const bind = {
    grant_id: grant.grantId,
    client_id: grant.clientId,
    client_generation: grant.clientGeneration,
    user_id: grant.userId,
    session_id: grant.sessionId,
    offline: asFlag(grant.offline),
    scope_asked: grant.scopeAsked,
    scope: grant.scope,
    claims: grant.claims === null ? null : JSON.stringify(grant.claims),
    expires_at: grant.expiresAt,
    now: grant.issuedAt,
  }
  return step(sql.insertGrant, bind, 'grant')
}

export function codeStep({ grantId, issuedAt }: NewGrant, code: NewCode): Step {
  return step(sql.insertCode, {
    hash: code.hash,
    grant_id: grantId,
    redirect_uri: code.redirectUri,
    code_challenge: code.codeChallenge,
    nonce: code.nonce,
    now: issuedAt,
    expires_at: code.expiresAt,
  })
}

export function accessTokenStep(token: NewAccessToken): Step {
  return step(sql.insertAccessToken, {
    hash: token.hash,
    grant_id: token.grantId,
    client_id: token.clientId,
    client_generation: token.clientGeneration,
    scope: token.scope,
    now: token.issuedAt,
    expires_at: token.expiresAt,
  })
}

export function refreshTokenStep(token: NewRefreshToken): Step {
  return step(sql.insertRefreshToken, {
    hash: token.hash,
    grant_id: token.grantId,
    now: token.issuedAt,
    expires_at: token.expiresAt,
    family_expires_at: token.familyExpiresAt,
  })
}
