// The one place that makes a token response: an authorization in, strings and the records to keep out.

import { idTokenClaims } from '../../claims/user-claims.ts'
import { sha256 } from '../../credentials/digest.ts'
import type { Subjects } from '../../credentials/subject.ts'
import type { Authorization, OnBehalfOf } from '../../model/authorization.ts'
import type { Client } from '../../model/client.ts'
import type { Seconds } from '../../model/time.ts'
import { acrOf } from '../../protocol/acr.ts'
import { wishFor } from '../../protocol/claims-request.ts'
import { gives, type ResponseType } from '../../protocol/response-type.ts'
import { includesScope } from '../../protocol/scope.ts'
import type { NewAccessToken, NewRefreshToken } from '../../store/tokens.ts'
import { leftHalfHash } from '../keys/algorithms.ts'
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
  readonly subjects: Subjects
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
  const { scope, onBehalfOf } = authorization
  const { client } = authorization.client
  const accessToken = accessTokenRecord(parts, authorization, secrets.accessToken, issuedAt)
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
  const response: TokenResponse = {
    access_token: secrets.accessToken,
    token_type: 'Bearer',
    expires_in:
      client.reply.expiresIn === 'string' ? String(remainingOf(accessToken, now)) : remainingOf(accessToken, now),
    ...(refreshToken !== null && { refresh_token: secrets.refreshToken }),
    scope,
    ...(onBehalfOf !== null &&
      sendsIdToken(client, scope) && {
        id_token: idToken(parts, authorization, onBehalfOf, { accessToken: secrets.accessToken }, now),
      }),
  }
  return { response, accessToken, refreshToken }
}

/** What the authorization endpoint itself gives. OpenID Connect Core §3.2.2.5, §3.3.2.5; RFC 6749 §4.2.2. */
export interface AnswerTokens {
  readonly access_token?: string
  readonly token_type?: 'Bearer'
  readonly expires_in?: string
  readonly scope?: string
  readonly id_token?: string
}

export interface AnswerRequest {
  readonly authorization: Authorization & { readonly onBehalfOf: OnBehalfOf }
  readonly type: ResponseType
  /** The code and access token beside it; null where the type gives none. */
  readonly code: string | null
  readonly accessToken: string | null
  readonly now: Seconds
}

export function mintAnswer(
  parts: MintParts,
  { authorization, type, code, accessToken, now }: AnswerRequest,
): { readonly tokens: AnswerTokens; readonly accessToken: NewAccessToken | null } {
  const record = accessToken === null ? null : accessTokenRecord(parts, authorization, accessToken, now)
  const beside = { accessToken, code, whole: type === 'id_token' }
  const tokens: AnswerTokens = {
    ...(accessToken !== null &&
      record !== null && {
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: String(remainingOf(record, now)),
        scope: authorization.scope,
      }),
    ...(gives(type, 'id_token') && { id_token: idToken(parts, authorization, authorization.onBehalfOf, beside, now) }),
  }
  return { tokens, accessToken: record }
}

function accessTokenRecord(
  { lifetimes }: MintParts,
  { client, scope, onBehalfOf }: Authorization,
  secret: string,
  issuedAt: Seconds,
): NewAccessToken {
  return {
    hash: sha256(secret),
    grantId: onBehalfOf?.grantId ?? null,
    clientId: client.client.client_id,
    clientGeneration: client.generation,
    scope,
    issuedAt,
    expiresAt: issuedAt + lifetimes.accessToken,
  }
}

/** A repeat may come when a short-lived access token is over already. */
function remainingOf({ expiresAt }: NewAccessToken, now: Seconds): Seconds {
  return Math.max(0, expiresAt - now)
}

function sendsIdToken(client: Client, scope: string): boolean {
  return client.reply.idToken === 'auto' && includesScope(scope, 'openid')
}

/** What an ID token is given together with. */
interface Beside {
  readonly accessToken: string | null
  readonly code?: string | null
  /** OpenID Connect Core §5.4: no access token will be issued, so the scope's claims are here. */
  readonly whole?: boolean
}

/** OpenID Connect Core §2, §3.1.3.6. Protocol members come last: no claim of a user can stand in for them. */
function idToken(
  { issuer, keys, subjects, lifetimes }: MintParts,
  { client: { client }, scope }: Authorization,
  { user: person, authenticatedAt, amr, nonce, claims }: OnBehalfOf,
  { accessToken, code = null, whole = false }: Beside,
  now: Seconds,
): string {
  const wishes = claims?.id_token ?? []
  const user = subjects.shown(person, client)
  const acr = wishFor(wishes, 'acr') === undefined ? null : acrOf(amr)
  const signer = keys.signer(client.id_token_signed_response_alg)
  return signer.signJwt('JWT', {
    ...idTokenClaims(user, client, scope.split(' '), { wishes, whole }),
    iss: issuer,
    sub: user.userId,
    aud: client.client_id,
    exp: now + lifetimes.idToken,
    iat: now,
    auth_time: authenticatedAt,
    ...(acr !== null && { acr }),
    amr,
    ...(nonce !== null && { nonce }),
    ...(accessToken !== null && { at_hash: leftHalfHash(signer.algorithm, accessToken) }),
    // OpenID Connect Core §3.3.2.11
    ...(code !== null && { c_hash: leftHalfHash(signer.algorithm, code) }),
  })
}
