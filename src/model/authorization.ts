// An authorization: proven right to tokens, in memory, between redeeming what a client presented and minting.

import type { ClaimsRequest } from '../protocol/claims-request.ts'
import type { ClientRecord } from './client.ts'
import type { ResourceRecord } from './resource.ts'
import type { Seconds } from './time.ts'
import type { User } from './user.ts'

export interface Authorization {
  readonly client: ClientRecord
  /** Granted, in the order asked. */
  readonly scope: string
  /** What the access token is meant for; null: user info. RFC 8707 §2.2. */
  readonly resource: ResourceRecord | null
  /** Null: the client acts for itself. */
  readonly onBehalfOf: OnBehalfOf | null
}

export interface OnBehalfOf {
  readonly grantId: string
  /** No access token of the grant is left then: one that outlived it could not be revoked with it. */
  readonly grantExpiresAt: Seconds
  /** The session it was given in; it ends with that unless it is `offline`. */
  readonly sessionId: string
  readonly offline: boolean
  readonly user: User
  readonly authenticatedAt: Seconds
  readonly amr: readonly string[]
  /** Of the authorization request; only in the ID token that answers its code. */
  readonly nonce: string | null
  /** Single claims granted beside the scope. */
  readonly claims: ClaimsRequest | null
}
