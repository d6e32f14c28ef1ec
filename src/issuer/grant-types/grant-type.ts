// What each grant type supplies. What all grants share is in the token endpoint, so that no grant type can forget it.

import { type ClientRecord, type GrantTypeName, isConfidential } from '../../model/client/client.ts'
import type { Seconds } from '../../model/time.ts'
import { OAuthError } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import type { AuthenticatedClient } from '../client-authentication/authenticate.ts'
import type { TokenResponse } from '../tokens/mint.ts'

export interface TokenRequest {
  readonly client: AuthenticatedClient
  readonly parameters: Parameters
  readonly address: string
  readonly userAgent: string
  readonly now: Seconds
  /** The thumbprint of the key that it has proven to have; null: it sent no proof. RFC 9449 §5. */
  readonly key: string | null
  /** The request may have waited while this process stood still. */
  readonly mayBeLate: boolean
}

export interface GrantType {
  /** The `grant_type` value. */
  readonly name: GrantTypeName
  /**
   * Reads the client and what the request presents in one store call, and decides nothing. The returned function is
   * called once the client has authenticated: it proves what was presented, consumes it and mints tokens, or throws.
   */
  find(
    clientId: string,
    parameters: Parameters,
  ): Promise<{ readonly client: ClientRecord; redeem(request: TokenRequest): Promise<TokenResponse> } | null>
}

/**
 * For `RefreshFamily.keyThumbprint`. RFC 9449 §5: refresh tokens of a client that authenticates are bound to the client,
 * which may change its key.
 */
export function familyKeyOf({ client, key }: Pick<TokenRequest, 'client' | 'key'>): string | null {
  return isConfidential(client.client) ? null : key
}

/** RFC 6749 §5.2 */
export function unauthorizedClient(name: string): OAuthError {
  return new OAuthError({
    error: 'unauthorized_client',
    description: 'The client may not use this grant_type',
    rule: 'grant_type_not_allowed',
    clause: 'RFC 6749 §5.2',
    reason: `the client's grant_types do not include ${name}`,
  })
}
