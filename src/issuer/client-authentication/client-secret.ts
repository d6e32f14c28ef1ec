// The two methods that send the secret itself. RFC 6749 §2.3.1. Common libraries use one for the code and the other for
// refresh, or probe, so either does for a client registered with one of them, unless it is strict.

import { digestClientSecret } from '../../credentials/client-secret.ts'
import { sameBytes, sha256 } from '../../credentials/digest.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import { newSecret } from '../../platform/random.ts'
import { type PlainMethod, refuse } from './method.ts'

export function clientSecret(name: 'client_secret_basic' | 'client_secret_post', master: MasterKey): PlainMethod {
  const isSecretOf = createSecretCheck(master)
  return {
    kind: 'plain',
    name,
    prove(presented, record) {
      const { client } = record
      const pairs = presented.pairs.filter(({ clientId }) => clientId === client.client_id)
      if (presented.method === 'none' || pairs.every(({ secret }) => secret === '')) {
        return refuse('client_secret_missing', 'the client is confidential, but sent no secret', false)
      }
      if (client.strictAuthMethod && presented.method !== name) {
        return refuse('client_authentication_method', `strictAuthMethod: only ${name} is accepted`)
      }
      if (!pairs.some(({ secret }) => isSecretOf(record, secret)))
        return refuse('client_secret_wrong', 'the client secret is wrong')
      if (presented.repeatedInBody && !client.bothWhenIdentical) {
        return refuse('two_authentication_methods', 'header and body at once', false)
      }
      return null
    },
  }
}

/**
 * A secret that a client has proved once is recognised by one plain hash, at a third of the cost of the HMAC. The hash
 * is kept in memory alone, under a salt that dies with the process, and with the version of the client: a new secret
 * makes a new record.
 */
function createSecretCheck(master: MasterKey): (record: ClientRecord, secret: string) => boolean {
  const salt = newSecret()
  const proved = new WeakMap<ClientRecord, Uint8Array>()
  return (record, secret) => {
    const { secretHash } = record
    if (secretHash === null) return false
    const salted = sha256(salt + secret)
    const known = proved.get(record)
    if (known !== undefined && sameBytes(salted, known)) return true
    if (!sameBytes(digestClientSecret(master, secret), secretHash)) return false
    // A copy of its own: the buffer is a slice of a larger one, which would otherwise be kept in memory with it.
    proved.set(record, Uint8Array.from(salted))
    return true
  }
}
