// A client's picture from our own address: pages of ours never load anything from another host.

import { json } from '../../http/reply/replies.ts'
import type { RouteEndpoint } from '../../http/routing/route.ts'
import type { ClientLogoVerbs } from '../../store/verbs/client-logos.ts'

/** `client-logo/{client}/{digest}/images/{file}`: the last segment is named as the file was. */
export function clientLogoEndpoint(store: Pick<ClientLogoVerbs, 'findClientLogo'>): RouteEndpoint {
  return async (_request, { client = '', digest = '' }) => {
    const logo = /^[0-9a-f]{32}$/.test(digest) ? await store.findClientLogo(client, digest) : null
    if (logo === null) {
      const outcome = { rule: 'not_found', clause: 'RFC 9110 §15.5.5', reason: 'there is no such picture' }
      return { ...json(404, { error: 'not_found', error_description: 'There is no such picture' }), outcome }
    }
    return {
      status: 200,
      headers: {
        'content-type': logo.mediaType,
        // Its address changes with its content.
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'cross-origin-resource-policy': 'same-origin',
      },
      body: logo.content,
    }
  }
}
