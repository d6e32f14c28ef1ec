// Where an access token may stand, and how a client is told that it was refused. RFC 6750, RFC 9449 §7.

import { OAuthError } from './errors.ts'
import type { Parameters } from './parameters.ts'

/** RFC 6750 §2.1: b64token. At most 4 KiB: longer ones are no token of ours. */
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i
/** RFC 9449 §7.1 */
const DPOP = /^DPoP +([A-Za-z0-9\-._~+/]+=*) *$/i
const LONGEST = 4096

function tokenAfter(scheme: RegExp, authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.length > LONGEST + 10) return null
  return scheme.exec(authorization)?.[1] ?? null
}

/** The client says that the token is bound to a key, and stands by it: it sends a proof of that key. RFC 9449 §7.1 */
export function saysBound(authorization: string | undefined): boolean {
  return authorization !== undefined && DPOP.test(authorization)
}

/** RFC 6750 §3: nothing was presented, so no error code is given. */
export function tokenMissing(): OAuthError {
  return new OAuthError({
    error: 'invalid_token',
    status: 401,
    description: 'An access token is required: send it in the Authorization header',
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

export type TokenPlace = 'header' | 'form' | 'query'

const IN: Readonly<Record<TokenPlace, string>> = {
  header: 'in the Authorization header',
  form: 'in a form body',
  query: 'in the query',
}

/** RFC 6750 §3.1: malformed, or the token came by a method that is not supported. `description` as of `invalidToken`. */
function badRequest(rule: string, clause: string, description: string): OAuthError {
  return new OAuthError({
    error: 'invalid_request',
    description,
    rule,
    clause,
    headers: { 'www-authenticate': `Bearer error="invalid_request", error_description="${description}"` },
  })
}

/**
 * The token is not where this client may send it. RFC 6750 §2.3: a query is logged on its way, so servers may refuse
 * it.
 */
export function wrongPlace(allowed: readonly TokenPlace[], query: Parameters | null): OAuthError {
  const [first = 'header'] = allowed
  const advice = `Send the access token ${IN[allowed.includes('header') ? 'header' : first]}`
  return query?.get('access_token') === undefined
    ? badRequest('access_token_place', 'RFC 6750 §3.1', `${advice}, not where it came`)
    : badRequest('access_token_in_query', 'RFC 6750 §2.3', `${advice}, not in the query`)
}

/**
 * Not a token of ours. Nobody knows which client it belongs to, so a query is not refused, only advised against. RFC
 * 6750 §2.3
 */
export function tokenUnknown(query: Parameters | null): OAuthError {
  const inQuery = query?.get('access_token') !== undefined
  return invalidToken(
    'access_token_unknown',
    'no such access token: mistyped, or long expired',
    inQuery ? `${USELESS}; it came in the query, send it ${IN.header}` : USELESS,
  )
}

/**
 * RFC 6750 §2: a client must not use more than one place, unless they hold the same token (node-oauth does that).
 * `bound`: in the header, by the scheme of tokens that are bound to a key.
 */
export function bearerFrom(
  places: readonly (TokenPlace | 'bound')[],
  authorization: string | undefined,
  form: Parameters | null,
  query: Parameters | null,
): string | null {
  const found = [
    places.includes('header') ? tokenAfter(BEARER, authorization) : null,
    places.includes('bound') ? tokenAfter(DPOP, authorization) : null,
    places.includes('form') ? (form?.get('access_token') ?? null) : null,
    places.includes('query') ? (query?.get('access_token') ?? null) : null,
  ].filter((token) => token !== null)
  // RFC 6750 §3.1: the same parameter twice is a malformed request.
  const repeated = [form, query].some((parameters) => parameters?.isRepeated('access_token'))
  if (repeated) throw badRequest('parameter_repeated', 'RFC 6750 §3.1', 'access_token is sent more than once')
  if (new Set(found).size > 1) {
    throw badRequest('access_token_ambiguous', 'RFC 6750 §2', 'Different access tokens were sent at once')
  }
  return found[0] ?? null
}
