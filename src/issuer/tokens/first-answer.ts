// The first answer under a grant, whatever brought the client here: a code, or the code of a device.

import type { RefreshTokens } from '../../credentials/refresh-token.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import type { Grant } from '../../model/grant.ts'
import { ownScope, type ResourceRecord } from '../../model/resource.ts'
import type { Seconds } from '../../model/time.ts'
import { newToken } from '../../platform/random.ts'
import { includesScope, scopeWords } from '../../protocol/scope.ts'
import type { FoundGrant } from '../../store/verbs/tokens.ts'
import { type Minted, type MintParts, mint } from './mint.ts'

export interface FirstAnswerParts {
  readonly mint: MintParts
  readonly refreshTokens: RefreshTokens
  /** From the sign-in until the end of all refresh tokens under it. */
  readonly refreshAbsolute: Seconds
}

export interface FirstAnswer {
  readonly client: ClientRecord
  readonly found: Pick<FoundGrant, 'grant' | 'user'>
  readonly resource: ResourceRecord | null
  readonly nonce: string | null
  /** The thumbprint of the key that the client has proven to have, and the one that its refresh tokens are bound to. */
  readonly key: string | null
  readonly familyKey: string | null
  readonly now: Seconds
}

export function mintFirst(
  { mint: parts, refreshTokens, refreshAbsolute }: FirstAnswerParts,
  { client, found: { grant, user }, resource, nonce, key, familyKey, now }: FirstAnswer,
): Minted {
  const refreshes = mayRefresh(client, grant.scope)
  return mint(parts, {
    authorization: {
      client,
      scope: grantedScope(client, grant, resource),
      resource,
      keyThumbprint: key,
      onBehalfOf: {
        grantId: grant.grantId,
        grantExpiresAt: grant.expiresAt,
        sessionId: grant.sessionId,
        offline: grant.offline,
        user,
        authenticatedAt: grant.authenticatedAt,
        amr: grant.amr,
        nonce,
        claims: grant.claims,
      },
    },
    secrets: {
      accessToken: newToken(),
      refreshToken: refreshes ? refreshTokens.make(newToken(), grant.grantId, 0) : '',
    },
    familyExpiresAt: refreshes ? grant.issuedAt + refreshAbsolute : null,
    familyKey,
    issuedAt: now,
    now,
  })
}

/** A token for user info must not hold a scope that the client may have only at a resource. */
function grantedScope(
  { client }: ClientRecord,
  { scope, resources }: Pick<Grant, 'scope' | 'resources'>,
  resource: ResourceRecord | null,
): string {
  return resource === null && resources.length > 0 ? ownScope(client, scopeWords(scope)).join(' ') : scope
}

function mayRefresh({ client }: ClientRecord, scope: string): boolean {
  if (!client.grant_types.includes('refresh_token')) return false
  if (client.reply.refreshToken === 'always') return true
  return client.reply.refreshToken === 'offline_access' && includesScope(scope, 'offline_access')
}
