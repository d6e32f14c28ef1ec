// The revocation endpoint. RFC 7009: a refresh token takes its whole family along, an access token only itself.

import type { RefreshTokens } from '../../credentials/refresh-token.ts'
import type { Endpoint } from '../../http/message.ts'
import { json } from '../../http/reply/replies.ts'
import { readForm } from '../../http/request/form.ts'
import { scriptOrigins } from '../../model/client/client.ts'
import { invalidRequest } from '../../protocol/errors.ts'
import { assertSingle } from '../../protocol/single.ts'
import type { GrantVerbs } from '../../store/verbs/grants.ts'
import type { TokenVerbs } from '../../store/verbs/tokens.ts'
import { type AuthenticationParts, authenticateClient } from '../client-authentication/authenticate.ts'
import { readCredentials } from '../client-authentication/credentials.ts'
import { findPresented, type PresentedToken } from '../tokens/presented-token.ts'

type RevocationStore = TokenVerbs & Pick<GrantVerbs, 'revokeGrant'>

export interface RevocationParts {
  readonly authentication: AuthenticationParts
  readonly store: RevocationStore
  readonly refreshTokens: RefreshTokens
}

export function revocationEndpoint({ authentication, store, refreshTokens }: RevocationParts): Endpoint {
  return async (request) => {
    const form = readForm(request)
    assertSingle(form, 'RFC 7009 §2.1')
    const credentials = readCredentials(request.headers['authorization'], form)
    const token = form.get('token')
    const find = (clientId: string) => findPresented(store, refreshTokens, clientId, token ?? '')
    const authenticated = await authenticateClient(authentication, credentials, find, request.peer.address)
    const { client } = authenticated.client
    if (token === undefined) throw invalidRequest('token_missing', 'RFC 7009 §2.1', 'token is required')
    const mine = ownedBy(client.client_id, authenticated.found.presented)
    if (mine !== null) await revoke(store, mine, authentication.clock.now())
    // RFC 7009 §2.2: an unknown token is as good as revoked; one of another client is unknown to this one.
    const rule = mine === null ? 'token_unknown' : 'token_revoked'
    return {
      ...json(200, {}),
      origins: scriptOrigins(client),
      outcome: { rule, clause: 'RFC 7009 §2.2', reason: 'revocation answered', clientId: client.client_id },
    }
  }
}

function ownedBy(clientId: string, presented: PresentedToken | null): PresentedToken | null {
  if (presented === null) return null
  return (presented.kind === 'access_token' ? presented.token.clientId : presented.grant.clientId) === clientId
    ? presented
    : null
}

async function revoke(store: RevocationStore, presented: PresentedToken, now: number): Promise<void> {
  const about = {
    type: 'token_revoked' as const,
    at: now,
    ...(presented.grant && { clientId: presented.grant.clientId, userId: presented.grant.userId }),
    detail: { kind: presented.kind },
  }
  if (presented.kind === 'refresh_token') await store.revokeGrant(presented.grant.grantId, about)
  else await store.revokeAccessToken(presented.hash, about)
}
