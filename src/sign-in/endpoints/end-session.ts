// Sign-out. OpenID Connect RP-Initiated Logout 1.0: at once with a hint of the person who is signed in; otherwise the
// person is asked. Afterwards the browser is sent only to a registered address of the client that asks.

import { sha256 } from '../../credentials/digest.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/reply/page-reply.ts'
import { redirect, withOutcome } from '../../http/reply/replies.ts'
import { formActionSource } from '../../http/reply/security-headers.ts'
import { readForm, readQuery } from '../../http/request/form.ts'
import { type Frame, leavePage, signedOutPage, signOutPage } from '../../pages/index.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { withQuery } from '../../protocol/response-mode.ts'
import type { SignedIn } from '../../store/verbs/sessions.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import { frameAtClients, localeCookiesAtClients } from '../../visitor/frame.ts'
import { frameOfSaid } from '../../visitor/said-again.ts'
import { visitCookies } from '../../visitor/visitor.ts'
import { browserStateCookies } from '../browser-state.ts'
import { clientView, targetOf } from '../client-view.ts'
import { framesFor } from '../front-channel.ts'
import type { SignInParts } from '../parts.ts'
import { formRefused } from '../refuse.ts'
import { isMeant, kept, parseSignOut, type SignOut } from '../sign-out-request.ts'
import { type Browser, readBrowser, sessionCookie } from '../visit.ts'

export function endSessionEndpoint(parts: SignInParts) {
  return async (http: HttpRequest): Promise<HttpReply> => {
    const parameters = http.method === 'POST' ? readForm(http) : readQuery(http)
    const isDecision = http.method === 'POST' && parameters.names.includes('decision')
    if (http.method === 'POST' && !isDecision && isWithoutCookies(http)) return comeAgain(parts, parameters)
    const parsed = await parseSignOut(parts, http, parameters)
    if ('reply' in parsed) return parsed.reply
    const { signedIn, idle } = await sessionsOf(parts, parsed.browser)
    // A form of ours tells what the person has decided.
    if (isDecision) return decided(parts, parsed, signedIn)
    const [current] = signedIn
    if (current === undefined) {
      // RPL §2: a recent session. Nobody is signed in any more, but other clients may still have sessions that began
      // with it.
      const meant = idle.filter((each) => isMeant(parts, parsed, each))
      return meant.length === 0 ? signedOut(parts, parsed, { isAsked: false }) : endAll(parts, parsed, meant)
    }
    if (signedIn.every((each) => isMeant(parts, parsed, each))) return endAll(parts, parsed, signedIn)
    return ask(parts, parsed, current)
  }
}

/** For a request from another site, a browser withholds our cookies. */
function isWithoutCookies(http: HttpRequest): boolean {
  const browser = readBrowser(http)
  return browser.isNew && browser.sessionSecrets.length === 0
}

/** RPL §2 allows POST from another site: go round once, so that our cookies are sent. */
function comeAgain(parts: SignInParts, parameters: Parameters): HttpReply {
  return redirect(303, withQuery(parts.addresses.path['end-session'], kept(parameters)))
}

interface Sessions {
  readonly signedIn: readonly SignedIn[]
  /** These have expired by themselves, and nobody has ended them. */
  readonly idle: readonly SignedIn[]
}

async function sessionsOf({ store, clock, lifetimes }: SignInParts, browser: Browser): Promise<Sessions> {
  const now = clock.now()
  const hashes = browser.sessionSecrets.map((secret) => sha256(secret))
  const known = await store.findSessions(hashes, now, 0)
  const isIdle = ({ session }: SignedIn) => session.lastUsedAt <= now - lifetimes.sessionIdle
  return { signedIn: known.filter((each) => !isIdle(each)), idle: known.filter(isIdle) }
}

const PURPOSE = 'end-session'

/** Binds the form to the person for whom it was rendered. */
function purposeFor({ session }: SignedIn): string {
  return `${PURPOSE}:${session.sessionId}`
}

function ask(parts: SignInParts, signOut: SignOut, current: SignedIn, notice: 'form_expired' | null = null): HttpReply {
  const { http, browser, parameters, client, onward } = signOut
  const { user } = current
  const frame = signOutFrame(parts, signOut)
  const page = signOutPage(
    {
      form: {
        action: parts.addresses.path['end-session'],
        csrf: formToken(parts, browser, PURPOSE),
        hidden: { ...kept(parameters), person: formToken(parts, browser, purposeFor(current)) },
      },
      client: client === null ? null : clientView(client, { addresses: parts.addresses, locale: frame.locale }),
      user: { name: user.profile.displayName ?? user.username, username: user.username },
      accountHref: parts.account === null ? null : parts.addresses.path.account,
      notice,
    },
    frame,
  )
  return pageReply(page, {
    formAction: onward === null ? [] : [formActionSource(onward)],
    cookies: [...visitCookies(browser), ...localeCookiesAtClients(http)],
  })
}

async function decided(parts: SignInParts, signOut: SignOut, signedIn: readonly SignedIn[]): Promise<HttpReply> {
  const { http, browser, parameters } = signOut
  const [current] = signedIn
  if (!isOwnForm(parts, http, browser, PURPOSE, parameters.get('csrf'))) return formRefused(parts, http)
  if (current === undefined) return signedOut(parts, signOut)
  if (!isOwnForm(parts, http, browser, purposeFor(current), parameters.get('person'))) {
    // Another person has signed in meanwhile, and is asked instead.
    return ask(parts, signOut, current, 'form_expired')
  }
  if (parameters.get('decision') === 'sign-out') {
    return endAll(parts, signOut, signedIn, { everywhere: parameters.get('everywhere') === 'yes' })
  }
  return signedOut(parts, { ...signOut, onward: null }, { stayed: true })
}

/** Ends all sessions of this browser; with `everywhere` also those that the person who was asked has elsewhere. */
async function endAll(
  parts: SignInParts,
  signOut: SignOut,
  signedIn: readonly SignedIn[],
  { everywhere = false } = {},
): Promise<HttpReply> {
  const { store, clock } = parts
  const at = clock.now()
  const clientId = signOut.client?.client_id ?? null
  const frames = await framesFor(parts, signedIn)
  const [asked] = signedIn
  for (const each of signedIn) {
    const about = { at, userId: each.user.userId, ...(clientId !== null && { clientId }) }
    if (everywhere && each === asked) {
      const event = { type: 'sessions_ended', ...about, detail: { by: 'person', offline: false } } as const
      await store.endSessionsOfUser(each.user.userId, false, event, clientId)
    } else {
      const event = { type: 'session_ended', ...about, detail: { by: 'person' } } as const
      await store.endSession(each.session.sessionId, event, clientId)
    }
  }
  if (signedIn.length > 0) parts.sessionsEnded()
  return signedOut(parts, signOut, { frames })
}

/** `isAsked`: the person at this browser has decided, or the client has proven that it means their session. */
function signedOut(
  parts: SignInParts,
  signOut: SignOut,
  {
    stayed = false,
    frames = [],
    isAsked = true,
  }: { readonly stayed?: boolean; readonly frames?: readonly string[]; readonly isAsked?: boolean } = {},
): HttpReply {
  const { http, browser, client, onward } = signOut
  // A browser that sent no session has none to lose: a request from another site must not take it away.
  const ended = !stayed && browser.sessionSecrets.length > 0
  const cookies = ended ? [sessionCookie(browser, [], null), ...browserStateCookies(parts, http, browser, [])] : []
  const outcome = {
    rule: stayed ? 'sign_out_declined' : 'signed_out',
    clause: 'OpenID Connect RP-Initiated Logout §2',
    reason: stayed ? 'the person stayed signed in' : 'the sessions of this browser are ended',
    ...(client !== null && { clientId: client.client_id }),
  }
  // RFC 9700 §4.11.2: anybody can register a client, so a link to this server must not lead strangers straight to
  // wherever that client pleases. RPL §3 asks for "other means of confirming the legitimacy": that is an operator's
  // word for the client.
  if (onward !== null && !isAsked && client?.verified !== true) {
    return withOutcome(leave(parts, signOut, onward, cookies), outcome)
  }
  // Front-Channel Logout §3: a page of ours has to load the frames, so the way on is a link on that page.
  if (onward !== null && frames.length === 0) {
    return withOutcome(redirect(http.method === 'POST' ? 303 : 302, onward, cookies), outcome)
  }
  const frame = frameAtClients(parts, http, signOut.parameters.get('ui_locales'))
  const shown = client === null ? null : clientView(client, { addresses: parts.addresses, locale: frame.locale })
  const accountHref = parts.account === null ? null : parts.addresses.path.account
  const view = { client: shown, stayed, continueHref: onward, accountHref, frontHref: parts.frontHref }
  // The frames are needed only once.
  const said = { page: 'signed-out', view } as const
  const page = signedOutPage({ ...view, frames }, frameOfSaid(parts, http, said, frame))
  const frameSource = [...new Set(frames.map((url) => new URL(url).origin))]
  return withOutcome(pageReply(page, { cookies: [...cookies, ...localeCookiesAtClients(http)], frameSource }), outcome)
}

/** What a client has posted is posted again for the other language: in an address it would stay in the history. */
function signOutFrame(parts: SignInParts, { http, parameters }: SignOut): Frame {
  const frame = frameAtClients(parts, http, parameters.get('ui_locales'))
  return http.method === 'POST' ? { ...frame, again: kept(parameters) } : frame
}

function leave(parts: SignInParts, signOut: SignOut, href: string, cookies: readonly string[]): HttpReply {
  const { client } = signOut
  if (client === null) throw new TypeError('only a client has an address to go on to')
  const frame = signOutFrame(parts, signOut)
  const shown = clientView(client, { addresses: parts.addresses, locale: frame.locale })
  return pageReply(leavePage({ client: shown, href, target: targetOf(href) }, frame), {
    cookies: [...cookies, ...localeCookiesAtClients(signOut.http)],
  })
}
