// Proofs of possession: a JWT that a client signs for one request with the key that its tokens are bound to, so that a
// stolen token is of no use to anybody else. RFC 9449.

import { OAuthError } from './errors.ts'
import { ASYMMETRIC_ALGORITHMS, type AsymmetricAlgorithm, keysFor, type PublicJwk, readPublicJwk } from './jwk.ts'
import { readJwt } from './jwt.ts'

/** RFC 9449 §5.1: what the metadata offer. */
export const PROOF_ALGORITHMS = ASYMMETRIC_ALGORITHMS

/** The SHA-256 of a key in base64url, as of RFC 7638. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/

export function isThumbprint(text: string): boolean {
  return THUMBPRINT.test(text)
}

/** Seconds. RFC 9449 §11.1: how old a proof may be, and how far a client's clock may be ahead of ours. */
const LONGEST_AGE = 60
const LONGEST_AHEAD = 60
/** Seconds for which a nonce is good. */
const NONCE_LIFETIME = 300
/** Seconds. Clocks of our nodes differ too: what one node has forgotten or given out, another may still or already see. */
const SLACK = 60
/** A key of 8,192 bits, its signature and all the claims fit in. */
const LONGEST_PROOF = 6_144
const LONGEST_JTI = 256

/** The request that a proof must have been made for. */
export interface ProvenRequest {
  readonly method: string
  /** The endpoint as it is published. */
  readonly url: string
  /** The SHA-256 of the access token beside it in base64url; null: there is none. */
  readonly tokenHash: string | null
  /** Seconds since 1970. */
  readonly now: number
  /** When a nonce was given out, in seconds since 1970; null: it is none of ours. */
  readonly instantOfNonce: (nonce: string) => number | null
}

export interface UnverifiedProof {
  readonly text: string
  readonly algorithm: AsymmetricAlgorithm
  /** As the proof itself gives it; it proves nothing but that whoever has it is the same again. */
  readonly jwk: PublicJwk
  readonly jti: string
  /** Seconds since 1970: it must not be forgotten before. */
  readonly expiresAt: number
}

/** `problem`: the end of a sentence that begins with the proof. `needsNonce`: with a nonce of ours it would be good. */
export interface ProofProblem {
  readonly problem: string
  readonly needsNonce?: true
}

/** All checks of RFC 9449 §4.3 except the signature (7) and single use. */
export function readProof(text: string, request: ProvenRequest): UnverifiedProof | ProofProblem {
  const jwt = readJwt(text, LONGEST_PROOF)
  if ('problem' in jwt) return jwt
  const { header, claims } = jwt
  // RFC 8725 §3.11: another kind of token is no proof.
  if (header['typ'] !== 'dpop+jwt') return { problem: 'must have the typ dpop+jwt' }
  const algorithm = PROOF_ALGORITHMS.find((each) => each === header['alg'])
  if (algorithm === undefined) return { problem: `must be signed with one of ${PROOF_ALGORITHMS.join(', ')}` }
  // RFC 7515 §4.1.11: we understand no critical header. RFC 7797 §7: `b64` never stands in a JWT.
  if ('crit' in header || 'b64' in header) return { problem: 'says that something unknown is critical' }
  const read = readPublicJwk(header['jwk'])
  if ('problem' in read) return { problem: `has a jwk that ${read.problem}` }
  if (keysFor([read.key], algorithm, null).length === 0) return { problem: `has a jwk that is not for ${algorithm}` }
  const { htm, htu, iat, jti, ath } = claims
  if (htm !== request.method) return { problem: `must have the htm ${request.method}` }
  if (!isSameAddress(htu, request.url)) return { problem: `must have the htu ${request.url}` }
  if (typeof iat !== 'number' || !Number.isFinite(iat)) return { problem: 'has no iat' }
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI) {
    return { problem: `must have a jti of 1 to ${LONGEST_JTI} characters` }
  }
  if (request.tokenHash !== null && ath !== request.tokenHash) {
    return { problem: 'must have the ath of the access token beside it' }
  }
  const fresh = freshUntil(iat, claims['nonce'], request)
  return typeof fresh === 'number' ? { text, algorithm, jwk: read.key, jti, expiresAt: fresh + SLACK } : fresh
}

/**
 * RFC 9449 §11.1: a nonce of ours shows better than any clock of a client that the proof is new, so `iat` does not count
 * beside one. Without it, until when the proof is new enough follows from `iat`.
 */
function freshUntil(iat: number, nonce: unknown, { now, instantOfNonce }: ProvenRequest): number | ProofProblem {
  if (nonce !== undefined) {
    const givenAt = typeof nonce === 'string' ? instantOfNonce(nonce) : null
    if (givenAt === null || givenAt < now - NONCE_LIFETIME || givenAt > now + SLACK) {
      return { problem: 'has a nonce that is not ours or too old', needsNonce: true }
    }
    return givenAt + NONCE_LIFETIME
  }
  const wrong = (seconds: number, when: string): ProofProblem => ({
    problem: `was made ${Math.ceil(seconds)} seconds ${when}; compare the clocks, or send the nonce of this answer`,
    needsNonce: true,
  })
  if (iat < now - LONGEST_AGE) return wrong(now - iat, 'ago')
  if (iat > now + LONGEST_AHEAD) return wrong(iat - now, 'from now')
  return Math.ceil(iat) + LONGEST_AGE
}

/** RFC 9449 §4.3: compared without query and fragment, after normalisation. */
function isSameAddress(htu: unknown, url: string): boolean {
  if (htu === url) return true
  if (typeof htu !== 'string' || !URL.canParse(htu)) return false
  const address = new URL(htu)
  address.search = ''
  address.hash = ''
  return address.href === new URL(url).href
}

type ProofError = 'invalid_dpop_proof' | 'use_dpop_nonce'

/** A refusal of the token endpoint, or of a resource, which says in a challenge how to do better. RFC 9449 §5, §7.1, §8 */
export function proofRefusal(
  error: ProofError,
  rule: string,
  problem: string,
  { at, nonce }: { readonly at: 'token' | 'resource'; readonly nonce?: string },
): OAuthError {
  const description = `The DPoP proof ${problem}`
  return new OAuthError({
    error,
    status: at === 'token' ? 400 : 401,
    description,
    rule,
    clause: error === 'use_dpop_nonce' ? 'RFC 9449 §8' : 'RFC 9449 §4.3',
    headers: {
      ...(at === 'resource' && { 'www-authenticate': challenge(error, description) }),
      ...(nonce !== undefined && { 'dpop-nonce': nonce }),
    },
  })
}

/** RFC 9449 §7.2: the token is bound to a key, and comes without it. */
export function tokenBound(rule: string, description: string): OAuthError {
  return new OAuthError({
    error: 'invalid_token',
    status: 401,
    description,
    rule,
    clause: 'RFC 9449 §7.2',
    headers: { 'www-authenticate': challenge('invalid_token', description) },
  })
}

const ALGORITHMS = `algs="${PROOF_ALGORITHMS.join(' ')}"`

/** RFC 9449 §7.1. `description`: printable ASCII without quotes. */
function challenge(error: string, description: string): string {
  return `DPoP error="${error}", error_description="${description}", ${ALGORITHMS}`
}

/** The same refusal in the scheme that the client has used. RFC 9449 §7.1 */
export function inSchemeOfBound(error: OAuthError): OAuthError {
  const bearer = /^Bearer (.+)$/.exec(error.headers['www-authenticate'] ?? '')?.[1]
  if (bearer === undefined) return error
  return Object.assign(error, { headers: { ...error.headers, 'www-authenticate': `DPoP ${bearer}, ${ALGORITHMS}` } })
}
