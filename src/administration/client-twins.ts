// Clients that are there already when another one is made: two are allowed, as for two tenants of 制作云, but by mistake
// the application keeps the id and the secret of the one, and the operator looks after the other.

import type { Client, ClientRecord } from '../model/client/client.ts'
import type { Locale } from '../pages/index.ts'
import { shellWord } from '../platform/shell-word.ts'

/** Enabled clients whose names people cannot tell apart from this one's. */
export function sameNamed(
  clients: readonly ClientRecord[],
  { client_id, client_name }: Client,
): readonly ClientRecord[] {
  return clients.filter(
    ({ enabled, client }) => enabled && client.client_name === client_name && client.client_id !== client_id,
  )
}

/**
 * Enabled ones whose answers go to one of these addresses: most likely they are for the same application. Not those that have
 * registered themselves: anybody can name such an address, and whoever did could change the client later.
 */
export function sameCallback(
  clients: readonly ClientRecord[],
  redirectUris: readonly string[],
): readonly ClientRecord[] {
  return clients.filter(
    ({ enabled, client }) =>
      enabled && client.verified && client.redirect_uris.some((uri) => redirectUris.includes(uri)),
  )
}

/** More names than this are not listed in the sentence. */
const MOST_NAMED = 10

/** Without the full stop that ends it. */
export function sameNameSaid(
  { client_id, client_name }: Client,
  twins: readonly ClientRecord[],
): Readonly<Record<Locale, string>> {
  const ids = twins.slice(0, MOST_NAMED).map(({ client }) => client.client_id)
  const more = twins.length - ids.length
  const remove = `npx lingpai client remove ${shellWord(client_id)}`
  return {
    en: `${client_name} is also the name of an enabled client (${ids.join(', ')}${more > 0 ? ` and ${more} others` : ''}); this is another one, with an id and a secret of its own. If you did not want a second one: "${remove}"`,
    'zh-CN': `已有同名且启用的应用（${ids.join('、')}${more > 0 ? `，另有 ${more} 个` : ''}）；这是另一个，有自己的 ClientId 和密钥。如果不需要第二个：“${remove}”`,
  }
}
