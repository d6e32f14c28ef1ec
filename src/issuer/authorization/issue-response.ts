// From a finished interaction to an answer: a code, and the tokens that the authorization endpoint gives by itself. It
// is the last step of signing in, handed to that wing as a function.

import { tokenKey } from '../../credentials/digest.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import type { Consent } from '../../model/consent.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { AuthorizationRequest } from '../../model/interaction.ts'
import { LONGEST_TOKEN_LIFETIME, type ResourceRecord } from '../../model/resource.ts'
import type { Session } from '../../model/session.ts'
import type { Seconds } from '../../model/time.ts'
import type { User } from '../../model/user.ts'
import type { Clock } from '../../platform/clock.ts'
import { newId, newToken } from '../../platform/random.ts'
import type { AuthorizationAnswer } from '../../protocol/response-mode.ts'
import { gives } from '../../protocol/response-type.ts'
import { includesScope } from '../../protocol/scope.ts'
import type { GrantVerbs, NewCode, NewGrant } from '../../store/verbs/grants.ts'
import { type AnswerTokens, type MintParts, mintAnswer, withIdTokenEncrypted } from '../tokens/mint.ts'
import { type ResourceReads, resourceAmong } from '../tokens/resource-asked.ts'

export interface IssueResponseParts {
  readonly store: GrantVerbs & ResourceReads
  readonly clock: Clock
  readonly mint: MintParts
  readonly lifetimes: {
    readonly code: Seconds
    readonly accessToken: Seconds
    readonly refreshAbsolute: Seconds
    readonly sessionIdle: Seconds
  }
}

export interface ResponseRequest {
  readonly request: AuthorizationRequest
  readonly client: ClientRecord
  readonly session: Session
  /** Whom the session stands for. */
  readonly user: User
  readonly interactionId?: string
  /** The person has just agreed. */
  readonly consent?: Consent
}

/**
 * RFC 6749 §4.1.2, OpenID Connect Core §3.2.2.5, §3.3.2.5. Null: session, user, client or interaction has changed
 * meanwhile, or the request was pushed or is one of a device and has been answered: nothing was issued.
 */
export async function issueResponse(
  { store, clock, mint, lifetimes }: IssueResponseParts,
  issue: ResponseRequest,
): Promise<AuthorizationAnswer | null> {
  const { request, client, session, interactionId, consent } = issue
  const { resources = [] } = request
  const now = clock.now()
  const isDevice = request.device !== undefined
  const code = !isDevice && gives(request.responseType, 'code') ? newToken() : null
  const resource = await resourceOf(store, mint.issuer, issue)
  const longest = code === null && !isDevice ? 0 : lifetimes.refreshAbsolute
  const grant: NewGrant = {
    grantId: newId('gr'),
    clientId: request.clientId,
    clientGeneration: client.generation,
    userId: session.userId,
    sessionId: session.sessionId,
    // OpenID Connect Core §11: tokens of this grant may be used while the person is away.
    offline: includesScope(request.scope, 'offline_access'),
    scopeAsked: request.scopeAsked,
    scope: request.scope,
    claims: request.claims ?? null,
    resources: resources.map(({ identifier }) => identifier),
    issuedAt: now,
    // The grant's row must outlive every token given under it, even if a resource is given a longer lifetime later.
    expiresAt: now + longest + Math.max(lifetimes.accessToken, resources.length === 0 ? 0 : LONGEST_TOKEN_LIFETIME),
  }
  const { tokens: plain, accessToken } = tokensBeside(mint, issue, grant, code, resource)
  const tokens = await withIdTokenEncrypted(mint, client, plain)
  const issued = await store.issueCode(grant, code === null ? null : newCode(request, code, now + lifetimes.code), {
    ...(accessToken !== null && { accessToken }),
    ...(interactionId !== undefined && { interactionId }),
    ...(request.pushed !== undefined && { pushed: request.pushed }),
    ...(request.device !== undefined && { device: request.device }),
    ...(consent !== undefined && { consent }),
    remembered: consent === undefined && client.client.consent === 'ask',
    // Writing at each visit would cost more than it is worth: a twentieth of the idle time is exact enough.
    touch: now - session.lastUsedAt > lifetimes.sessionIdle / 20,
    events: consent === undefined ? [] : [consentGiven(consent, now)],
  })
  return issued ? { ...(code !== null && { code }), ...tokens, state: request.state ?? undefined } : null
}

/**
 * The resource that the access token of this answer is meant for. A request that named several has been refused before.
 */
async function resourceOf(
  store: ResourceReads,
  issuer: string,
  { request: { responseType, resources = [] }, client }: ResponseRequest,
): Promise<ResourceRecord | null> {
  if (resources.length === 0 || !gives(responseType, 'token')) return null
  const asked = resources.map(({ identifier }) => identifier)
  return resourceAmong({ store, issuer }, client, asked)
}

const NOTHING: ReturnType<typeof mintAnswer> = { tokens: {}, accessToken: null }

function tokensBeside(
  mint: MintParts,
  { request, client, session, user }: ResponseRequest,
  grant: NewGrant,
  code: string | null,
  resource: ResourceRecord | null,
): { readonly tokens: AnswerTokens; readonly accessToken: ReturnType<typeof mintAnswer>['accessToken'] } {
  if (request.responseType === 'code') return NOTHING
  const { sessionId, authenticatedAt, amr } = session
  const { grantId, expiresAt: grantExpiresAt, offline, claims, issuedAt: now } = grant
  const about = { grantId, grantExpiresAt, sessionId, offline, authenticatedAt, amr, claims }
  const onBehalfOf = { ...about, user, nonce: request.nonce }
  return mintAnswer(mint, {
    // Nothing is proven at the authorization endpoint.
    authorization: { client, scope: request.scope, resource, keyThumbprint: null, onBehalfOf },
    type: request.responseType,
    code,
    secret: gives(request.responseType, 'token') ? newToken() : null,
    now,
  })
}

function newCode(
  { redirectUri, codeChallenge, nonce, keyThumbprint }: AuthorizationRequest,
  code: string,
  expiresAt: Seconds,
): NewCode {
  return { hash: tokenKey(code), redirectUri, codeChallenge, nonce, keyThumbprint: keyThumbprint ?? null, expiresAt }
}

function consentGiven({ clientId, userId, scope, kinds }: Consent, at: Seconds): SecurityEvent {
  return { type: 'consent_given', at, clientId, userId, detail: { scope, kinds } }
}
