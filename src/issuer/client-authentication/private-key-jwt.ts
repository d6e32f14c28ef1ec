// The client signs with a key of its own, whose public half it has registered or publishes. OpenID Connect Core §9.

import { compactVerify, importJWK } from 'jose'
import { ASYMMETRIC_ALGORITHMS, type AsymmetricAlgorithm, type PublicJwk } from '../../protocol/jwk.ts'
import type { ClientKeys } from '../keys/client-keys.ts'
import { type AssertionMethod, refuse } from './method.ts'

export function privateKeyJwt(keys: ClientKeys): AssertionMethod {
  return {
    kind: 'assertion',
    name: 'private_key_jwt',
    algorithms: ASYMMETRIC_ALGORITHMS,
    async verify({ text, header }, algorithm, { client }) {
      if (algorithm === 'HS256') return refuse('assertion_algorithm', 'a key that others know proves nothing')
      // RFC 8725 §3.10: of all that a header may say about keys, only the name of a known one is looked at.
      const key = await keys.find(client, algorithm, typeof header['kid'] === 'string' ? header['kid'] : null)
      if ('rule' in key) return refuse(key.rule, key.reason, key.rule === 'assertion_key_unknown')
      const right = await verifies(text, algorithm, key)
      return right ? null : refuse('assertion_signature', "the assertion is not signed with the client's key")
    },
  }
}

type Opened = Awaited<ReturnType<typeof importJWK>>
/** Opening a key costs as much as verifying with it; records and fetched sets keep theirs for as long as they are kept. */
const opened = new WeakMap<PublicJwk, Map<AsymmetricAlgorithm, Promise<Opened>>>()

async function verifies(text: string, algorithm: AsymmetricAlgorithm, jwk: PublicJwk): Promise<boolean> {
  try {
    await compactVerify(text, await open(jwk, algorithm), { algorithms: [algorithm] })
    return true
  } catch {
    return false
  }
}

function open(jwk: PublicJwk, algorithm: AsymmetricAlgorithm): Promise<Opened> {
  const ofKey = opened.get(jwk) ?? new Map<AsymmetricAlgorithm, Promise<Opened>>()
  opened.set(jwk, ofKey)
  const known = ofKey.get(algorithm)
  if (known !== undefined) return known
  const { kty, crv, x, y, n, e } = jwk
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined)
  const made = importJWK(Object.fromEntries(members), algorithm)
  ofKey.set(algorithm, made)
  return made
}
