// From the parameters of an authorization request to a value that can be trusted, in two stages with a type between
// them: first the client and its redirect URI (a failure is shown here), then everything else (a failure is sent
// there).

import type { Client, ClientRecord } from '../../model/client/client.ts'
import type { AuthorizationRequest } from '../../model/interaction.ts'
import { isThumbprint } from '../../protocol/dpop.ts'
import { invalidRequest, OAuthError } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { parseChallenge } from '../../protocol/pkce.ts'
import { parseMaxAge, parsePrompt } from '../../protocol/prompt.ts'
import { explainMismatch, matchRedirectUri, type TrustedRedirectUri } from '../../protocol/redirect-uri.ts'
import { gives, type ResponseType } from '../../protocol/response-type.ts'
import { parseScope, scopeWords } from '../../protocol/scope.ts'
import { assertOnePerson, claimsAsked } from './claims-parameter.ts'
import { type AskedTarget, assertOneTarget, openScopes, resourcesOf } from './resource-parameter.ts'
import { assertIdTokenBound, responseModeOf, responseTypeOf } from './response-parameters.ts'

/** The redirect URI of this request cannot be trusted. Shown on a page of ours, never sent anywhere. */
export class UntrustedRequest extends Error {
  readonly error: OAuthError
  readonly advice:
    | 'unknown_client'
    | 'redirect_uri_missing'
    | 'redirect_uri_mismatch'
    | 'request_malformed'
    | 'interaction_expired'
  constructor(advice: UntrustedRequest['advice'], error: OAuthError) {
    super(error.message)
    this.advice = advice
    this.error = error
  }
}

export interface TrustedClient {
  readonly record: ClientRecord
  readonly redirectUri: TrustedRedirectUri
}

const LONGEST_STATE = 4096
const LONGEST_REQUEST = 16_384

/** The client_id of a request; throws when it is missing or repeated, since such a request cannot be trusted. */
export function requestedClientId(parameters: Parameters): string {
  const clientId = parameters.get('client_id')
  if (clientId === undefined || parameters.isRepeated('client_id')) {
    throw untrusted('unknown_client', 'client_id_missing', 'client_id is missing or repeated')
  }
  return clientId
}

/** To people the client is simply unknown; the operator reads why. */
export function documentUnusable(reason: string): UntrustedRequest {
  return untrusted('unknown_client', 'client_document_unusable', reason, 'The client is not known here')
}

/** Stage one. Throws `UntrustedRequest`, with the same words for an unknown and a disabled client. */
export function trustClient(parameters: Parameters, record: ClientRecord | null): TrustedClient {
  if (record === null || !record.enabled) {
    const state = record === null ? 'unknown' : 'disabled'
    throw untrusted('unknown_client', `client_${state}`, `the client is ${state}`, 'The client is not known here')
  }
  const { client } = record
  const presented = parameters.get('redirect_uri')
  if (parameters.isRepeated('redirect_uri')) {
    throw untrusted('request_malformed', 'redirect_uri_repeated', 'redirect_uri is sent more than once')
  }
  if (presented === undefined) {
    // RFC 6749 §3.1.2.3 lets redirect_uri be left out where only one is registered; OpenID Connect Core §3.1.2.1 does
    // not.
    const [only, ...others] = client.redirect_uris
    const openid = scopeWords(parameters.get('scope') ?? '').includes('openid')
    const mayOmit = only !== undefined && others.length === 0 && !openid && !client.token.requireRedirectUri
    const implied = mayOmit ? matchRedirectUri(client, only) : null
    if (implied !== null) return { record, redirectUri: implied }
    throw untrusted('redirect_uri_missing', 'redirect_uri_missing', 'redirect_uri is missing')
  }
  const redirectUri = matchRedirectUri(client, presented)
  if (redirectUri === null) {
    throw untrusted(
      'redirect_uri_mismatch',
      'redirect_uri_mismatch',
      explainMismatch(client.redirect_uris, presented),
      'redirect_uri is not registered for this client',
    )
  }
  return { record, redirectUri }
}

function untrusted(advice: UntrustedRequest['advice'], rule: string, reason: string, description = reason) {
  const error = new OAuthError({ error: 'invalid_request', rule, clause: 'RFC 6749 §4.1.2.1', description, reason })
  return new UntrustedRequest(advice, error)
}

/** The state for a redirect with an error, even when the rest of the request is broken. */
export function answerableState(parameters: Parameters): string | undefined {
  const state = parameters.get('state')
  return state !== undefined && state.length <= LONGEST_STATE && !parameters.isRepeated('state') ? state : undefined
}

export interface RequestRules {
  /** The subject of a hint; throws for a hint that is not ours. */
  readonly hintedSubject: (idTokenHint: string) => string
  /** The response types that the server offers. */
  readonly responseTypes: readonly ResponseType[]
  /** What `resource` names, in the order of the request. */
  readonly targets: readonly AskedTarget[]
  /** Throws when no ID token can be signed for this client now: otherwise a person would sign in for nothing. */
  readonly assertSigns: (client: ClientRecord) => void
}

/** Stage two, one row for each parameter. Throws `OAuthError`, which is sent to the trusted redirect URI. */
export function parseAuthorizationRequest(
  parameters: Parameters,
  { record, redirectUri }: TrustedClient,
  { hintedSubject, responseTypes, targets, assertSigns }: RequestRules,
): AuthorizationRequest {
  const { client } = record
  assertSingle(parameters)
  const responseType = responseTypeOf(parameters, client, responseTypes)
  const responseMode = responseModeOf(parameters, responseType, redirectUri)
  const idTokenHint = parameters.get('id_token_hint')
  const { asked, granted } = parseScopes(parameters, client, responseType, targets)
  const nonce = parameters.get('nonce') ?? null
  assertOneTarget(responseType, targets)
  assertIdTokenBound(responseType, granted, nonce)
  if (granted.includes('openid') && client.reply.idToken === 'auto') assertSigns(record)
  const request: AuthorizationRequest = {
    clientId: client.client_id,
    redirectUri,
    responseType,
    responseMode,
    scopeAsked: asked.join(' '),
    scope: granted.join(' '),
    state: parseState(parameters),
    nonce,
    // RFC 7636 protects a code; where none is given there is nothing to protect.
    codeChallenge: gives(responseType, 'code') ? parseChallenge(parameters, client.authorize.pkce) : null,
    prompt: parsePrompt(parameters.get('prompt')),
    // OpenID Connect Registration §2: max_age in the request goes before the registered one.
    maxAge: parseMaxAge(parameters.get('max_age')) ?? client.default_max_age,
    loginHint: parameters.get('login_hint')?.slice(0, 256) ?? null,
    uiLocales: parameters.get('ui_locales')?.slice(0, 256) ?? null,
    ...(idTokenHint !== undefined && { hintedSubject: hintedSubject(idTokenHint) }),
    ...keyAsked(parameters, responseType),
    ...resourcesOf(client, targets, granted),
    ...claimsAsked(parameters, client, granted, responseType),
  }
  assertOnePerson(request)
  if (Buffer.byteLength(JSON.stringify(request)) > LONGEST_REQUEST) {
    throw invalidRequest('request_too_large', 'RFC 6749 §4.1.2.1', 'The authorization request is too large')
  }
  return request
}

/** RFC 6749 §3.1; only `resource` may be repeated (RFC 8707 §2), and parameters that we do not know are ignored. */
const SINGLE = [
  'response_type',
  'scope',
  'state',
  'nonce',
  'prompt',
  'max_age',
  'code_challenge',
  'code_challenge_method',
  'response_mode',
  'display',
  'claims',
  'claims_locales',
  'acr_values',
  'login_hint',
  'id_token_hint',
  'ui_locales',
  'dpop_jkt',
  'request',
  'request_uri',
]

/** All that a request may say, wherever it stands. */
export const REQUEST_PARAMETERS: readonly string[] = [
  ...SINGLE.filter((name) => name !== 'request' && name !== 'request_uri'),
  'redirect_uri',
  'resource',
]

function assertSingle(parameters: Parameters): void {
  const repeated = SINGLE.find((name) => parameters.isRepeated(name))
  if (repeated === undefined) return
  throw invalidRequest('parameter_repeated', 'RFC 6749 §3.1', `${repeated} is sent more than once`)
}

function parseState(parameters: Parameters): string | null {
  const state = parameters.get('state')
  if (state === undefined) return null
  if (state.length > LONGEST_STATE) {
    throw invalidRequest('state_too_long', 'RFC 6749 §4.1.1', `state is longer than ${LONGEST_STATE} characters`)
  }
  return state
}

/** RFC 9449 §10: the code is bound to this key; where none is given there is nothing to bind. */
function keyAsked(parameters: Parameters, responseType: ResponseType): { readonly keyThumbprint?: string } {
  const keyThumbprint = parameters.get('dpop_jkt')
  if (keyThumbprint === undefined || !gives(responseType, 'code')) return {}
  if (isThumbprint(keyThumbprint)) return { keyThumbprint }
  throw invalidRequest('dpop_jkt_malformed', 'RFC 9449 §10', 'dpop_jkt must be the SHA-256 thumbprint of a key')
}

interface Scopes {
  readonly asked: readonly string[]
  readonly granted: readonly string[]
}

/** RFC 6749 §3.3: without scope, the registered one counts, except for scopes that must be asked for by name. */
export function parseScopes(
  parameters: Parameters,
  client: Client,
  responseType: ResponseType,
  targets: readonly AskedTarget[],
): Scopes {
  const allowed = [...new Set([...scopeWords(client.scope), ...openScopes(targets)])]
  const text = parameters.get('scope')
  if (text === undefined) {
    const words = allowed.filter((word) => word !== 'openid' && word !== 'offline_access')
    return { asked: words, granted: words }
  }
  const words = parseScope(text, client.authorize.scopeSeparators)
  const refused = words?.find((word) => !allowed.includes(word))
  if (words === null || (refused !== undefined && client.authorize.unknownScopes === 'refuse')) {
    throw new OAuthError({
      error: 'invalid_scope',
      description:
        words === null ? 'scope holds characters that are not allowed' : 'scope holds a name this client may not have',
      rule: words === null ? 'scope_malformed' : 'scope_not_allowed',
      clause: 'RFC 6749 §3.3',
    })
  }
  // OpenID Connect Core §11: offline_access is ignored where no code is given.
  const isOffline = gives(responseType, 'code')
  const granted = words.filter((word) => allowed.includes(word) && (isOffline || word !== 'offline_access'))
  return { asked: words, granted }
}
