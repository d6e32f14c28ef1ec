// The sign-in page and its form: user name and password, limits, a new session secret each time.

import { DEVICE_LIFETIME } from '../../credentials/device.ts'
import { sha256 } from '../../credentials/digest.ts'
import { setCookie } from '../../http/cookies.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/reply/page-reply.ts'
import { withOutcome } from '../../http/reply/replies.ts'
import { formActionSource } from '../../http/reply/security-headers.ts'
import { readForm } from '../../http/request/form.ts'
import type { RouteParameters } from '../../http/routing/route.ts'
import { mayBeAbout, namesUser } from '../../model/interaction.ts'
import type { Session } from '../../model/session.ts'
import type { Seconds } from '../../model/time.ts'
import type { UserWithPassword } from '../../model/user.ts'
import { type SignInError, type SignInView, signInPage, waitPage } from '../../pages/index.ts'
import { newId, newSecret } from '../../platform/random.ts'
import type { Outcome } from '../../protocol/errors.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import { frameOf, localeCookies } from '../../visitor/frame.ts'
import { problemPage } from '../../visitor/problem-page.ts'
import type { AttemptGate } from '../authenticators/limits.ts'
import { verifyPassword } from '../authenticators/password.ts'
import { clientView } from '../client-view.ts'
import { interactionGone } from '../dispatch.ts'
import { type OpenInteraction, openInteraction, proceed } from '../open-interaction.ts'
import type { SignInParts } from '../parts.ts'
import { cancelled, formRefused } from '../refuse.ts'
import { MOST_SESSIONS, sessionCookie } from '../visit.ts'

export function signInEndpoint(parts: SignInParts, gate: AttemptGate) {
  const announce = createAnnouncer()
  return async (http: HttpRequest, { id = '' }: RouteParameters): Promise<HttpReply> => {
    const open = await openInteraction(parts, http, id)
    if ('reply' in open) return open.reply
    return http.method === 'POST' ? submit(parts, gate, open, announce) : showPage(parts, open, {})
  }
}

interface Shown {
  readonly username?: string
  readonly remember?: boolean
  readonly error?: SignInError
  readonly wait?: number
  readonly outcome?: Outcome
}

function showPage(parts: SignInParts, open: OpenInteraction, shown: Shown): HttpReply {
  const { http, browser, interaction, visit } = open
  const { request } = interaction
  const purpose = `sign-in:${interaction.interactionId}`
  const action = parts.addresses.at('sign-in', interaction.interactionId)
  const form = { action, csrf: formToken(parts, browser, purpose) }
  const hinted =
    visit.signedIn.find(({ user }) => mayBeAbout(request, parts.subjects.of(user.userId, visit.client.client))) ??
    visit.signedIn[0]
  const again = request.prompt.includes('login') || request.maxAge !== null || namesUser(request)
  const frame = frameOf(parts, http, request.uiLocales)
  const view: SignInView = {
    form,
    client: clientView(visit.client.client, {
      addresses: parts.addresses,
      locale: frame.locale,
      redirectUri: request.redirectUri,
    }),
    username: shown.username ?? request.loginHint ?? '',
    ...(again && hinted !== undefined && { knownUser: hinted.user.username }),
    ...(shown.remember !== undefined && { remember: shown.remember }),
    ...(shown.error !== undefined && { error: shown.error }),
    cancel: { ...form, hidden: { decision: 'deny' } },
  }
  const page = shown.wait === undefined ? signInPage(view, frame) : waitPage({ ...view, seconds: shown.wait }, frame)
  const reply = pageReply(page, {
    formAction: [formActionSource(request.redirectUri)],
    frameAncestors: visit.client.client.frameAncestors,
    cookies: localeCookies(http),
    ...(shown.wait !== undefined && { headers: { 'retry-after': String(shown.wait) } }),
  })
  return shown.outcome === undefined ? reply : withOutcome(reply, { ...shown.outcome, clientId: request.clientId })
}

type Announcer = (now: Seconds) => boolean

/** That failures are no longer listed one by one is said once a minute. */
function createAnnouncer(): Announcer {
  let next = 0
  return (now) => {
    if (now < next) return false
    next = now + 60
    return true
  }
}

async function submit(
  parts: SignInParts,
  gate: AttemptGate,
  open: OpenInteraction,
  announce: Announcer,
): Promise<HttpReply> {
  const { http, browser, interaction } = open
  const form = readForm(http)
  const username = (form.get('username') ?? '').slice(0, 256)
  const remember = form.get('remember') === 'yes'
  if (!isOwnForm(parts, http, browser, `sign-in:${interaction.interactionId}`, form.get('csrf'))) {
    return formRefused(parts, http)
  }
  if (form.get('decision') === 'deny') return cancelled(parts, open)
  const again = (error: SignInError, rule: string, reason: string) =>
    showPage(parts, open, {
      username,
      remember,
      error,
      outcome: { rule, clause: 'OpenID Connect Core §3.1.2.3', reason },
    })
  const password = form.get('password')
  if (username.trim() === '') return again('username_missing', 'username_missing', 'no user name was typed')
  if (password === undefined) return again('password_missing', 'password_missing', 'no password was typed')

  const { address } = http.peer
  const attempt = { username, password, address, visitHash: browser.hash(), device: browser.device }
  const verdict = await verifyPassword({ store: parts.store, hasher: parts.hasher, gate }, attempt)
  const at = parts.clock.now()
  const about = { at, clientId: interaction.request.clientId }
  switch (verdict.kind) {
    case 'wrong':
      // A flood of failures is a few events and a number in the trace, or strangers could fill the disk with them.
      if (!verdict.crowded) {
        await parts.store.appendEvents([{ ...about, type: 'sign_in_failed', detail: { address } }])
      } else if (announce(at)) {
        await parts.store.appendEvents([{ ...about, type: 'sign_in_limited', detail: { address } }])
      }
      return again('wrong_credentials', 'password_wrong', 'unknown user name or wrong password')
    case 'unusable':
      return again(
        'wrong_credentials',
        'password_wrong',
        'what was typed can be no password: too long, or half a character',
      )
    case 'disabled':
      await parts.store.appendEvents([
        { ...about, type: 'sign_in_failed', userId: verdict.user.userId, detail: { address, disabled: true } },
      ])
      return again('user_disabled', 'user_disabled', 'the password was right, but the user is disabled')
    case 'wait':
      return showPage(parts, open, {
        username,
        remember,
        wait: verdict.seconds,
        outcome: {
          rule: verdict.rule,
          clause: 'RFC 6819 §4.4.3.6',
          reason: 'too many failed attempts; nothing was checked',
        },
      })
    case 'busy':
      return problemPage(
        parts,
        http,
        {
          status: 503,
          code: 'temporarily_unavailable',
          description: 'Too many people are signing in',
          advice: 'overloaded',
        },
        { headers: { 'retry-after': '3' } },
      )
    case 'signed_in': {
      if (!mayBeAbout(interaction.request, parts.subjects.of(verdict.user.userId, open.visit.client.client))) {
        return again('other_user_expected', 'other_user_expected', 'id_token_hint or claims named another person')
      }
      return (
        (await signIn(parts, open, verdict.user, remember)) ??
        again('user_disabled', 'user_changed', 'the user was disabled or changed during the sign-in')
      )
    }
    default:
      return verdict satisfies never
  }
}

/** Null: the user changed while the password was checked. */
async function signIn(
  parts: SignInParts,
  open: OpenInteraction,
  user: UserWithPassword,
  remember: boolean,
): Promise<HttpReply | null> {
  const { http, browser, interaction, visit } = open
  const { store, clock, lifetimes } = parts
  const now = clock.now()
  const former = visit.signedIn.find((each) => each.user.userId === user.userId)
  const session: Session = {
    sessionId: former?.session.sessionId ?? newId('se'),
    userId: user.userId,
    userGeneration: user.generation,
    authenticatedAt: now,
    amr: ['pwd'],
    lastUsedAt: now,
    expiresAt: now + lifetimes.sessionAbsolute,
  }
  const secret = newSecret()
  const event = {
    type: 'session_started' as const,
    at: now,
    userId: user.userId,
    detail: { address: http.peer.address },
  }
  const started = await (former === undefined
    ? store.startSession(session, sha256(secret), [event])
    : store.renewSession(session, sha256(secret), [event]))
  if (!started) return null
  const progress = { ...interaction, authenticatedSessionId: session.sessionId }
  if (!(await store.setInteractionProgress(progress))) return interactionGone(parts, http, 'interaction_expired')
  const consent = await store.findConsent(user.userId, interaction.request.clientId)
  const { passwordHash: _, ...person } = user
  const others = visit.signedIn.filter((each) => each.user.userId !== user.userId)
  // Secrets that open nothing any more would push out those of the other people of this browser.
  const isOthers = (each: string) => others.some(({ secretHash }) => Buffer.compare(secretHash, sha256(each)) === 0)
  const secrets = [secret, ...browser.sessionSecrets.filter(isOthers)].slice(0, MOST_SESSIONS)
  return proceed(parts, open, {
    interaction: progress,
    browser: { ...browser, sessionSecrets: secrets },
    visit: { ...visit, signedIn: [{ secretHash: sha256(secret), session, user: person, consent }, ...others] },
    cookies: [
      sessionCookie(browser, secrets, remember ? lifetimes.sessionAbsolute : null),
      setCookie('device', parts.knownBrowsers.remember(browser.device, user.userId, now), {
        secure: browser.secure,
        maxAge: DEVICE_LIFETIME,
      }),
    ],
  })
}
