// What a first answer under a grant gives: which scope its access token has, and whether a refresh token comes with it.

import type { ClientRecord } from '../../model/client/client.ts'
import type { Grant } from '../../model/grant.ts'
import { ownScope, type ResourceRecord } from '../../model/resource.ts'
import { includesScope, scopeWords } from '../../protocol/scope.ts'

/** A token for user info must not hold a scope that the client may have only at a resource. */
export function grantedScope(
  { client }: ClientRecord,
  { scope, resources }: Pick<Grant, 'scope' | 'resources'>,
  resource: ResourceRecord | null,
): string {
  return resource === null && resources.length > 0 ? ownScope(client, scopeWords(scope)).join(' ') : scope
}

export function mayRefresh({ client }: ClientRecord, scope: string): boolean {
  if (!client.grant_types.includes('refresh_token')) return false
  if (client.reply.refreshToken === 'always') return true
  return client.reply.refreshToken === 'offline_access' && includesScope(scope, 'offline_access')
}
