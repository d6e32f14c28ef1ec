// The one place that makes a token response: an authorization in, strings and the records to keep out.

import { hash } from 'node:crypto'
import { idTokenClaims } from '../../claims/user-claims.ts'
import { sha256 } from '../../credentials/digest.ts'
import type { Authorization, OnBehalfOf } from '../../model/authorization.ts'
import type { Client } from '../../model/client.ts'
import type { Seconds } from '../../model/time.ts'
import { includesScope } from '../../protocol/scope.ts'
import type { NewAccessToken, NewRefreshToken } from '../../store/tokens.ts'
import type { KeyRing } from '../keys/ring.ts'
import type { TokenSecrets } from './successor.ts'

export interface TokenLifetimes {
  readonly accessToken: Seconds
  readonly idToken: Seconds
  readonly refreshIdle: Seconds
}

export interface MintParts {
  readonly issuer: string
  readonly keys: KeyRing
  readonly lifetimes: TokenLifetimes
}

/** RFC 6749 §5.1, OpenID Connect Core §3.1.3.3. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number | string
  readonly refresh_token?: string
  readonly scope: string
  readonly id_token?: string
}

export interface Minted {
  readonly response: TokenResponse
  readonly accessToken: NewAccessToken
  readonly refreshToken: NewRefreshToken | null
}

export interface MintRequest {
  readonly authorization: Authorization
  readonly secrets: TokenSecrets
  /** Absolute end of the refresh family; null: no refresh token. */
  readonly familyExpiresAt: Seconds | null
  /** When the tokens began to live: now, or the instant of the rotation that is repeated. */
  readonly issuedAt: Seconds
  readonly now: Seconds
}

export function mint(parts: MintParts, request: MintRequest): Minted {
  const { authorization, secrets, familyExpiresAt, issuedAt, now } = request
  const { client: record, scope, onBehalfOf } = authorization
  const { client } = record
  const expiresAt = issuedAt + parts.lifetimes.accessToken
  const accessToken: NewAccessToken = {
    hash: sha256(secrets.accessToken),
    grantId: onBehalfOf?.grantId ?? null,
    clientId: client.client_id,
    clientGeneration: record.generation,
    scope,
    issuedAt,
    expiresAt,
  }
  const refreshToken: NewRefreshToken | null =
    onBehalfOf === null || familyExpiresAt === null
      ? null
      : {
          hash: sha256(secrets.refreshToken),
          grantId: onBehalfOf.grantId,
          issuedAt,
          expiresAt: Math.min(issuedAt + parts.lifetimes.refreshIdle, familyExpiresAt),
          familyExpiresAt,
        }
  // A repeat may come when a short-lived access token is over already.
  const remaining = Math.max(0, expiresAt - now)
  const response: TokenResponse = {
    access_token: secrets.accessToken,
    token_type: 'Bearer',
    expires_in: client.reply.expiresIn === 'string' ? String(remaining) : remaining,
    ...(refreshToken !== null && { refresh_token: secrets.refreshToken }),
    scope,
    ...(onBehalfOf !== null &&
      sendsIdToken(client, scope) && { id_token: idToken(parts, client, scope, onBehalfOf, secrets.accessToken, now) }),
  }
  return { response, accessToken, refreshToken }
}

function sendsIdToken(client: Client, scope: string): boolean {
  return client.reply.idToken === 'auto' && includesScope(scope, 'openid')
}

/** OpenID Connect Core §2, §3.1.3.6. Protocol members come last: no claim of a user can stand in for them. */
function idToken(
  { issuer, keys, lifetimes }: MintParts,
  client: Client,
  scope: string,
  { user, authenticatedAt, amr, nonce }: OnBehalfOf,
  accessToken: string,
  now: Seconds,
): string {
  return keys.signer(client.id_token_signed_response_alg).signJwt('JWT', {
    ...idTokenClaims(user, client, scope.split(' ')),
    iss: issuer,
    sub: user.userId,
    aud: client.client_id,
    exp: now + lifetimes.idToken,
    iat: now,
    auth_time: authenticatedAt,
    amr,
    ...(nonce !== null && { nonce }),
    at_hash: leftHalfHash(accessToken),
  })
}

/** The left half of SHA-256, for `at_hash`. Both algorithms of ours use SHA-256. OpenID Connect Core §3.1.3.6. */
function leftHalfHash(token: string): string {
  return hash('sha256', token, 'buffer').subarray(0, 16).toString('base64url')
}
