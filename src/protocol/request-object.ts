// Request objects: an authorization request as the claims of a JWT. Which of them are parameters, what the JWT must say
// about itself, and how the parameters inside and outside become one request. OpenID Connect Core §6.1, RFC 9101.

import type { UnverifiedJwt } from './jwt.ts'
import { Parameters } from './parameters.ts'

/** RFC 9101 §4: members about the JWT itself, which are no parameters. */
const ABOUT_THE_JWT: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])
/** RFC 9101 §4: MUST NOT be inside. */
const NEVER_INSIDE = ['request', 'request_uri'] as const
/** Characters: a longer text is not even looked at. */
export const LONGEST_REQUEST_OBJECT = 32_768
const MOST_MEMBERS = 200
/**
 * Levels of nesting, more than any parameter has. Code that writes JSON recurses as deep as the value, and fails where
 * the stack ends.
 */
const DEEPEST = 32
/** Clocks of clients and ours, in seconds. */
const SKEW = 10
/** RFC 9101 §10.8, RFC 7519 §5.1. */
const TYPES = ['jwt', 'oauth-authz-req+jwt']

export interface RequestObjectFacts {
  readonly clientId: string
  readonly issuer: string
  /** Seconds since 1970. */
  readonly now: number
}

/**
 * The rule by which a request object is refused, and why, as the end of a sentence that begins with "The request
 * object".
 */
export interface RequestObjectProblem {
  readonly rule: string
  readonly problem: string
}

/** Checks everything except the signature; null: nothing is wrong. */
export function requestObjectProblem(
  { header, claims }: Pick<UnverifiedJwt, 'header' | 'claims'>,
  facts: RequestObjectFacts,
): RequestObjectProblem | null {
  return headerProblem(header) ?? membersProblem(claims) ?? claimsProblem(claims, facts)
}

function wrong(rule: string, problem: string): RequestObjectProblem {
  return { rule, problem }
}

function headerProblem(header: UnverifiedJwt['header']): RequestObjectProblem | null {
  // RFC 7515 §4.1.11: a recipient that does not understand a critical header must refuse, and we understand none. RFC
  // 7797 §7: `b64` never stands in a JWT.
  if ('crit' in header || 'b64' in header) {
    return wrong('request_object_malformed', 'says in its header that something unknown is critical')
  }
  const type = header['typ']
  const known = typeof type === 'string' && TYPES.includes(type.toLowerCase().replace(/^application\//, ''))
  return type === undefined || known
    ? null
    : wrong('request_object_type', 'says in its header that it is another kind of token')
}

function membersProblem(claims: UnverifiedJwt['claims']): RequestObjectProblem | null {
  const names = Object.keys(claims)
  if (names.length > MOST_MEMBERS) return wrong('request_object_malformed', `has more than ${MOST_MEMBERS} members`)
  if (Object.values(claims).some(isTooDeep)) return wrong('request_object_malformed', 'is nested too deeply')
  const nested = NEVER_INSIDE.find((name) => names.includes(name))
  if (nested !== undefined) return wrong('request_object_nested', `holds the parameter ${nested}`)
  // No column can hold U+0000, and half a surrogate pair cannot be written into an address.
  const unfit = names.find((name) => !isFit(name) || !isFit(textOf(claims[name])))
  return unfit === undefined ? null : wrong('request_object_malformed', 'holds text that is no Unicode, or U+0000')
}

function isFit(text: string | undefined): boolean {
  return text === undefined || (text.isWellFormed() && !text.includes('\0'))
}

function claimsProblem(
  claims: UnverifiedJwt['claims'],
  { clientId, issuer, now }: RequestObjectFacts,
): RequestObjectProblem | null {
  const { iss, sub, aud, exp, nbf, iat, client_id } = claims
  // RFC 9101 §5, §6.3: the two must be the same.
  if (client_id !== undefined && client_id !== clientId) {
    return wrong('request_object_client', 'has another client_id than the request')
  }
  if (iss !== undefined && iss !== clientId)
    return wrong('request_object_issuer', 'has an iss that is not the client_id')
  // RFC 9101 §10.8: so that a request object cannot be taken for an assertion of the client, nor the other way round.
  if (sub !== undefined && sub === clientId) return wrong('request_object_assertion', 'has the client as sub')
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (aud !== undefined && !audiences.includes(issuer)) {
    return wrong('request_object_audience', `has an aud that does not name ${issuer}`)
  }
  for (const [name, instant] of [['exp', exp] as const, ['nbf', nbf] as const, ['iat', iat] as const]) {
    if (instant === undefined) continue
    if (typeof instant !== 'number' || !Number.isFinite(instant)) {
      return wrong('request_object_malformed', `has an ${name} that is no number`)
    }
    if (name === 'exp' && instant <= now - SKEW) return wrong('request_object_expired', 'has expired')
    if (name !== 'exp' && instant > now + SKEW) return wrong('request_object_early', `is not valid yet, by its ${name}`)
  }
  return null
}

/** The parameters that a request object holds, as they would be in a query. RFC 9101 §4. */
function parametersIn(claims: UnverifiedJwt['claims']): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const [name, value] of Object.entries(claims)) {
    const text = textOf(name === 'resource' && Array.isArray(value) ? value[0] : value)
    // A refused object is read too, in order to know where and how to send the refusal.
    if (text !== undefined && isFit(name) && isFit(text) && !ABOUT_THE_JWT.has(name)) parameters.set(name, text)
  }
  return parameters
}

/** RFC 9101 §4: what may be repeated in a query is a list in JSON; its first value is a parameter like all others. */
function furtherResources({ resource }: UnverifiedJwt['claims']): readonly string[] {
  return Array.isArray(resource) ? resource.slice(1).filter((each) => typeof each === 'string' && isFit(each)) : []
}

/** Numbers as text (`max_age`), objects as JSON (`claims`); undefined: there is no value. */
function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return isTooDeep(value) ? undefined : JSON.stringify(value)
}

function isTooDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value]
  for (let depth = 0; depth <= DEEPEST && level.length > 0; depth++) {
    level = level.flatMap((each): unknown[] => (typeof each === 'object' && each !== null ? Object.values(each) : []))
  }
  return level.length > 0
}

/**
 * The request that both together make; what is inside always wins. OpenID Connect Core §6.1: in an OpenID request the
 * rest may stand outside. `strict`, RFC 9101 §6.3: only what is inside counts.
 */
export function mergedParameters(outer: Parameters, claims: UnverifiedJwt['claims'], strict: boolean): Parameters {
  const inner = parametersIn(claims)
  const values = new Map<string, string>()
  for (const name of outer.names) {
    const isRequest = (NEVER_INSIDE as readonly string[]).includes(name)
    if (isRequest || (strict && name !== 'client_id')) continue
    values.set(name, outer.get(name) ?? '')
  }
  for (const [name, value] of inner) if (name !== 'client_id') values.set(name, value)
  const repeated = new Map<string, readonly string[]>()
  for (const name of outer.repeated) {
    if (values.has(name) && !inner.has(name)) repeated.set(name, outer.getAll(name).slice(1))
  }
  const further = furtherResources(claims)
  if (further.length > 0) repeated.set('resource', further)
  return new Parameters(values, repeated)
}
