// Where a bearer token may be, and how its refusal is told. RFC 6750.

import { OAuthError } from './errors.ts'
import type { Parameters } from './parameters.ts'

/** RFC 6750 §2.1: b64token. At most 4 KiB: longer ones are no token of ours. */
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i
const LONGEST = 4096

function bearerFromHeader(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.length > LONGEST + 10) return null
  return BEARER.exec(authorization)?.[1] ?? null
}

/** RFC 6750 §3: nothing was presented, so no error code is told. */
export function tokenMissing(): OAuthError {
  return new OAuthError({
    error: 'invalid_token',
    status: 401,
    description: 'An access token is required',
    rule: 'access_token_missing',
    clause: 'RFC 6750 §3',
    reason: 'no access token was presented: it belongs into the header "authorization: Bearer …"',
    headers: { 'www-authenticate': 'Bearer' },
  })
}

const USELESS = 'The access token is unknown, expired or revoked'

/** `description`: printable ASCII without quotes. RFC 6750 §3. */
export function invalidToken(rule: string, reason: string, description = USELESS): OAuthError {
  return new OAuthError({
    error: 'invalid_token',
    status: 401,
    description,
    rule,
    clause: 'RFC 6750 §3.1',
    reason,
    headers: {
      'www-authenticate': `Bearer error="invalid_token", error_description="${description}"`,
    },
  })
}

export function insufficientScope(scope: string, reason: string): OAuthError {
  return new OAuthError({
    error: 'insufficient_scope',
    status: 403,
    description: `The access token lacks the scope ${scope}`,
    rule: 'scope_insufficient',
    clause: 'RFC 6750 §3.1',
    reason,
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  })
}

/** RFC 6750 §2: a client must not use more than one place, unless they hold the same token (node-oauth does that). */
export function bearerFrom(
  places: readonly ('header' | 'form' | 'query')[],
  authorization: string | undefined,
  form: Parameters | null,
  query: Parameters | null,
): string | null {
  const found = [
    places.includes('header') ? bearerFromHeader(authorization) : null,
    places.includes('form') ? (form?.get('access_token') ?? null) : null,
    places.includes('query') ? (query?.get('access_token') ?? null) : null,
  ].filter((token) => token !== null)
  // RFC 6750 §3.1: the same parameter twice is a malformed request.
  const repeated = [form, query].some((parameters) => parameters?.isRepeated('access_token'))
  if (repeated || new Set(found).size > 1) {
    throw new OAuthError({
      error: 'invalid_request',
      description: repeated ? 'access_token is sent more than once' : 'Different access tokens were sent at once',
      rule: repeated ? 'parameter_repeated' : 'access_token_ambiguous',
      clause: repeated ? 'RFC 6750 §3.1' : 'RFC 6750 §2',
      headers: { 'www-authenticate': 'Bearer error="invalid_request"' },
    })
  }
  return found[0] ?? null
}
