// The two methods that send the secret itself. RFC 6749 §2.3.1. Common libraries use one for the code and the other for
// refresh, or probe, so either does for a client registered with one of them, unless it is strict.

import { digestClientSecret, sameBytes } from '../../credentials/digest.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import { type PlainMethod, refuse } from './method.ts'

export function clientSecret(name: 'client_secret_basic' | 'client_secret_post', master: MasterKey): PlainMethod {
  return {
    kind: 'plain',
    name,
    prove(presented, { client, secretHash }) {
      const pairs = presented.pairs.filter(({ clientId }) => clientId === client.client_id)
      if (presented.method === 'none' || pairs.every(({ secret }) => secret === '')) {
        return refuse('client_secret_missing', 'the client is confidential, but sent no secret', false)
      }
      if (client.strictAuthMethod && presented.method !== name) {
        return refuse('client_authentication_method', `strictAuthMethod: only ${name} is accepted`)
      }
      const right = pairs.some(
        ({ secret }) => secretHash !== null && sameBytes(digestClientSecret(master, secret), secretHash),
      )
      if (!right) return refuse('client_secret_wrong', 'the client secret is wrong')
      if (presented.repeatedInBody && !client.bothWhenIdentical) {
        return refuse('two_authentication_methods', 'header and body at once', false)
      }
      return null
    },
  }
}
