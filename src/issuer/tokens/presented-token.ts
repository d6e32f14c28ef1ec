// An access or refresh token that somebody presents to introspection or revocation.

import { type RefreshTokens, readRefreshToken } from '../../credentials/refresh-token.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import type { Seconds } from '../../model/time.ts'
import type { FoundFamily, PresentedAccessToken, PresentedGrant, TokenVerbs } from '../../store/verbs/tokens.ts'
import { standingOf } from './refresh-family.ts'

export type PresentedToken =
  | (PresentedAccessToken & { readonly kind: 'access_token'; readonly hash: Uint8Array })
  | {
      readonly kind: 'refresh_token'
      readonly token: { readonly scope: string; readonly issuedAt: Seconds; readonly expiresAt: Seconds }
      /** It is the current token of its family. */
      readonly isCurrent: boolean
      readonly grant: PresentedGrant
    }

interface Found {
  readonly client: ClientRecord
  readonly presented: PresentedToken | null
}

/** Null: no such client. The token is returned whichever client it belongs to. */
export async function findPresented(
  store: TokenVerbs,
  refreshTokens: RefreshTokens,
  clientId: string,
  text: string,
): Promise<Found | null> {
  const key = readRefreshToken(text)
  if (key.grantId === null) {
    const { hash } = key
    const found = await store.findClientWithAccessToken(clientId, hash)
    if (found === null) return null
    const { client, presented } = found
    if (presented !== null) return { client, presented: { kind: 'access_token', hash, ...presented } }
    if (!FORMER.test(text)) return { client, presented: null }
  }
  const found = await store.findClientWithRefreshToken(clientId, key)
  if (found === null) return null
  const { client, refresh } = found
  const standing = refresh === null ? 'unknown' : standingOf(refresh, key, () => refreshTokens.isOurs(text)).kind
  if (refresh === null || standing === 'unknown') return { client, presented: null }
  return { client, presented: ofFamily(refresh, standing === 'current') }
}

/** A refresh token of an older release, which names no grant. */
const FORMER = /^[A-Za-z0-9]{43,50}$/

function ofFamily({ family, grant, user, state }: FoundFamily, isCurrent: boolean): PresentedToken {
  const { grantId, clientId, userId } = grant
  return {
    kind: 'refresh_token',
    token: {
      scope: grant.scope,
      issuedAt: family.current.issuedAt,
      expiresAt: Math.min(family.current.expiresAt, family.expiresAt),
    },
    isCurrent,
    grant: { grantId, clientId, userId, username: user.username, state },
  }
}
