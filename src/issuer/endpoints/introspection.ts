// The introspection endpoint. RFC 7662: what a token is worth now. Whatever is not valid is simply inactive.

import { openingJti } from '../../credentials/own-jwt.ts'
import type { RefreshTokens } from '../../credentials/refresh-token.ts'
import type { Subjects } from '../../credentials/subject.ts'
import type { Endpoint } from '../../http/message.ts'
import { json, text } from '../../http/reply/replies.ts'
import { readForm } from '../../http/request/form.ts'
import { type Client, type ClientRecord, isConfidential } from '../../model/client/client.ts'
import { documentIdRefusal } from '../../model/client/registration-policy.ts'
import type { AccessToken } from '../../model/grant.ts'
import { invalidRequest } from '../../protocol/errors.ts'
import { assertSingle } from '../../protocol/single.ts'
import type { TokenVerbs } from '../../store/verbs/tokens.ts'
import { type AuthenticationParts, authenticateClient } from '../client-authentication/authenticate.ts'
import { invalidClient, readCredentials } from '../client-authentication/credentials.ts'
import type { ClientEncryption } from '../keys/client-encryption.ts'
import { findPresented, type PresentedToken } from '../tokens/presented-token.ts'
import type { ResponseSigners } from '../tokens/response-signer.ts'

export interface IntrospectionParts {
  readonly issuer: string
  readonly authentication: AuthenticationParts
  readonly store: TokenVerbs
  readonly refreshTokens: RefreshTokens
  readonly subjects: Subjects
  readonly signers: ResponseSigners
  readonly encryption: ClientEncryption
}

export function introspectionEndpoint(parts: IntrospectionParts): Endpoint {
  const { authentication, store, refreshTokens } = parts
  return async (request) => {
    const form = readForm(request)
    assertSingle(form, 'RFC 7662 §2.1')
    const credentials = readCredentials(request.headers['authorization'], form)
    const token = form.get('token')
    const find = (clientId: string) => findPresented(store, refreshTokens, clientId, token ?? '')
    const { client, found } = await authenticateClient(authentication, credentials, find, request.peer.address)
    // RFC 7662 §2.1: a caller that anybody can pretend to be may not ask.
    if (!isConfidential(client.client)) throw invalidClient('introspection_public', 'public clients may not introspect')
    if (token === undefined) throw invalidRequest('token_missing', 'RFC 7662 §2.1', 'token is required')
    const now = authentication.clock.now()
    const { presented } = found
    const isKnown = presented !== null && isFor(client.client, presented)
    const refusal = isKnown ? documentIdRefusal(authentication.documents, ownerOf(presented)) : null
    const live = isKnown && refusal === null && isLive(presented, now)
    const reason = refusal === null ? 'introspected' : `the client_id of its client ${refusal}`
    const outcome = { rule: live ? 'token_active' : 'token_inactive', clause: 'RFC 7662 §2.2', reason }
    const told = live ? describe(parts, client.client, presented, token) : INACTIVE
    return {
      ...(wantsJwt(request.headers['accept']) ? await asJwt(parts, client, told, now) : json(200, told)),
      outcome: { ...outcome, clientId: client.client.client_id },
    }
  }
}

const INACTIVE = { active: false }

const JWT_ANSWER = 'application/token-introspection+jwt'

/** RFC 9701 §4. A `q` of 0 means "not this one" (RFC 9110 §12.4.2). */
function wantsJwt(accept: string | undefined): boolean {
  if (accept === undefined || !accept.toLowerCase().includes(JWT_ANSWER)) return false
  return accept.split(',').some((each) => {
    const [type = '', ...parameters] = each.toLowerCase().split(';')
    return type.trim() === JWT_ANSWER && !parameters.some((one) => /^\s*q\s*=\s*0(\.0*)?\s*$/.test(one))
  })
}

/**
 * RFC 9701 §5: signed for the caller, and of no use for anything else: without `sub` and `exp` it is no access token.
 */
async function asJwt(
  { issuer, signers, encryption }: IntrospectionParts,
  record: ClientRecord,
  told: object,
  iat: number,
) {
  const {
    client_id: aud,
    introspection_signed_response_alg: signed,
    introspection_encrypted_response_alg: alg,
    introspection_encrypted_response_enc: enc,
  } = record.client
  const answer = { iss: issuer, aud, iat, token_introspection: told }
  const plain = signers.signerFor(record, signed).sign(answer, 'token-introspection+jwt')
  const body = alg === null ? plain : await encryption.encrypt(record, { alg, enc }, plain, true)
  return text(200, body, { 'content-type': JWT_ANSWER, pragma: 'no-cache' })
}

/**
 * RFC 7662 §4: a client may ask about its own tokens; a resource server also about access tokens for its resources, or
 * about all if it is registered so.
 */
function isFor(client: Client, presented: PresentedToken): boolean {
  if (ownerOf(presented) === client.client_id) return true
  if (presented.kind === 'refresh_token') return false
  const { resource } = presented.token
  return client.introspection === 'all' || (resource !== null && client.servesResources.includes(resource))
}

function ownerOf(presented: PresentedToken): string {
  return presented.kind === 'access_token' ? presented.token.clientId : presented.grant.clientId
}

function isLive(presented: PresentedToken, now: number): boolean {
  if (presented.token.expiresAt <= now) return false
  if (presented.grant !== null && presented.grant.state !== 'live') return false
  if (presented.kind === 'access_token') return !presented.revoked && presented.clientLive && presented.resourceLive
  return presented.isCurrent
}

/** `caller` is the client that asks; it learns about the person what that client may know. */
function describe(
  { issuer, subjects }: IntrospectionParts,
  caller: Client,
  presented: PresentedToken,
  presentedText: string,
): object {
  const { token, grant } = presented
  const jti = presented.kind === 'access_token' ? jtiOf(presentedText) : null
  const resource = presented.kind === 'access_token' ? presented.token.resource : null
  // OpenID Connect Core §8: a user name would tell what a pairwise subject hides.
  const username = caller.subject_type === 'public' ? grant?.username : null
  return {
    active: true,
    iss: issuer,
    client_id: ownerOf(presented),
    scope: token.scope,
    ...(presented.kind === 'access_token' && keyOf(presented.token)),
    ...(resource !== null && { aud: resource }),
    ...(jti !== null && { jti }),
    exp: token.expiresAt,
    iat: token.issuedAt,
    sub: grant === null ? ownerOf(presented) : subjects.of(grant.userId, caller),
    ...(typeof username === 'string' && { username }),
  }
}

/** RFC 9449 §6.2 */
function keyOf({ keyThumbprint }: AccessToken): object {
  return keyThumbprint === null ? { token_type: 'Bearer' } : { token_type: 'DPoP', cnf: { jkt: keyThumbprint } }
}

/**
 * The jti of a JWT of ours. It was found by its hash, so nothing about it has to be verified. Null: an opaque token.
 */
function jtiOf(text: string): string | null {
  if (!text.includes('.')) return null
  const opening = openingJti(text)
  if (opening !== null) return opening
  const [, payload = ''] = text.split('.', 2)
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  const isObject = typeof claims === 'object' && claims !== null && 'jti' in claims
  return isObject && typeof claims.jti === 'string' ? claims.jti : null
}
