// What every assertion must say, whoever signed it: its header before the signature is looked at, its claims, and the
// name under which it is remembered as used. RFC 7523 §3.

import { sha256 } from '../../credentials/digest.ts'
import type { AssertionAlgorithm, Client } from '../../model/client/client.ts'
import type { Seconds } from '../../model/time.ts'
import { isSameAlgorithm } from '../../protocol/jwk.ts'
import type { UnverifiedJwt } from '../../protocol/jwt.ts'
import { type AssertionMethod, type AuthenticationRefusal, refuse } from './method.ts'

/** Where an assertion may be sent to. */
export interface Audience {
  readonly issuer: string
  /** The endpoints that take assertions. RFC 7523 §3: the token endpoint's URL names the server too. */
  readonly endpoints: readonly string[]
}

const LONGEST_AHEAD: Seconds = 300
/** How far a client's clock may be from ours. */
const SKEW: Seconds = 10
/** Clocks of our nodes differ too: what one node has forgotten, no other may still accept. */
const REMEMBERED_AFTER: Seconds = 60
const LONGEST_JTI = 256

/** RFC 7519 §5.1, and RFC 7523bis, which gives these assertions a type of their own. */
const TYPES = ['jwt', 'client-authentication+jwt']

/** The algorithm, if this client may use it. The registration decides; the header only has to agree. RFC 8725 §3.1. */
export function algorithmOf(
  { header }: UnverifiedJwt,
  { algorithms }: AssertionMethod,
  { token_endpoint_auth_signing_alg: registered }: Client,
): AssertionAlgorithm | AuthenticationRefusal {
  const allowed = registered === null ? algorithms : algorithms.filter((each) => isSameAlgorithm(each, registered))
  const algorithm = allowed.find((each) => each === header['alg'])
  if (algorithm === undefined) {
    return refuse('assertion_algorithm', `the assertion must be signed with ${allowed.join(' or ')}`, false)
  }
  // RFC 7515 §4.1.11: a recipient that does not understand a critical header must refuse, and we understand none. RFC
  // 7797 §7: `b64` never stands in a JWT.
  if ('crit' in header || 'b64' in header) {
    return refuse('assertion_malformed', 'the header says that something unknown is critical', false)
  }
  const type = header['typ']
  // RFC 8725 §3.11: a token that was made for something else proves nothing here.
  if (
    type !== undefined &&
    !(typeof type === 'string' && TYPES.includes(type.toLowerCase().replace(/^application\//, '')))
  ) {
    return refuse('assertion_malformed', 'typ says that it is another kind of token', false)
  }
  return algorithm
}

/** What is wrong with the claims; null: nothing. */
export function claimsRefusal(
  { claims }: UnverifiedJwt,
  { client_id, assertionAudience }: Client,
  { issuer, endpoints }: Audience,
  now: Seconds,
): AuthenticationRefusal | null {
  const wrong = (rule: string, reason: string) => refuse(rule, reason, false)
  if (claims['iss'] !== client_id || claims['sub'] !== client_id) {
    return wrong('assertion_issuer', 'iss and sub must both be the client_id')
  }
  const { aud, exp, iat, nbf, jti } = claims
  const named = Array.isArray(aud) ? aud : [aud]
  const right =
    assertionAudience === 'issuer'
      ? aud === issuer
      : // An audience that is not ours could use it here.
        named.length > 0 && named.every((each) => each === issuer || endpoints.some((url) => url === each))
  if (!right) {
    const also = assertionAudience === 'issuer' ? ' as one string' : ', or the endpoint it is sent to'
    return wrong('assertion_audience', `aud must be ${issuer}${also}`)
  }
  if (!isInstant(exp)) return wrong('assertion_expiry', 'exp is missing')
  if (exp <= now - SKEW) return wrong('assertion_expired', `exp was ${now - exp} seconds ago; compare the clocks`)
  if (exp > now + LONGEST_AHEAD + SKEW) {
    return wrong('assertion_expiry', `exp is ${exp - now} seconds ahead; at most ${LONGEST_AHEAD} are accepted`)
  }
  for (const [name, instant] of [['iat', iat] as const, ['nbf', nbf] as const]) {
    if (instant === undefined) continue
    if (!isInstant(instant)) return wrong('assertion_expiry', `${name} is no number`)
    if (instant > now + SKEW) {
      return wrong('assertion_early', `${name} is ${instant - now} seconds ahead; compare the clocks`)
    }
  }
  return typeof jti === 'string' && jti !== '' && jti.length <= LONGEST_JTI
    ? null
    : wrong('assertion_jti', `jti must be 1 to ${LONGEST_JTI} characters`)
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** The jti together with the client: two clients may choose the same one, and neither uses up the other's. */
export function usedOnce({ claims }: UnverifiedJwt, { client_id }: Client): { hash: Uint8Array; expiresAt: Seconds } {
  const { jti, exp } = claims
  return {
    hash: sha256(JSON.stringify([client_id, jti])),
    expiresAt: Math.ceil(Number(exp)) + SKEW + REMEMBERED_AFTER,
  }
}
