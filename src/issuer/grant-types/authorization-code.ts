// The authorization code grant. RFC 6749 §4.1.3: prove the binding first, then consume, exactly once.

import { tokenKey } from '../../credentials/digest.ts'
import type { ResourceRecord } from '../../model/resource.ts'
import type { Seconds } from '../../model/time.ts'
import { invalidGrant, invalidRequest, type OAuthError } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { assertVerifier } from '../../protocol/pkce.ts'
import { type GrantVerbs, MOST_CODE_FAILURES } from '../../store/verbs/grants.ts'
import { type FirstAnswerParts, mintFirst } from '../tokens/first-answer.ts'
import { assertNotLate } from '../tokens/late-request.ts'
import { withIdTokenEncrypted } from '../tokens/mint.ts'
import { type ResourceReads, resourceAsked, resourceChanged } from '../tokens/resource-asked.ts'
import { familyKeyOf, type GrantType, type TokenRequest } from './grant-type.ts'

type Found = NonNullable<NonNullable<Awaited<ReturnType<GrantVerbs['findClientWithCode']>>>['code']>

export interface AuthorizationCodeParts extends FirstAnswerParts {
  readonly store: GrantVerbs & ResourceReads
}

export function authorizationCodeGrant(parts: AuthorizationCodeParts): GrantType {
  const { store } = parts
  return {
    name: 'authorization_code',
    async find(clientId, parameters) {
      const presented = parameters.get('code')
      const hash = tokenKey(presented ?? '')
      const found = await store.findClientWithCode(clientId, hash)
      if (found === null) return null
      return {
        client: found.client,
        async redeem(request) {
          if (presented === undefined) throw invalidRequest('code_missing', 'RFC 6749 §4.1.3', 'code is required')
          const code = provenCode(found.code, request)
          try {
            assertBinding(code, request, parameters)
          } catch (error) {
            await store.countCodeFailure(hash)
            throw error
          }
          if (code.code.consumedAt !== null) throw await replayed(store, code, request)
          assertFresh(code, request.now)
          const { issuer } = parts.mint
          const resource = await resourceAsked({ store, issuer }, request.client, parameters, code.grant.resources)
          const { client, key, now } = request
          const familyKey = familyKeyOf(request)
          const minted = mintFirst(parts, {
            client,
            found: code,
            resource,
            nonce: code.code.nonce,
            key,
            familyKey,
            now,
          })
          const response = await withIdTokenEncrypted(parts.mint, request.client, minted.response)
          if (await store.redeemCode(hash, minted.accessToken, minted.refreshToken, request.now)) return response
          throw await lostRace(store, request, hash, resource)
        },
      }
    },
  }
}

/** A code of another client is treated as unknown: nothing about it is told, and nothing is changed. */
function provenCode(found: Found | null, { client }: TokenRequest): Found {
  if (found === null) throw invalidGrant('code_unknown', 'RFC 6749 §5.2', 'no such code: mistyped, or long expired')
  if (found.grant.clientId !== client.client.client_id) {
    throw invalidGrant('code_of_other_client', 'RFC 6749 §4.1.3', 'the code was issued to another client')
  }
  return found
}

function assertBinding({ code }: Found, { client: { client }, key }: TokenRequest, parameters: Parameters): void {
  const redirectUri = parameters.get('redirect_uri')
  if (redirectUri === undefined) {
    if (client.token.requireRedirectUri) {
      throw invalidGrant('redirect_uri_missing', 'RFC 6749 §4.1.3', 'redirect_uri is missing at the token endpoint')
    }
  } else if (redirectUri !== code.redirectUri) {
    throw invalidGrant('redirect_uri_differs', 'RFC 6749 §4.1.3', 'redirect_uri differs from the authorization request')
  }
  if (code.keyThumbprint !== null && code.keyThumbprint !== key) {
    throw invalidGrant(
      'dpop_key_differs',
      'RFC 9449 §10',
      'the code is bound to a key, which the request does not prove',
    )
  }
  // Where PKCE is off no challenge was stored, so a verifier proves nothing. A code from before that change stays
  // bound.
  if (client.authorize.pkce === 'off' && code.codeChallenge === null) return
  assertVerifier(code.codeChallenge, parameters.get('code_verifier'))
}

function assertFresh({ code, state }: Found, now: Seconds): void {
  if (code.failures >= MOST_CODE_FAILURES) {
    throw invalidGrant('code_dead', 'RFC 6819 §4.4.1', 'too many wrong attempts to redeem this code')
  }
  if (code.expiresAt <= now) {
    throw invalidGrant('code_expired', 'RFC 6749 §4.1.2', 'the code has expired', { age: now - code.issuedAt })
  }
  if (state !== 'live') throw invalidGrant(state, 'RFC 6749 §5.2', `the authorization no longer holds: ${state}`)
}

/** RFC 6749 §4.1.2: a code used twice revokes all tokens issued from it. */
async function replayed(
  store: GrantVerbs,
  { grant }: Found,
  { now, mayBeLate }: Pick<TokenRequest, 'now' | 'mayBeLate'>,
): Promise<OAuthError> {
  assertNotLate(mayBeLate)
  await store.revokeGrant(grant.grantId, {
    type: 'code_replayed',
    at: now,
    clientId: grant.clientId,
    userId: grant.userId,
  })
  return invalidGrant('code_replayed', 'RFC 6749 §4.1.2', 'the code was used before; its tokens are revoked now')
}

/** Between the read and the guard another request was faster, or something has changed. */
async function lostRace(
  store: GrantVerbs,
  request: TokenRequest,
  hash: Uint8Array,
  resource: ResourceRecord | null,
): Promise<OAuthError> {
  const found = await store.findClientWithCode(request.client.client.client_id, hash)
  const code = found?.code ?? null
  if (code !== null && code.code.consumedAt !== null) return replayed(store, code, request)
  if (code !== null) assertFresh(code, request.now)
  if (code !== null && resource !== null) return resourceChanged(resource)
  return invalidGrant('code_unknown', 'RFC 6749 §5.2', 'the code is gone')
}
