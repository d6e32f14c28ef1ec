// The client signs with its secret, which never travels. OpenID Connect Core §9, RFC 7518 §3.2.

import { unsealClientSecret } from '../../credentials/client-secret.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import { isSignedBySecret } from '../keys/client-signature.ts'
import { type AssertionMethod, refuse } from './method.ts'

export function clientSecretJwt(master: MasterKey): AssertionMethod {
  return {
    kind: 'assertion',
    name: 'client_secret_jwt',
    algorithms: ['HS256'],
    async verify({ text }, _algorithm, { client, sealedSecret }) {
      if (sealedSecret === null) return refuse('client_secret_missing', 'no secret to verify with is kept', false)
      const right = isSignedBySecret(text, unsealClientSecret(master, client.client_id, sealedSecret))
      return right ? null : refuse('assertion_signature', 'the assertion is not signed with the client secret')
    },
  }
}
