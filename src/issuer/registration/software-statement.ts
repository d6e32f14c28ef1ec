// Software statements: metadata signed by somebody an operator trusts. RFC 7591 §2.3. What is signed wins over what is
// merely said.

import type { Metadata } from '../../model/client/metadata.ts'
import type { StatementIssuer } from '../../model/client/registration-policy.ts'
import type { Seconds } from '../../model/time.ts'
import { ASYMMETRIC_ALGORITHMS } from '../../protocol/jwk.ts'
import { readJwt, type UnverifiedJwt } from '../../protocol/jwt.ts'
import type { ClientKeys } from '../keys/client-keys.ts'
import { refusal } from './refusals.ts'

const LONGEST = 16_384
/** Clocks of statement issuers and ours. */
const LEEWAY: Seconds = 60

export interface StatementParts {
  readonly issuers: readonly StatementIssuer[]
  readonly keys: ClientKeys
  /** The names by which a statement may address this server in `aud`. */
  readonly audiences: readonly string[]
}

/** The statement, verified. Throws `OAuthError`. */
export async function openStatement(
  { issuers, keys, audiences }: StatementParts,
  text: unknown,
  now: Seconds,
): Promise<UnverifiedJwt> {
  const jwt = typeof text === 'string' ? readJwt(text, LONGEST) : { problem: 'is no text' }
  if ('problem' in jwt) throw invalid(`software_statement ${jwt.problem}`)
  const { header, claims } = jwt
  const { iss, aud, exp, nbf } = claims
  // RFC 7591 §2.3: it must have iss, and be signed.
  if (typeof iss !== 'string') throw invalid('software_statement has no iss')
  const issuer = issuers.find((each) => each.issuer === iss)
  if (issuer === undefined) {
    throw refusal(
      'unapproved_software_statement',
      'software_statement_unapproved',
      'The issuer of software_statement is not approved here',
    )
  }
  const algorithm = ASYMMETRIC_ALGORITHMS.find((each) => each === header['alg'])
  if (algorithm === undefined)
    throw invalid(`software_statement must be signed with one of ${ASYMMETRIC_ALGORITHMS.join(', ')}`)
  // RFC 7515 §4.1.11: a critical header that we do not understand makes it unusable.
  if (header['crit'] !== undefined) throw invalid('software_statement has a header that must be understood')
  const kid = typeof header['kid'] === 'string' ? header['kid'] : null
  const key = await keys.find(
    // Named by the operator.
    { client_id: `statement ${iss}`, jwks: issuer.jwks, jwks_uri: issuer.jwks_uri, verified: true },
    algorithm,
    kid,
  )
  if ('rule' in key)
    throw invalid('software_statement is signed with a key that its issuer has not published', key.reason)
  const { kty, crv, x, y, n, e } = key
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined)
  try {
    const { compactVerify, importJWK } = await import('jose')
    await compactVerify(jwt.text, await importJWK(Object.fromEntries(members), algorithm), { algorithms: [algorithm] })
  } catch {
    throw invalid('The signature of software_statement is wrong')
  }
  // RFC 7519 §4.1.3: whoever is not named in `aud` must refuse. The same issuer's ID tokens and access tokens are all
  // for others.
  const readers: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (aud !== undefined && !readers.some((each) => audiences.some((own) => own === each)))
    throw invalid('software_statement is meant for somebody else')
  if (exp !== undefined && !(typeof exp === 'number' && exp > now - LEEWAY))
    throw invalid('software_statement is expired')
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= now + LEEWAY)) {
    throw invalid('software_statement is not valid yet')
  }
  return jwt
}

/** The claims of a statement that was verified when it arrived and has been stored as it came. */
export function statementClaims(text: string): Metadata {
  const jwt = readJwt(text, LONGEST)
  return 'problem' in jwt ? {} : jwt.claims
}

function invalid(description: string, reason = description) {
  const error = refusal('invalid_software_statement', 'software_statement_invalid', description)
  return reason === description ? error : Object.assign(error, { outcome: { ...error.outcome, reason } })
}
