// Whose account a request is about: a person who is signed in in this browser. A form of the account page acts for the
// person for whom it was rendered, or for nobody.

import { sha256 } from '../../credentials/digest.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { redirect } from '../../http/reply/replies.ts'
import { readForm } from '../../http/request/form.ts'
import type { FormTarget } from '../../pages/index.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import type { SignedIn } from '../../store/verbs/sessions.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import { localeCookies } from '../../visitor/frame.ts'
import { visitCookies } from '../../visitor/visitor.ts'
import type { SignInParts } from '../parts.ts'
import { formRefused } from '../refuse.ts'
import { type Browser, readBrowser } from '../visit.ts'

/** Live sessions of this browser, the current one first. */
export async function signedInHere(
  { store, clock, lifetimes }: SignInParts,
  { sessionSecrets }: Browser,
): Promise<readonly SignedIn[]> {
  const now = clock.now()
  const hashes = sessionSecrets.map((secret) => sha256(secret))
  return store.findSessions(hashes, now, now - lifetimes.sessionIdle)
}

export interface OwnAccount {
  readonly http: HttpRequest
  readonly browser: Browser
  readonly me: SignedIn
}

/** Or a reply instead: nobody is signed in, so that comes first, and then the account page. */
export async function openAccount(
  parts: SignInParts,
  http: HttpRequest,
): Promise<OwnAccount | { readonly reply: HttpReply }> {
  const browser = readBrowser(http)
  const [me] = await signedInHere(parts, browser)
  return me === undefined ? { reply: toSignIn(parts, http, browser) } : { http, browser, me }
}

function toSignIn({ addresses }: SignInParts, http: HttpRequest, browser: Browser): HttpReply {
  return redirect(303, addresses.at('account', 'sign-in'), [...visitCookies(browser), ...localeCookies(http)])
}

/** What a form of the account page does. */
type Act = 'withdraw' | 'sign-out' | 'password'

const purposeOf = (act: Act, sessionId: string) => `account:${act}:${sessionId}`

/** Bound to the browser, and to the session of the person for whom it is rendered. */
export function accountForm(
  parts: SignInParts,
  { browser, me }: Pick<OwnAccount, 'browser' | 'me'>,
  act: Act,
  hidden: Readonly<Record<string, string>> = {},
): FormTarget {
  const { sessionId } = me.session
  return {
    action: parts.addresses.at('account', act),
    csrf: formToken(parts, browser, purposeOf(act, sessionId)),
    hidden: { ...hidden, account: sessionId },
  }
}

/**
 * Who has sent the form; or a reply instead: it is not one of our forms, or that person is not signed in here any more.
 * Nobody else stands in for them.
 */
export async function readAccountForm(
  parts: SignInParts,
  http: HttpRequest,
  act: Act,
): Promise<(OwnAccount & { readonly form: Parameters }) | { readonly reply: HttpReply }> {
  const browser = readBrowser(http)
  const form = readForm(http)
  const account = form.get('account') ?? ''
  if (!isOwnForm(parts, http, browser, purposeOf(act, account), form.get('csrf'))) {
    return { reply: formRefused(parts, http) }
  }
  const signedIn = await signedInHere(parts, browser)
  const me = signedIn.find(({ session }) => session.sessionId === account)
  if (me !== undefined) return { http, browser, me, form }
  return { reply: signedIn.length === 0 ? toSignIn(parts, http, browser) : redirect(303, parts.addresses.path.account) }
}
