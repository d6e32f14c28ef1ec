// The frame that pages of clients ask whether the login state has changed. OpenID Connect Session Management §3.2,
// §3.3. It may be shown at the origins of registered redirect URIs, and nowhere else.

import { wireName } from '../../http/cookies.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/reply/page-reply.ts'
import { checkSessionPage } from '../../pages/index.ts'
import type { SignInParts } from '../parts.ts'

/** A browser that does not say where the frame stands gets all origins, as long as they fit into a header. */
const MOST_LISTED = 60

export function checkSessionEndpoint({ store, addresses }: Pick<SignInParts, 'store' | 'addresses'>) {
  return async (http: HttpRequest): Promise<HttpReply> => {
    const shownAt = await originsFor(store, http.headers['referer'])
    // HtmlUnit (4.17) takes the frame's own origin for that of the page around it, and our own pages may show it.
    const frameAncestors = shownAt.length === 0 ? [] : [...shownAt, addresses.origin]
    const page = checkSessionPage(wireName('browser-state', http.peer.secure))
    return pageReply(page, { frameAncestors, referrerPolicy: 'no-referrer' })
  }
}

async function originsFor(store: SignInParts['store'], referer: string | undefined): Promise<readonly string[]> {
  if (referer !== undefined && URL.canParse(referer)) {
    const { origin } = new URL(referer)
    return (await store.isRedirectOrigin(origin)) ? [origin] : []
  }
  const origins = await store.listRedirectOrigins(MOST_LISTED + 1)
  return origins.length > MOST_LISTED ? [] : origins
}
