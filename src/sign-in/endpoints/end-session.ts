// Sign-out. OpenID Connect RP-Initiated Logout 1.0: with a hint of the person who is signed in, at once; otherwise the
// person is asked. Onward only to a registered address of the client that asks.

import { sha256 } from '../../credentials/digest.ts'
import { readForm, readQuery } from '../../http/form.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/page-reply.ts'
import { redirect, withOutcome } from '../../http/replies.ts'
import { formActionSource } from '../../http/security-headers.ts'
import type { Client } from '../../model/client.ts'
import type { User } from '../../model/user.ts'
import { signedOutPage, signOutPage } from '../../pages/index.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { withQuery } from '../../protocol/response-mode.ts'
import type { SignedIn } from '../../store/sessions.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import { frameOf, localeCookies } from '../../visitor/frame.ts'
import { problemPage } from '../../visitor/problem-page.ts'
import { visitCookies } from '../../visitor/visitor.ts'
import { clientView } from '../client-view.ts'
import type { SignInParts } from '../parts.ts'
import { formRefused } from '../refuse.ts'
import { type Browser, readBrowser, sessionCookie } from '../visit.ts'

interface SignOut {
  readonly http: HttpRequest
  readonly browser: Browser
  readonly parameters: Parameters
  readonly client: Client | null
  /** Trusted, with `state`; null: stay here afterwards. */
  readonly onward: string | null
  readonly hintedSubject: string | null
}

export function endSessionEndpoint(parts: SignInParts) {
  return async (http: HttpRequest): Promise<HttpReply> => {
    const parameters = http.method === 'POST' ? readForm(http) : readQuery(http)
    const isDecision = http.method === 'POST' && parameters.names.includes('decision')
    if (http.method === 'POST' && !isDecision && isWithoutCookies(http)) return comeAgain(parts, parameters)
    const parsed = await parseSignOut(parts, http, parameters)
    if ('reply' in parsed) return parsed.reply
    const signedIn = await sessionsOf(parts, parsed.browser)
    // A form of ours says what the person decided.
    if (isDecision) return decided(parts, parsed, signedIn)
    const [current] = signedIn
    if (current === undefined) return signedOut(parts, parsed)
    // RPL §2: a hint for whoever is signed in here proves that the client means this very session.
    if (signedIn.every(({ user }) => isHinted(parts, parsed, user))) {
      return endAll(parts, parsed, signedIn)
    }
    return ask(parts, parsed, current)
  }
}

function isHinted({ subjects }: SignInParts, { client, hintedSubject }: SignOut, { userId }: User): boolean {
  return client !== null && hintedSubject !== null && subjects.of(userId, client) === hintedSubject
}

/** Cross-site, a browser holds our cookies back. */
function isWithoutCookies(http: HttpRequest): boolean {
  const browser = readBrowser(http)
  return browser.isNew && browser.sessionSecrets.length === 0
}

/** RPL §2 allows POST from another site: go round once, so that our cookies are sent. */
function comeAgain(parts: SignInParts, parameters: Parameters): HttpReply {
  return redirect(303, withQuery(parts.addresses.path['end-session'], kept(parameters)))
}

const KEPT = ['client_id', 'id_token_hint', 'post_logout_redirect_uri', 'state', 'ui_locales'] as const

function kept(parameters: Parameters): Readonly<Record<string, string>> {
  return Object.fromEntries(
    KEPT.flatMap((name) => {
      const value = parameters.get(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** Everything that must be right before anybody is asked; a page otherwise, never a redirect. */
async function parseSignOut(
  parts: SignInParts,
  http: HttpRequest,
  parameters: Parameters,
): Promise<SignOut | { readonly reply: HttpReply }> {
  const refuse = (
    advice: 'id_token_hint' | 'post_logout_redirect_uri' | 'unknown_client' | 'request_malformed',
    rule: string,
    reason: string,
  ) => ({
    reply: withOutcome(
      problemPage(parts, http, { status: 400, code: 'invalid_request', description: reason, advice }),
      { rule, clause: 'OpenID Connect RP-Initiated Logout §2', reason },
    ),
  })
  const hint = parameters.get('id_token_hint')
  const recognised = hint === undefined ? null : parts.recogniseIdToken(hint)
  if (hint !== undefined && recognised === null) {
    return refuse('id_token_hint', 'id_token_hint_foreign', 'id_token_hint was not issued by this server')
  }
  const repeated = KEPT.find((name) => parameters.isRepeated(name))
  if (repeated !== undefined) {
    return refuse('request_malformed', 'parameter_repeated', `${repeated} is sent more than once`)
  }
  const clientId = parameters.get('client_id') ?? recognised?.clientId
  if (recognised !== null && clientId !== recognised.clientId) {
    return refuse(
      'id_token_hint',
      'id_token_hint_of_other_client',
      'client_id and id_token_hint belong to different clients',
    )
  }
  const record = clientId === undefined ? null : await parts.store.findClient(clientId)
  if (clientId !== undefined && !record?.enabled) {
    return refuse('unknown_client', 'client_unknown', 'The client is not known here')
  }
  const target = parameters.get('post_logout_redirect_uri')
  const allowed = target !== undefined && (record?.client.post_logout_redirect_uris.includes(target) ?? false)
  if (target !== undefined && !allowed) {
    const reason = 'post_logout_redirect_uri is not registered for the client, or no client was named'
    return refuse('post_logout_redirect_uri', 'post_logout_redirect_uri_mismatch', reason)
  }
  return {
    http,
    browser: readBrowser(http),
    parameters,
    client: record?.client ?? null,
    onward: target === undefined ? null : withQuery(target, { state: parameters.get('state') }),
    hintedSubject: recognised?.subject ?? null,
  }
}

function sessionsOf(parts: SignInParts, browser: Browser): Promise<readonly SignedIn[]> {
  const now = parts.clock.now()
  const hashes = browser.sessionSecrets.map((secret) => sha256(secret))
  return parts.store.findSessions(hashes, now, now - parts.lifetimes.sessionIdle)
}

const PURPOSE = 'end-session'

/** The form is bound to the person it was rendered for. */
function purposeFor({ session }: SignedIn): string {
  return `${PURPOSE}:${session.sessionId}`
}

function ask(parts: SignInParts, signOut: SignOut, current: SignedIn, notice: 'form_expired' | null = null): HttpReply {
  const { http, browser, parameters, client, onward } = signOut
  const { user } = current
  const page = signOutPage(
    {
      form: {
        action: parts.addresses.path['end-session'],
        csrf: formToken(parts, browser, PURPOSE),
        hidden: { ...kept(parameters), person: formToken(parts, browser, purposeFor(current)) },
      },
      client: client === null ? null : clientView(client),
      user: { name: user.profile.displayName ?? user.username, username: user.username },
      notice,
    },
    frameOf(parts, http, parameters.get('ui_locales')),
  )
  return pageReply(page, {
    formAction: onward === null ? [] : [formActionSource(onward)],
    cookies: [...visitCookies(browser), ...localeCookies(http)],
  })
}

async function decided(parts: SignInParts, signOut: SignOut, signedIn: readonly SignedIn[]): Promise<HttpReply> {
  const { http, browser, parameters } = signOut
  const [current] = signedIn
  if (!isOwnForm(parts, http, browser, PURPOSE, parameters.get('csrf'))) return formRefused(parts, http)
  if (current === undefined) return signedOut(parts, signOut)
  if (!isOwnForm(parts, http, browser, purposeFor(current), parameters.get('person'))) {
    // Another person has signed in meanwhile, and is asked anew.
    return ask(parts, signOut, current, 'form_expired')
  }
  if (parameters.get('decision') === 'sign-out') return endAll(parts, signOut, signedIn)
  return signedOut(parts, { ...signOut, onward: null }, { stayed: true })
}

async function endAll(parts: SignInParts, signOut: SignOut, signedIn: readonly SignedIn[]): Promise<HttpReply> {
  const at = parts.clock.now()
  for (const { session, user } of signedIn) {
    const about = signOut.client === null ? {} : { clientId: signOut.client.client_id }
    await parts.store.endSession(session.sessionId, { type: 'session_ended', at, userId: user.userId, ...about })
  }
  return signedOut(parts, signOut)
}

function signedOut(parts: SignInParts, signOut: SignOut, { stayed = false } = {}): HttpReply {
  const { http, browser, client, onward } = signOut
  // Whoever sent no session has none to lose: a request of another site must not take it away.
  const cookies = stayed || browser.sessionSecrets.length === 0 ? [] : [sessionCookie(browser, [], null)]
  const outcome = {
    rule: stayed ? 'sign_out_declined' : 'signed_out',
    clause: 'OpenID Connect RP-Initiated Logout §2',
    reason: stayed ? 'the person stayed signed in' : 'the sessions of this browser are ended',
    ...(client !== null && { clientId: client.client_id }),
  }
  if (onward !== null) return withOutcome(redirect(http.method === 'POST' ? 303 : 302, onward, cookies), outcome)
  const page = signedOutPage(
    { client: client === null ? null : clientView(client), stayed },
    frameOf(parts, http, signOut.parameters.get('ui_locales')),
  )
  return withOutcome(pageReply(page, { cookies }), outcome)
}
