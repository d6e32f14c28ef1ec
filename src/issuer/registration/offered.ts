// What a client may register for only if the server offers it: signatures that it makes or accepts, and encryption that
// it can open. OpenID Connect Registration §2.

import type { Client, SigningAlgorithm } from '../../model/client/client.ts'
import type { SettingProblem } from '../../model/setting.ts'

export interface Offered {
  readonly signingAlgorithms: readonly SigningAlgorithm[]
  readonly unsignedJwt: boolean
  readonly encryptedRequests: boolean
}

/** Null: the server offers everything that this client registers for. */
export function offeredProblem(
  { signingAlgorithms, unsignedJwt, encryptedRequests }: Offered,
  client: Client,
): SettingProblem | null {
  for (const setting of ['id_token_signed_response_alg', 'userinfo_signed_response_alg'] as const) {
    const algorithm = client[setting]
    if (algorithm === null || algorithm === 'HS256') continue
    const isOffered = algorithm === 'none' ? unsignedJwt : signingAlgorithms.includes(algorithm)
    if (!isOffered) return { setting, problem: `is ${algorithm}, which this server does not sign with` }
  }
  if (client.request_object_signing_alg === 'none' && !unsignedJwt) {
    return {
      setting: 'request_object_signing_alg',
      problem: 'must not be none: unsigned request objects are refused here',
    }
  }
  return client.request_object_encryption_alg !== null && !encryptedRequests
    ? { setting: 'request_object_encryption_alg', problem: 'means nothing here: this server publishes no key for it' }
    : null
}
