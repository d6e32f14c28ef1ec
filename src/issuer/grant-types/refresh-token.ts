// The refresh token grant, with rotation and families. RFC 6749 §6, RFC 9700 §4.14.2. A repeat inside the window gets
// the same successor; a replay after it ends the family.

import { sameBytes, sha256 } from '../../credentials/digest.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import { type PresentedRefreshToken, type RefreshTokens, readRefreshToken } from '../../credentials/refresh-token.ts'
import { isConfidential } from '../../model/client/client.ts'
import type { EventType } from '../../model/event.ts'
import type { RefreshFamily, Rotation } from '../../model/grant.ts'
import { ownScope, type ResourceRecord, scopeFor } from '../../model/resource.ts'
import type { Seconds } from '../../model/time.ts'
import { newSalt, newToken } from '../../platform/random.ts'
import { invalidGrant, invalidRequest, OAuthError } from '../../protocol/errors.ts'
import { coversScope, includesScope, parseScope, scopeWords } from '../../protocol/scope.ts'
import type { EventVerbs } from '../../store/verbs/events.ts'
import type { GrantVerbs } from '../../store/verbs/grants.ts'
import type { FoundFamily, LastRotation, TokenVerbs } from '../../store/verbs/tokens.ts'
import { assertNotLate } from '../tokens/late-request.ts'
import { type Minted, type MintParts, mint, type TokenResponse, withIdTokenEncrypted } from '../tokens/mint.ts'
import { earlierRotations, type Standing, standingOf } from '../tokens/refresh-family.ts'
import { type ResourceReads, resourceAsked, resourceChanged } from '../tokens/resource-asked.ts'
import { successorOf, type TokenSecrets } from '../tokens/successor.ts'
import { familyKeyOf, type GrantType, type TokenRequest } from './grant-type.ts'

/** The presented token, as text and taken apart. */
interface Presented extends PresentedRefreshToken {
  readonly text: string
}

export interface RefreshTokenParts {
  readonly store: TokenVerbs & Pick<GrantVerbs, 'revokeGrant'> & ResourceReads & EventVerbs
  readonly mint: MintParts
  readonly master: MasterKey
  readonly refreshTokens: RefreshTokens
  /** For how long the same request again counts as a repeat, not as a replay. */
  readonly repeatWindow: Seconds
}

/** A public client proves nothing when it repeats a request, so its window is shorter. */
const PUBLIC_REPEAT_WINDOW: Seconds = 10

export function refreshTokenGrant(parts: RefreshTokenParts): GrantType {
  const { store } = parts
  return {
    name: 'refresh_token',
    async find(clientId, parameters) {
      const text = parameters.get('refresh_token')
      const presented = { text: text ?? '', ...readRefreshToken(text ?? '') }
      const found = await store.findClientWithRefreshToken(clientId, presented)
      if (found === null) return null
      return {
        client: found.client,
        async redeem(request) {
          if (text === undefined) {
            throw invalidRequest('refresh_token_missing', 'RFC 6749 §6', 'refresh_token is required')
          }
          const refresh = provenToken(parts, found.refresh, request, presented)
          if (refresh.standing.kind !== 'current') return repeat(parts, refresh, refresh.standing, request, presented)
          const resource = await resourceOf(parts, refresh, request)
          const unsealed = newRotation(refresh, request, resource)
          const successor = successorOf(parts.master, unsealed.salt, presented.secret)
          const rotations = refresh.family.rotations + 1
          const refreshToken = parts.refreshTokens.make(successor.refreshToken, refresh.grant.grantId, rotations)
          const secrets = { accessToken: successor.accessToken, refreshToken }
          const minted = mintSuccessor(parts, refresh, { rotation: unsealed, secrets, resource }, request)
          const sealedAccessToken = minted.isUnique ? successor.seal(minted.response.access_token) : null
          const rotation = { ...unsealed, sealedAccessToken }
          const response = await withIdTokenEncrypted(parts.mint, request.client, minted.response)
          if (await rotate(parts, presented.hash, refresh.family, { rotation, rotations, minted })) return response
          // Another request with the same token was faster and has committed: this one is a repeat of it.
          const again = (await store.findClientWithRefreshToken(clientId, presented))?.refresh ?? null
          const loser = provenToken(parts, again, request, presented)
          if (loser.standing.kind === 'current') {
            if (resource !== null) throw resourceChanged(resource)
            throw invalidGrant('refresh_token_lost', 'RFC 6749 §6', 'try again')
          }
          return repeat(parts, loser, loser.standing, request, presented)
        },
      }
    },
  }
}

async function rotate(
  { store, repeatWindow }: RefreshTokenParts,
  hash: Uint8Array,
  family: RefreshFamily,
  made: { readonly rotation: Rotation; readonly rotations: number; readonly minted: Minted },
): Promise<boolean> {
  const { rotation, rotations } = made
  const { accessToken, refreshToken } = made.minted
  if (refreshToken === null) return false
  const earlier = earlierRotations(family, rotation.rotatedAt, repeatWindow)
  const successor = { ...refreshToken, rotations, earlierRotations: earlier }
  return store.rotateRefreshToken(hash, rotation, accessToken, successor)
}

/** Throws unless the token is this client's and its family still holds; says where the token stands in it. */
function provenToken(
  { refreshTokens }: RefreshTokenParts,
  found: FoundFamily | null,
  request: TokenRequest,
  presented: Presented,
): FoundFamily & { readonly standing: KnownStanding } {
  const isOurs = () => refreshTokens.isOurs(presented.text)
  const standing = found === null ? UNKNOWN : standingOf(found, presented, isOurs)
  if (found === null || standing.kind === 'unknown') {
    throw invalidGrant('refresh_token_unknown', 'RFC 6749 §5.2', 'no such refresh token: mistyped, or long expired')
  }
  if (found.grant.clientId !== request.client.client.client_id) {
    throw invalidGrant('refresh_token_of_other_client', 'RFC 6749 §6', 'the refresh token belongs to another client')
  }
  assertHolds(found, request)
  assertKey(found, request)
  return { ...found, standing }
}

type KnownStanding = Exclude<Standing, { kind: 'unknown' }>
const UNKNOWN: Standing = { kind: 'unknown' }

function assertHolds({ family, grant, state }: FoundFamily, { client: { client }, now }: TokenRequest): void {
  if (state !== 'live') throw invalidGrant(state, 'RFC 6749 §5.2', `the authorization no longer holds: ${state}`)
  if (family.current.expiresAt <= now || family.expiresAt <= now) {
    throw invalidGrant(
      'refresh_token_expired',
      'RFC 6749 §5.2',
      'the refresh token was not used for too long, or is too old',
    )
  }
  const offlineWithdrawn = grant.offline && !includesScope(client.scope, 'offline_access')
  if (offlineWithdrawn || client.reply.refreshToken === 'never') {
    throw invalidGrant('refresh_withdrawn', 'RFC 9700 §4.14', 'the client may no longer have refresh tokens')
  }
}

/** RFC 9449 §5. A request without the key changes nothing: it is no replay, and nothing is given for it. */
function assertKey({ family }: FoundFamily, { key }: TokenRequest): void {
  if (family.keyThumbprint === null || family.keyThumbprint === key) return
  throw invalidGrant(
    'dpop_key_differs',
    'RFC 9449 §5',
    'the refresh token is bound to a key, which the request does not prove',
  )
}

/**
 * RFC 6749 §6: not wider than granted. Names that were asked for at the authorization endpoint and left out of the
 * grant may be repeated, as common clients do; asking for a narrower scope does not shrink the grant.
 */
function refreshedScope(
  { grant }: FoundFamily,
  { client: { client }, parameters }: TokenRequest,
  resource: ResourceRecord | null,
): string {
  const asked = parameters.get('scope')
  const granted = scopeWords(grant.scope)
  const still = [
    ...ownScope(client, granted),
    ...(resource === null ? [] : scopeFor(client, resource.resource, granted)),
  ]
  if (asked === undefined) return granted.filter((word) => still.includes(word)).join(' ')
  const words = parseScope(asked, client.authorize.scopeSeparators)
  if (words === null || !coversScope(`${grant.scopeAsked} ${grant.scope}`, words.join(' '))) {
    throw new OAuthError({
      error: 'invalid_scope',
      description: 'The scope is malformed or wider than what was granted',
      rule: 'scope_wider_than_granted',
      clause: 'RFC 6749 §6',
    })
  }
  return words.filter((word) => still.includes(word)).join(' ')
}

function resourceOf(
  { store, mint: { issuer } }: RefreshTokenParts,
  { grant }: FoundFamily,
  { client, parameters }: TokenRequest,
): Promise<ResourceRecord | null> {
  return resourceAsked({ store, issuer }, client, parameters, grant.resources)
}

function newRotation(refresh: FoundFamily, request: TokenRequest, resource: ResourceRecord | null): Rotation {
  return {
    rotatedAt: request.now,
    salt: newSalt(),
    requestDigest: digestOf(request),
    scope: refreshedScope(refresh, request, resource),
    address: request.address,
    userAgent: request.userAgent,
    keyThumbprint: request.key,
    sealedAccessToken: null,
  }
}

/** What a repeat must have in common with the first request. Nearly all requests ask for no scope and no resource. */
function digestOf({ parameters }: TokenRequest): Uint8Array {
  const scope = parameters.get('scope')
  const resources = parameters.getAll('resource')
  return scope === undefined && resources.length === 0 ? NOTHING_ASKED : digestOfAsked(scope, resources)
}

function digestOfAsked(scope: string | undefined, resources: readonly string[]): Uint8Array {
  return sha256(JSON.stringify(['scope', scope ?? null, ...resources]))
}

const NOTHING_ASKED = digestOfAsked(undefined, [])

interface Succession {
  readonly rotation: Rotation
  readonly secrets: TokenSecrets
  readonly resource: ResourceRecord | null
  /** The access token, where it was made before. */
  readonly kept?: string
}

function mintSuccessor(
  parts: RefreshTokenParts,
  { family, grant, user }: FoundFamily,
  { rotation, secrets, resource, kept }: Succession,
  request: TokenRequest,
): Minted {
  const { grantId, expiresAt: grantExpiresAt, sessionId, offline, authenticatedAt, amr, claims } = grant
  return mint(parts.mint, {
    authorization: {
      client: request.client,
      scope: rotation.scope,
      resource,
      keyThumbprint: request.key,
      // OpenID Connect Core §12.2: same auth_time, no nonce.
      onBehalfOf: { grantId, grantExpiresAt, sessionId, offline, user, authenticatedAt, amr, nonce: null, claims },
    },
    secrets,
    ...(kept !== undefined && { kept }),
    familyExpiresAt: family.expiresAt,
    familyKey: family.keyThumbprint ?? familyKeyOf(request),
    issuedAt: rotation.rotatedAt,
    now: request.now,
  })
}

async function repeat(
  parts: RefreshTokenParts,
  refresh: FoundFamily,
  { kind, last, usedAt }: Exclude<KnownStanding, { kind: 'current' }>,
  request: TokenRequest,
  presented: Presented,
): Promise<TokenResponse> {
  const { store } = parts
  const { grant } = refresh
  const isPublic = !isConfidential(request.client.client)
  const window = isPublic ? Math.min(PUBLIC_REPEAT_WINDOW, parts.repeatWindow) : parts.repeatWindow
  const event = (type: EventType) => ({
    type,
    at: request.now,
    clientId: grant.clientId,
    userId: grant.userId,
    detail: { grantId: grant.grantId, firstAddress: last.address, address: request.address },
  })
  const late = usedAt === null || request.now - usedAt > window
  const elsewhere = isPublic && last.address !== request.address && last.userAgent !== request.userAgent
  if (late || elsewhere) {
    assertNotLate(request.mayBeLate)
    await store.revokeGrant(grant.grantId, event('refresh_token_replayed'))
    throw invalidGrant(
      'refresh_token_replayed',
      'RFC 9700 §4.14.2',
      'a refresh token that was replaced before was used again; all tokens of this authorization are revoked now',
    )
  }
  await store.appendEvents([event('refresh_token_repeated')])
  if (kind === 'older') {
    throw invalidGrant(
      'refresh_token_repeated',
      'RFC 6749 §6',
      'the refresh token was just used, and its successor too',
    )
  }
  if (Buffer.compare(last.requestDigest, digestOf(request)) !== 0) {
    throw invalidGrant('refresh_token_repeated', 'RFC 6749 §6', 'the refresh token was just used with other parameters')
  }
  const successor = successorOf(parts.master, last.salt, presented.secret)
  const first = last.sealedAccessToken === null ? successor.accessToken : successor.unseal(last.sealedAccessToken)
  const isOfKey = last.keyThumbprint === request.key
  // A public client is known by its key alone, and by nothing where it has proven none.
  if (!isOfKey && isPublic) {
    throw invalidGrant('dpop_key_differs', 'RFC 9449 §5', 'the refresh token was just used with another key')
  }
  const resource = await resourceOf(parts, refresh, request)
  const refreshToken = textOfCurrent(parts, refresh, last, successor.refreshToken)
  // RFC 9449 §5: a client that authenticates may come with another key, to which its access token must be bound.
  const kept = isOfKey ? first : undefined
  const secrets = { accessToken: kept ?? newToken(), refreshToken }
  const succession = { rotation: last, secrets, resource, ...(kept !== undefined && { kept }) }
  const minted = mintSuccessor(parts, refresh, succession, request)
  if (!isOfKey && !(await store.addAccessToken(minted.accessToken))) {
    throw resource === null ? invalidGrant('refresh_token_lost', 'RFC 6749 §6', 'try again') : resourceChanged(resource)
  }
  return withIdTokenEncrypted(parts.mint, request.client, minted.response)
}

/**
 * The refresh token that the repeated rotation has answered with. Releases in which tokens did not name their grant
 * answered with the secret alone.
 */
function textOfCurrent(
  { refreshTokens }: RefreshTokenParts,
  { family, grant }: FoundFamily,
  last: LastRotation,
  secret: string,
): string {
  const texts = [refreshTokens.make(secret, grant.grantId, family.rotations), secret]
  const current = texts.find((text) => sameBytes(readRefreshToken(text).hash, last.successor))
  if (current !== undefined) return current
  throw invalidGrant(
    'refresh_token_repeated',
    'RFC 6749 §6',
    'the refresh token was just used, under another master key or by another release',
  )
}
