// How a client signs and encrypts what it sends, and how what it receives is signed and encrypted: whether it has the
// keys for it. OpenID Connect Registration §2.

import { encryptionKeysFor, takesSecret } from '../../protocol/jwe.ts'
import { ASYMMETRIC_ALGORITHMS, keysFor } from '../../protocol/jwk.ts'
import { gives } from '../../protocol/response-type.ts'
import type { SettingProblem } from '../setting.ts'
import { type Client, hasSecret, needsSecretItself } from './client.ts'

export function joseProblems(client: Client): readonly SettingProblem[] {
  return [...requestObjectProblems(client), ...responseProblems(client), ...encryptionProblems(client)]
}

function requestObjectProblems(client: Client): readonly SettingProblem[] {
  const { request_object_signing_alg: algorithm, require_signed_request_object: required } = client
  const wrong = (setting: string, problem: string) => [{ setting, problem }]
  const hasKeys = client.jwks !== null || client.jwks_uri !== null
  const ofKey = ASYMMETRIC_ALGORITHMS.find((each) => each === algorithm)
  if (ofKey !== undefined && !hasKeys) {
    return wrong('request_object_signing_alg', `is ${ofKey}, but neither jwks nor jwks_uri names its keys`)
  }
  if (ofKey !== undefined && client.jwks !== null && keysFor(client.jwks.keys, ofKey, null).length === 0) {
    return wrong('jwks', `holds no key that can verify ${ofKey} request objects`)
  }
  if (algorithm === 'HS256' && !hasSecret(client)) {
    return wrong('request_object_signing_alg', 'must not be HS256: this client has no secret')
  }
  const canSign = algorithm === null ? hasKeys || needsSecretItself(client) : algorithm !== 'none'
  return required && !canSign
    ? wrong('require_signed_request_object', 'needs keys of the client: jwks, jwks_uri, or request_object_signing_alg')
    : []
}

function responseProblems(client: Client): readonly SettingProblem[] {
  const problems: SettingProblem[] = []
  for (const setting of ['id_token_signed_response_alg', 'userinfo_signed_response_alg'] as const) {
    if (client[setting] === 'HS256' && !hasSecret(client)) {
      problems.push({ setting, problem: 'must not be HS256: this client has no secret' })
    }
  }
  // OpenID Connect Core §2: what travels through the browser must be signed.
  if (client.id_token_signed_response_alg === 'none' && client.response_types.some((type) => gives(type, 'id_token'))) {
    const problem = 'must not be none where response_types has an ID token from the authorization endpoint'
    problems.push({ setting: 'id_token_signed_response_alg', problem })
  }
  return problems
}

const ENCRYPTED = [
  'id_token_encrypted_response',
  'userinfo_encrypted_response',
  'introspection_encrypted_response',
  'request_object_encryption',
] as const

function encryptionProblems(client: Client): readonly SettingProblem[] {
  return ENCRYPTED.flatMap((name) => {
    const algorithm = client[`${name}_alg`]
    if (algorithm === null) {
      const problem = `means nothing without ${name}_alg`
      return client[`${name}_enc`] === null ? [] : [{ setting: `${name}_enc`, problem }]
    }
    const wrong = (problem: string) => [{ setting: `${name}_alg`, problem }]
    if (takesSecret(algorithm)) {
      return hasSecret(client) ? [] : wrong(`must not be ${algorithm}: this client has no secret`)
    }
    // A client encrypts with our key, not with its own.
    if (name === 'request_object_encryption' || client.jwks_uri !== null) return []
    if (client.jwks === null) return wrong(`is ${algorithm}, but neither jwks nor jwks_uri names its keys`)
    return encryptionKeysFor(client.jwks.keys, algorithm).length > 0
      ? []
      : [{ setting: 'jwks', problem: `holds no key that ${algorithm} can encrypt for` }]
  })
}
