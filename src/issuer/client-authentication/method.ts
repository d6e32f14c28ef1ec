// What each client authentication method supplies. What all of them share (who the client is, whether it is enabled,
// limits on guessing; of assertions also algorithm, claims and single use) is decided in `authenticate.ts`, so that no
// method can forget it.

import type {
  AssertionAlgorithm,
  ClientRecord,
  ClientAuthenticationMethod as MethodName,
} from '../../model/client/client.ts'
import type { UnverifiedJwt } from '../../protocol/jwt.ts'
import type { PlainCredentials } from './credentials.ts'

export interface AuthenticationRefusal {
  readonly rule: string
  readonly reason: string
  /** Whether this failure may have been a guess. */
  readonly counts: boolean
  /** Told to the client, where it is to know more than that authentication failed. */
  readonly description?: string
}

/** The client sends a secret, or nothing. RFC 6749 §2.3. */
export interface PlainMethod {
  readonly kind: 'plain'
  /** The value of `token_endpoint_auth_method`. */
  readonly name: MethodName
  /** Null: what was presented proves the client. */
  prove(presented: PlainCredentials, record: ClientRecord): AuthenticationRefusal | null
}

/** The client sends a JWT that it has signed. RFC 7523 §2.2. */
export interface AssertionMethod {
  readonly kind: 'assertion'
  readonly name: MethodName
  readonly algorithms: readonly AssertionAlgorithm[]
  /** Null: the signature is the client's. `algorithm` is one of `algorithms`, and allowed to this client. */
  verify(
    assertion: UnverifiedJwt,
    algorithm: AssertionAlgorithm,
    record: ClientRecord,
  ): Promise<AuthenticationRefusal | null>
}

export type ClientAuthenticationMethod = PlainMethod | AssertionMethod

export function refuse(rule: string, reason: string, counts = true): AuthenticationRefusal {
  return { rule, reason, counts }
}
