// Proof Key for Code Exchange. RFC 7636; S256 only (RFC 9700 §2.1.1).

import { hash, timingSafeEqual } from 'node:crypto'
import { invalidGrant, invalidRequest } from './errors.ts'
import type { Parameters } from './parameters.ts'

const CHALLENGE = /^[A-Za-z0-9_-]{43}$/
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/

/** The challenge of an authorization request; null when none was sent. */
export function parseChallenge(
  parameters: Parameters,
  policy: 'required' | 'optional' | 'off' | 'unprotected',
): string | null {
  const challenge = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method')
  if (policy === 'off') return null
  if (challenge === undefined) {
    // An empty challenge is not the same as none: whoever sends it meant to be protected.
    if (policy === 'required' || method !== undefined || parameters.names.includes('code_challenge')) {
      throw invalidRequest('pkce_required', 'RFC 7636 §4.4.1', 'code_challenge is required, with method S256')
    }
    return null
  }
  if (method !== 'S256') {
    throw invalidRequest('pkce_method', 'RFC 9700 §2.1.1', 'code_challenge_method must be S256')
  }
  if (!CHALLENGE.test(challenge)) {
    throw invalidRequest('pkce_challenge_malformed', 'RFC 7636 §4.2', 'code_challenge must be 43 base64url characters')
  }
  return challenge
}

/** RFC 7636 §4.6, and RFC 9700 §4.8.2: a verifier without a challenge is a downgrade. Throws `invalid_grant`. */
export function assertVerifier(challenge: string | null, verifier: string | undefined): void {
  if (challenge === null) {
    if (verifier === undefined) return
    throw invalidGrant('pkce_downgrade', 'RFC 9700 §4.8.2', 'a code_verifier was sent, but no code_challenge before it')
  }
  if (verifier === undefined) {
    throw invalidGrant(
      'pkce_verifier_missing',
      'RFC 7636 §4.6',
      'the code is bound to a challenge; code_verifier is missing',
    )
  }
  if (!VERIFIER.test(verifier)) {
    throw invalidGrant(
      'pkce_verifier_malformed',
      'RFC 7636 §4.1',
      'code_verifier must be 43 to 128 unreserved characters',
    )
  }
  const answer = hash('sha256', verifier, 'base64url')
  if (!timingSafeEqual(Buffer.from(answer), Buffer.from(challenge))) {
    throw invalidGrant('pkce_verifier_wrong', 'RFC 7636 §4.6', 'code_verifier does not match the code_challenge')
  }
}
