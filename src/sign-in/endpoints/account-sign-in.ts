// Signing in only for the account page: the same form, limits and cookies as for an application. Nothing is stored
// until somebody has signed in.

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { redirect } from '../../http/reply/replies.ts'
import { readForm } from '../../http/request/form.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import { frameOf, localeCookies } from '../../visitor/frame.ts'
import { visitCookies } from '../../visitor/visitor.ts'
import { signedInHere } from '../account/whose.ts'
import { browserStateCookies } from '../browser-state.ts'
import { type SignInForm, signInReply } from '../by-password/form.ts'
import type { Shown } from '../by-password/occasion.ts'
import type { SignInParts } from '../parts.ts'
import { formRefused } from '../refuse.ts'
import { type Browser, readBrowser } from '../visit.ts'

const PURPOSE = 'account:sign-in'

export function accountSignInEndpoint(parts: SignInParts, submitted: SignInForm) {
  return async (http: HttpRequest): Promise<HttpReply> => {
    const browser = readBrowser(http)
    if (http.method !== 'POST') return showPage(parts, http, browser, {})
    const form = readForm(http)
    if (!isOwnForm(parts, http, browser, PURPOSE, form.get('csrf'))) return formRefused(parts, http)
    return submitted(
      {
        http,
        browser,
        signedIn: await signedInHere(parts, browser),
        clientId: null,
        show: (shown) => showPage(parts, http, browser, shown),
        mayBe: () => true,
        onward: async (entered) =>
          redirect(303, parts.addresses.path.account, [
            ...entered.cookies,
            ...browserStateCookies(parts, http, entered.browser, [entered.now, ...entered.others]),
          ]),
      },
      form,
    )
  }
}

function showPage(parts: SignInParts, http: HttpRequest, browser: Browser, shown: Shown): HttpReply {
  const form = { action: parts.addresses.at('account', 'sign-in'), csrf: formToken(parts, browser, PURPOSE) }
  const view = { form, client: null, username: '', cancel: null }
  return signInReply(view, frameOf(parts, http), shown, {
    cookies: [...visitCookies(browser), ...localeCookies(http)],
  })
}
