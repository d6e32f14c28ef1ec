// The user info endpoint. OpenID Connect Core §5.3, RFC 6750; and the 制作云 contract, whose client map decides what is
// in the reply.

import { userClaims } from '../../claims/user-claims.ts'
import { tokenKey } from '../../credentials/digest.ts'
import type { Subjects } from '../../credentials/subject.ts'
import type { Endpoint, HttpReply, HttpRequest } from '../../http/message.ts'
import { json, text } from '../../http/reply/replies.ts'
import { mediaType, readForm, readQuery } from '../../http/request/form.ts'
import { type Client, type ClientRecord, scriptOrigins } from '../../model/client/client.ts'
import { DOCUMENTS_REFUSED, type DocumentRules, documentIdRefusal } from '../../model/client/registration-policy.ts'
import type { Clock } from '../../platform/clock.ts'
import {
  bearerFrom,
  insufficientScope,
  invalidToken,
  saysBound,
  tokenMissing,
  tokenUnknown,
  wrongPlace,
} from '../../protocol/bearer.ts'
import { inSchemeOfBound, proofRefusal, tokenBound } from '../../protocol/dpop.ts'
import { OAuthError } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { resourceKey } from '../../protocol/resource.ts'
import { includesScope } from '../../protocol/scope.ts'
import type { AnsweringGrant, FoundAccessToken, TokenVerbs } from '../../store/verbs/tokens.ts'
import type { ClientEncryption } from '../keys/client-encryption.ts'
import { type ProofParts, provenKey } from '../tokens/proven-key.ts'
import type { ResponseSigners } from '../tokens/response-signer.ts'

export interface UserinfoParts {
  /** The endpoint as it is published. */
  readonly url: string
  readonly store: TokenVerbs
  readonly proofs: ProofParts
  readonly clock: Clock
  readonly subjects: Subjects
  readonly issuer: string
  readonly documents: DocumentRules
  readonly signers: ResponseSigners
  readonly encryption: ClientEncryption
}

export function userinfoEndpoint(parts: UserinfoParts): Endpoint {
  const { store, clock } = parts
  return async (request) => {
    const { authorization } = request.headers
    const isBound = saysBound(authorization)
    let found: FoundAccessToken | null = null
    try {
      const form =
        request.method === 'POST' && mediaType(request.headers) !== 'application/json' ? formOf(request) : null
      const query = request.query === '' ? null : readQuery(request)
      // All places where any client may put the token; this client's own setting is asked once the token has named it.
      const token = bearerFrom(['header', 'bound', 'form', 'query'], authorization, form, query)
      if (token === null) throw tokenMissing()
      found = await store.findAccessToken(tokenKey(token))
      if (found === null) throw tokenUnknown(query)
      const { client } = found.client
      const { tokenFrom } = client.userinfo
      if (!isBound && bearerFrom(tokenFrom, authorization, form, query) === null) throw wrongPlace(tokenFrom, query)
      assertScheme(found, isBound)
      const claims = claimsFor(parts, found, clock.now())
      if (isBound) await assertKey(parts, found, request, token)
      return isPlain(client)
        ? answered(found, json(200, claims))
        : answered(found, await asJwt(parts, found.client, claims))
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
      const refusal = isBound ? inSchemeOfBound(error) : error
      throw found === null ? refusal : refusal.about(found.client.client.client_id)
    }
  }
}

/** RFC 9449 §7.2: a token that is bound opens nothing as a bearer token. §7.1: nor does one that is not, with a proof. */
function assertScheme({ token: { keyThumbprint } }: FoundAccessToken, isBound: boolean): void {
  if (keyThumbprint !== null && !isBound) {
    throw tokenBound('access_token_bound', 'The access token is bound to a key: send it as DPoP, with a proof')
  }
  if (keyThumbprint === null && isBound) {
    throw tokenBound('access_token_not_bound', 'The access token is bound to no key: send it as Bearer')
  }
}

async function assertKey(
  parts: UserinfoParts,
  { token: { keyThumbprint } }: FoundAccessToken,
  request: HttpRequest,
  accessToken: string,
): Promise<void> {
  const key = await provenKey(parts.proofs, request, { url: parts.url, accessToken })
  if (key === null) throw proofRefusal('invalid_dpop_proof', 'dpop_proof_missing', 'is missing', { at: 'resource' })
  if (key === keyThumbprint) return
  throw tokenBound('dpop_key_differs', 'The access token is bound to another key than that of the proof')
}

function isPlain(client: Client): boolean {
  return client.userinfo_signed_response_alg === null && client.userinfo_encrypted_response_alg === null
}

/** OpenID Connect Core §5.3.2: signed, encrypted, or first signed and then encrypted. */
async function asJwt({ issuer, signers, encryption }: UserinfoParts, record: ClientRecord, claims: object) {
  const {
    client_id: aud,
    userinfo_signed_response_alg: signed,
    userinfo_encrypted_response_alg: alg,
    userinfo_encrypted_response_enc: enc,
  } = record.client
  // Whatever a claim map says, the protocol's members win.
  const about = { ...claims, iss: issuer, aud }
  const plain = signed === null ? JSON.stringify(about) : signers.signerFor(record, signed).sign(about)
  const body = alg === null ? plain : await encryption.encrypt(record, { alg, enc }, plain, signed !== null)
  return text(200, body, { 'content-type': 'application/jwt', pragma: 'no-cache' })
}

function answered({ client: { client }, token: { scope } }: FoundAccessToken, reply: HttpReply): HttpReply {
  const outcome = { rule: 'user_info_answered', clause: 'OpenID Connect Core §5.3.2', reason: 'user info answered' }
  return {
    ...reply,
    origins: scriptOrigins(client),
    outcome: { ...outcome, clientId: client.client_id, observed: { scope } },
  }
}

function claimsFor({ issuer, subjects, documents }: UserinfoParts, found: FoundAccessToken, now: number): object {
  const { client } = found.client
  const refusal = documentIdRefusal(documents, client.client_id)
  if (refusal !== null) {
    throw invalidToken('client_document_unusable', `the client_id ${refusal}`, DOCUMENTS_REFUSED)
  }
  assertMeantForUs(found, issuer)
  const { user, claims } = assertHolds(found, now)
  // A client whose map alone decides needs no openid: plain OAuth 2.0 clients never ask for it.
  if (client.claimsFrom !== 'map' && !includesScope(found.token.scope, 'openid')) {
    throw insufficientScope('openid', 'user info needs the scope openid')
  }
  return userClaims(subjects.shown(user, client), client, found.token.scope.split(' '), claims?.userinfo)
}

/** RFC 9068 §4, RFC 8707 §3: a token for an API opens nothing else, or that API could use it against the person. */
function assertMeantForUs({ token: { resource } }: FoundAccessToken, issuer: string): void {
  if (resource === null || resource === issuer || resourceKey(resource) === resourceKey(issuer)) return
  throw invalidToken('access_token_of_other_resource', `the access token is meant for ${resource}, not for user info`)
}

function formOf(request: HttpRequest): Parameters | null {
  return request.body.length === 0 ? null : readForm(request)
}

function assertHolds({ token, revoked, granted, clientLive }: FoundAccessToken, now: number): AnsweringGrant {
  if (revoked) throw invalidToken('access_token_revoked', 'the access token was revoked')
  if (token.expiresAt <= now) throw invalidToken('access_token_expired', 'the access token has expired')
  if (granted === null) {
    if (!clientLive) throw invalidToken('client_disabled', 'the client was disabled')
    throw insufficientScope('openid', 'no user stands behind a token from client credentials')
  }
  if (granted.state !== 'live') throw invalidToken(granted.state, `the authorization no longer holds: ${granted.state}`)
  return granted
}
