// response_type and response_mode: what the client asks for and how the answer is sent, even when the rest of the
// request is broken. OAuth 2.0 Multiple Response Type Encoding Practices.

import type { Client } from '../../model/client/client.ts'
import { invalidRequest, OAuthError } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import type { TrustedRedirectUri } from '../../protocol/redirect-uri.ts'
import { canReach, isResponseMode, type ResponseMode } from '../../protocol/response-mode.ts'
import {
  defaultModeOf,
  gives,
  mayTravelBy,
  parseResponseType,
  type ResponseType,
} from '../../protocol/response-type.ts'

/**
 * RFC 6749 §3.1.1: a response type that this server offers, and this client is registered for. `offered`: by this
 * server.
 */
export function responseTypeOf(
  parameters: Parameters,
  { authorize, response_types }: Client,
  offered: readonly ResponseType[],
): ResponseType {
  const text = parameters.get('response_type')
  if (text === undefined) {
    if (authorize.defaultResponseType === 'code') return 'code'
    throw invalidRequest('response_type_missing', 'RFC 6749 §3.1.1', 'response_type is required')
  }
  const type = parseResponseType(text)
  if (type !== null && offered.includes(type) && response_types.includes(type)) return type
  const known = type !== null && offered.includes(type)
  throw new OAuthError({
    error: known ? 'unauthorized_client' : 'unsupported_response_type',
    description: known ? 'The client may not use this response_type' : 'This server does not have that response_type',
    rule: known ? 'response_type_not_allowed' : 'response_type_unsupported',
    clause: 'RFC 6749 §4.1.2.1',
  })
}

export function responseModeOf(
  parameters: Parameters,
  type: ResponseType,
  redirectUri: TrustedRedirectUri,
): ResponseMode {
  const text = parameters.get('response_mode')
  if (text === undefined) return defaultModeOf(type)
  const clause = 'OAuth 2.0 Multiple Response Types §2.1'
  if (!isResponseMode(text)) {
    throw invalidRequest('response_mode_unsupported', clause, 'This server does not have that response_mode')
  }
  if (!mayTravelBy(type, text)) {
    throw invalidRequest('response_mode_leaks', clause, 'Tokens are not sent in a query; use fragment or form_post')
  }
  if (!canReach(redirectUri, text)) {
    throw invalidRequest('response_mode_unreachable', clause, 'A form reaches https and http addresses only')
  }
  return text
}

/**
 * How a refusal is sent: like the answer that the request asks for. If the request names no response_type of this
 * server, nothing says that the client reads fragments, so the query is used.
 */
export function refusalMode(
  parameters: Parameters,
  { authorize }: Client,
  redirectUri: TrustedRedirectUri,
  offered: readonly ResponseType[],
): ResponseMode {
  const text = parameters.get('response_type') ?? (authorize.defaultResponseType === 'code' ? 'code' : '')
  const type = parameters.isRepeated('response_type') ? null : parseResponseType(text)
  const asked = parameters.isRepeated('response_mode') ? undefined : parameters.get('response_mode')
  const supposed = type !== null && offered.includes(type) ? type : 'code'
  const mode = asked !== undefined && isResponseMode(asked) && canReach(redirectUri, asked) ? asked : null
  return mode !== null && mayTravelBy(supposed, mode) ? mode : defaultModeOf(supposed)
}

/**
 * OpenID Connect Core §3.2.2.1, §3.3.2.11: an ID token that is sent through the browser must be bound to this request.
 */
export function assertIdTokenBound(type: ResponseType, scope: readonly string[], nonce: string | null): void {
  if (!gives(type, 'id_token')) return
  if (!scope.includes('openid')) {
    throw invalidRequest('openid_missing', 'OpenID Connect Core §3.1.2.1', 'An ID token needs the scope openid')
  }
  if (nonce !== null) return
  throw invalidRequest('nonce_missing', 'OpenID Connect Core §3.2.2.1', 'nonce is required with this response_type')
}
