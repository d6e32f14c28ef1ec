// Where a cross-site POST to the authorization endpoint goes on, now with our cookies.

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import type { RouteParameters } from '../../http/routing/route.ts'
import { visitCookies } from '../../visitor/visitor.ts'
import { openInteraction, proceed } from '../open-interaction.ts'
import type { SignInParts } from '../parts.ts'
import { readBrowser } from '../visit.ts'

export function continueEndpoint(parts: SignInParts) {
  return async (http: HttpRequest, { id = '' }: RouteParameters): Promise<HttpReply> => {
    const browser = readBrowser(http)
    await parts.store.bindInteraction(id, browser.hash())
    const open = await openInteraction(parts, http, id, browser)
    return 'reply' in open ? open.reply : proceed(parts, open, { cookies: visitCookies(browser) })
  }
}
