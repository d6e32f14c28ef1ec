// An authorization: a proven right to tokens. It exists in memory only, between redeeming what a client presented and
// minting.

import type { ClaimsRequest } from '../protocol/claims-request.ts'
import type { ClientRecord } from './client/client.ts'
import type { ResourceRecord } from './resource.ts'
import type { Seconds } from './time.ts'
import type { User } from './user.ts'

export interface Authorization {
  readonly client: ClientRecord
  /** The granted scope, in the order of the request. */
  readonly scope: string
  /** What the access token is meant for; null: user info. RFC 8707 §2.2. */
  readonly resource: ResourceRecord | null
  /** The key that the tokens are bound to; null: whoever holds them may use them. RFC 9449 §6. */
  readonly keyThumbprint: string | null
  /** Null: the client acts for itself. */
  readonly onBehalfOf: OnBehalfOf | null
}

export interface OnBehalfOf {
  readonly grantId: string
  /** When the grant ends. No access token may outlive it, because it could not be revoked with the grant then. */
  readonly grantExpiresAt: Seconds
  /** The session in which it was given, and with which it ends unless it is `offline`. */
  readonly sessionId: string
  readonly offline: boolean
  readonly user: User
  readonly authenticatedAt: Seconds
  readonly amr: readonly string[]
  /** From the authorization request; it stands only in the ID token that is given for the code. */
  readonly nonce: string | null
  /** Single claims granted beside the scope. */
  readonly claims: ClaimsRequest | null
}
