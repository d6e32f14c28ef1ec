// The client signs with a key of its own, whose public half it has registered or publishes. OpenID Connect Core §9.

import { ASYMMETRIC_ALGORITHMS } from '../../protocol/jwk.ts'
import type { ClientKeys } from '../keys/client-keys.ts'
import { isSignedByKey } from '../keys/client-signature.ts'
import { type AssertionMethod, refuse } from './method.ts'

export function privateKeyJwt(keys: ClientKeys): AssertionMethod {
  return {
    kind: 'assertion',
    name: 'private_key_jwt',
    algorithms: ASYMMETRIC_ALGORITHMS,
    async verify({ text, header }, algorithm, { client }) {
      if (algorithm === 'HS256') return refuse('assertion_algorithm', 'a key that others know proves nothing')
      // RFC 8725 §3.10: a header may say much about keys; we look only at the name of a key that we know already.
      const key = await keys.find(client, algorithm, typeof header['kid'] === 'string' ? header['kid'] : null)
      if ('rule' in key) return refuse(key.rule, key.reason, key.rule === 'assertion_key_unknown')
      const right = isSignedByKey(text, algorithm, key)
      return right ? null : refuse('assertion_signature', "the assertion is not signed with the client's key")
    },
  }
}
