// The one place where token responses are made: from an authorization to the texts that are sent and the records that
// are stored.

import { idTokenClaims } from '../../claims/user-claims.ts'
import { readRefreshToken } from '../../credentials/refresh-token.ts'
import type { SessionIdentifiers } from '../../credentials/session-identifier.ts'
import type { Subjects } from '../../credentials/subject.ts'
import type { Authorization, OnBehalfOf } from '../../model/authorization.ts'
import type { Client, ClientRecord } from '../../model/client/client.ts'
import type { Seconds } from '../../model/time.ts'
import { acrOf } from '../../protocol/acr.ts'
import { wishFor } from '../../protocol/claims-request.ts'
import { gives, type ResponseType } from '../../protocol/response-type.ts'
import { includesScope } from '../../protocol/scope.ts'
import type { NewAccessToken, NewRefreshToken } from '../../store/verbs/tokens.ts'
import type { ClientEncryption } from '../keys/client-encryption.ts'
import type { KeyRing } from '../keys/ring.ts'
import { makeAccessToken } from './access-token.ts'
import type { ResponseSigners } from './response-signer.ts'
import type { TokenSecrets } from './successor.ts'

export interface TokenLifetimes {
  readonly accessToken: Seconds
  readonly idToken: Seconds
  readonly refreshIdle: Seconds
}

export interface MintParts {
  readonly issuer: string
  readonly keys: KeyRing
  readonly signers: ResponseSigners
  readonly encryption: ClientEncryption
  readonly sessionIdentifiers: SessionIdentifiers
  readonly subjects: Subjects
  readonly lifetimes: TokenLifetimes
}

/** RFC 9449 §5: `DPoP` where it is bound to a key. */
type TokenType = 'Bearer' | 'DPoP'

/** RFC 6749 §5.1, OpenID Connect Core §3.1.3.3. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: TokenType
  readonly expires_in: number | string
  readonly refresh_token?: string
  readonly scope: string
  readonly id_token?: string
}

export interface Minted {
  readonly response: TokenResponse
  readonly accessToken: NewAccessToken
  /**
   * The access token could not be made a second time from the same secrets, because its signature has a random part.
   */
  readonly isUnique: boolean
  readonly refreshToken: NewRefreshToken | null
}

export interface MintRequest {
  readonly authorization: Authorization
  readonly secrets: TokenSecrets
  /** Absolute end of the refresh family; null: no refresh token. */
  readonly familyExpiresAt: Seconds | null
  /** For `RefreshFamily.keyThumbprint`. */
  readonly familyKey: string | null
  /** The access token that the repeated rotation has answered with. */
  readonly kept?: string
  /** When the tokens' lifetime began: now, or the instant of the rotation that is repeated. */
  readonly issuedAt: Seconds
  readonly now: Seconds
}

export function mint(parts: MintParts, request: MintRequest): Minted {
  const { authorization, secrets, familyExpiresAt, issuedAt, now } = request
  const { scope, onBehalfOf } = authorization
  const { client } = authorization.client
  const made = makeAccessToken(parts, authorization, {
    secret: secrets.accessToken,
    kept: request.kept ?? null,
    issuedAt,
  })
  const { token, record: accessToken } = made
  const refreshToken: NewRefreshToken | null =
    onBehalfOf === null || familyExpiresAt === null
      ? null
      : {
          hash: readRefreshToken(secrets.refreshToken).hash,
          grantId: onBehalfOf.grantId,
          issuedAt,
          expiresAt: Math.min(issuedAt + parts.lifetimes.refreshIdle, familyExpiresAt),
          familyExpiresAt,
          keyThumbprint: request.familyKey,
        }
  const response: TokenResponse = {
    access_token: token,
    token_type: authorization.keyThumbprint === null ? 'Bearer' : 'DPoP',
    expires_in:
      client.reply.expiresIn === 'string' ? String(remainingOf(accessToken, now)) : remainingOf(accessToken, now),
    ...(refreshToken !== null && { refresh_token: secrets.refreshToken }),
    // RFC 6749 §5.1: the scope of the access token.
    scope: accessToken.scope,
    ...(onBehalfOf !== null &&
      sendsIdToken(client, scope) && {
        id_token: idToken(parts, authorization, onBehalfOf, { accessToken: token }, now),
      }),
  }
  return { response, accessToken, refreshToken, isUnique: made.isUnique }
}

/** The tokens that the authorization endpoint itself gives. OpenID Connect Core §3.2.2.5, §3.3.2.5; RFC 6749 §4.2.2. */
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
  /**
   * The code that is given beside them, and the secret that an access token is made of; null where the response type
   * gives none.
   */
  readonly code: string | null
  readonly secret: string | null
  readonly now: Seconds
}

export function mintAnswer(
  parts: MintParts,
  { authorization, type, code, secret, now }: AnswerRequest,
): { readonly tokens: AnswerTokens; readonly accessToken: NewAccessToken | null } {
  const made = secret === null ? null : makeAccessToken(parts, authorization, { secret, kept: null, issuedAt: now })
  const beside = { accessToken: made?.token ?? null, code, whole: type === 'id_token' }
  const tokens: AnswerTokens = {
    ...(made !== null && {
      access_token: made.token,
      token_type: 'Bearer',
      expires_in: String(remainingOf(made.record, now)),
      scope: made.record.scope,
    }),
    ...(gives(type, 'id_token') && { id_token: idToken(parts, authorization, authorization.onBehalfOf, beside, now) }),
  }
  return { tokens, accessToken: made?.record ?? null }
}

/** Never negative: a request may be repeated after a short-lived access token has expired. */
function remainingOf({ expiresAt }: NewAccessToken, now: Seconds): Seconds {
  return Math.max(0, expiresAt - now)
}

function sendsIdToken(client: Client, scope: string): boolean {
  return client.reply.idToken === 'auto' && includesScope(scope, 'openid')
}

/** What is given together with an ID token. */
interface Beside {
  readonly accessToken: string | null
  readonly code?: string | null
  /** OpenID Connect Core §5.4: no access token is issued, so the claims of the scope stand in the ID token. */
  readonly whole?: boolean
}

/** OpenID Connect Core §2, §3.1.3.6. Protocol members come last: no claim of a user can stand in for them. */
function idToken(
  { issuer, signers, subjects, sessionIdentifiers, lifetimes }: MintParts,
  { client: record, scope }: Authorization,
  { sessionId, user: person, authenticatedAt, amr, nonce, claims }: OnBehalfOf,
  { accessToken, code = null, whole = false }: Beside,
  now: Seconds,
): string {
  const { client } = record
  const wishes = claims?.id_token ?? []
  const user = subjects.shown(person, client)
  const acr = wishFor(wishes, 'acr') === undefined ? null : acrOf(amr)
  const { sign, hashOf } = signers.signerFor(record, client.id_token_signed_response_alg)
  return sign({
    ...idTokenClaims(user, client, scope.split(' '), { wishes, whole }),
    iss: issuer,
    sub: user.userId,
    aud: client.client_id,
    exp: now + lifetimes.idToken,
    iat: now,
    auth_time: authenticatedAt,
    ...(acr !== null && { acr }),
    amr,
    // OpenID Connect Back-Channel Logout §2.1
    sid: sessionIdentifiers.of(sessionId, client.client_id),
    ...(nonce !== null && { nonce }),
    ...(accessToken !== null && hashOf !== null && { at_hash: hashOf(accessToken) }),
    // OpenID Connect Core §3.3.2.11
    ...(code !== null && hashOf !== null && { c_hash: hashOf(code) }),
  })
}

/**
 * The same response with its ID token encrypted, for clients that are registered so; for all others it costs nothing.
 * OpenID Connect Core §10.2.
 */
export async function withIdTokenEncrypted<T extends { readonly id_token?: string }>(
  { encryption }: MintParts,
  record: ClientRecord,
  given: T,
): Promise<T> {
  const { id_token_encrypted_response_alg: alg, id_token_encrypted_response_enc: enc } = record.client
  if (alg === null || given.id_token === undefined) return given
  return { ...given, id_token: await encryption.encrypt(record, { alg, enc }, given.id_token, true) }
}
