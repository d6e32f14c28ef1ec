// The form with user name and password: limits, the verdict, and a new session secret each time. What somebody signs in
// for, and what comes next, is decided by the page that shows the form.

import { sha256 } from '../credentials/digest.ts'
import { DEVICE_LIFETIME } from '../credentials/known-browsers.ts'
import { setCookie } from '../http/cookies.ts'
import type { HttpReply, HttpRequest } from '../http/message.ts'
import { type PageReplyOptions, pageReply } from '../http/reply/page-reply.ts'
import { withOutcome } from '../http/reply/replies.ts'
import { browserKindOf } from '../http/request/user-agent.ts'
import type { Session } from '../model/session.ts'
import type { Seconds } from '../model/time.ts'
import type { User, UserWithPassword } from '../model/user.ts'
import { type Frame, isSignInError, type SignInError, type SignInView, signInPage, waitPage } from '../pages/index.ts'
import { newId, newSecret } from '../platform/random.ts'
import type { Outcome } from '../protocol/errors.ts'
import type { Parameters } from '../protocol/parameters.ts'
import type { SignedIn } from '../store/verbs/sessions.ts'
import { problemPage } from '../visitor/problem-page.ts'
import type { AttemptGate } from './authenticators/limits.ts'
import { type PasswordVerdict, verifyPassword } from './authenticators/password.ts'
import type { SignInParts } from './parts.ts'
import { type Browser, MOST_SESSIONS, sessionCookie } from './visit.ts'

/** What was typed, and what the page has to say about it. */
export interface Shown {
  readonly username?: string
  readonly remember?: boolean
  readonly error?: SignInError
  readonly wait?: number
  /** The error, or the seconds to wait, where this is the answer to a form. */
  readonly said?: string
  readonly outcome?: Outcome | null
}

/** What somebody signs in for. */
export interface Occasion<Other extends SignedIn = SignedIn> {
  readonly http: HttpRequest
  readonly browser: Browser
  /** Live sessions of this browser. */
  readonly signedIn: readonly Other[]
  /** Noted in events; null: no client asks. */
  readonly clientId: string | null
  /** Shows the page again. */
  readonly show: (shown: Shown) => HttpReply
  readonly mayBe: (user: User) => boolean
  readonly onward: (entered: Entered<Other>) => Promise<HttpReply>
}

/** The result of a successful sign-in. */
export interface Entered<Other extends SignedIn = SignedIn> {
  readonly now: SignedIn
  /** The other people signed in in this browser. */
  readonly others: readonly Other[]
  /** The browser, with the new session secret. */
  readonly browser: Browser
  readonly cookies: readonly string[]
}

export type SignInForm = <Other extends SignedIn>(occasion: Occasion<Other>, form: Parameters) => Promise<HttpReply>

/** The caller has made sure that the form is one of ours. */
export function createSignInForm(parts: SignInParts, gate: AttemptGate): SignInForm {
  const signIn = { ...parts, gate, announce: createAnnouncer() }
  return (occasion, form) => submit(signIn, occasion, form)
}

/** The sign-in page, or the page that asks to wait. */
export function signInReply(view: SignInView, frame: Frame, shown: Shown, options: PageReplyOptions): HttpReply {
  const whole: SignInView = {
    ...view,
    username: shown.username ?? view.username,
    ...(shown.remember !== undefined && { remember: shown.remember }),
    ...(shown.error !== undefined && { error: shown.error }),
  }
  const framed = { ...frame, ...(shown.said !== undefined && { again: againOf(whole, shown.said) }) }
  const page =
    shown.wait === undefined ? signInPage(whole, framed) : waitPage({ ...whole, seconds: shown.wait }, framed)
  const reply = pageReply(page, {
    ...options,
    ...(shown.wait !== undefined && { headers: { 'retry-after': String(shown.wait) } }),
  })
  return shown.outcome === undefined ? reply : withOutcome(reply, shown.outcome)
}

/** What brings back the answer to this form in another language: everything that was typed except the password. */
function againOf({ form, username, remember }: SignInView, said: string): NonNullable<Frame['again']> {
  return { username, ...(remember === true && { remember: 'yes' }), said, csrf: form.csrf }
}

/** The same answer in another language: no password is tried. Null: the form was really filled in. */
function saidBefore(form: Parameters): Pick<Shown, 'error' | 'wait' | 'said'> | null {
  const said = form.get('said')
  if (said === undefined) return null
  if (isSignInError(said)) return { said, error: said }
  return /^[1-9][0-9]{0,5}$/.test(said) ? { said, wait: Number(said) } : null
}

type Announcer = (now: Seconds) => boolean

/** Once a minute it is noted that failures are no longer listed one by one. */
function createAnnouncer(): Announcer {
  let next = 0
  return (now) => {
    if (now < next) return false
    next = now + 60
    return true
  }
}

/** What handling a form takes. */
interface FormParts extends SignInParts {
  readonly gate: AttemptGate
  readonly announce: Announcer
}

async function submit<Other extends SignedIn>(
  parts: FormParts,
  occasion: Occasion<Other>,
  form: Parameters,
): Promise<HttpReply> {
  const { http, browser, clientId } = occasion
  const username = (form.get('username') ?? '').slice(0, 256)
  const remember = form.get('remember') === 'yes'
  const before = saidBefore(form)
  // A switch of language is no event.
  if (before !== null) return occasion.show({ username, remember, ...before, outcome: null })
  const named = clientId === null ? {} : { clientId }
  const show: ShowAgain = (shown, rule, clause, reason) =>
    occasion.show({
      username,
      remember,
      ...shown,
      said: shown.error ?? String(shown.wait),
      outcome: { rule, clause, reason, ...named },
    })
  const again = (error: SignInError, rule: string, reason: string) =>
    show({ error }, rule, 'OpenID Connect Core §3.1.2.3', reason)
  const password = form.get('password')
  if (username.trim() === '') return again('username_missing', 'username_missing', 'no user name was typed')
  if (password === undefined) return again('password_missing', 'password_missing', 'no password was typed')

  const { address } = http.peer
  const attempt = { username, password, address, visitHash: browser.hash(), device: browser.device }
  const verdict = await verifyPassword(parts, attempt)
  await noteFailure(parts, occasion, verdict)
  switch (verdict.kind) {
    case 'wrong':
      return again('wrong_credentials', 'password_wrong', 'unknown user name or wrong password')
    case 'unusable':
      return again(
        'wrong_credentials',
        'password_wrong',
        'what was typed can be no password: too long, or half a character',
      )
    case 'disabled':
      return again('user_disabled', 'user_disabled', 'the password was right, but the user is disabled')
    case 'wait': {
      const reason = 'too many failed attempts; nothing was checked'
      return show({ wait: verdict.seconds }, verdict.rule, 'RFC 6819 §4.4.3.6', reason)
    }
    case 'busy':
      return withOutcome(crowdedReply(parts, http), {
        rule: 'sign_ins_crowded',
        clause: 'RFC 9110 §15.6.4',
        reason: 'too many passwords were waiting to be checked; this one was not',
        ...named,
      })
    case 'signed_in': {
      if (!occasion.mayBe(verdict.user)) {
        return again('other_user_expected', 'other_user_expected', 'id_token_hint or claims named another person')
      }
      const entered = await enter(parts, occasion, verdict.user, remember)
      return entered === null
        ? again('user_disabled', 'user_changed', 'the user was disabled or changed during the sign-in')
        : occasion.onward(entered)
    }
    default:
      return verdict satisfies never
  }
}

type ShowAgain = (shown: Pick<Shown, 'error' | 'wait'>, rule: string, clause: string, reason: string) => HttpReply

/** A flood of failures becomes a few events and a number in the trace; otherwise strangers could fill the disk. */
async function noteFailure(
  { store, clock, announce }: FormParts,
  { http, clientId }: Pick<Occasion, 'http' | 'clientId'>,
  verdict: PasswordVerdict,
): Promise<void> {
  if (verdict.kind !== 'wrong' && verdict.kind !== 'disabled') return
  const at = clock.now()
  const { address } = http.peer
  const about = { at, ...(clientId !== null && { clientId }) }
  if (verdict.kind === 'disabled') {
    const detail = { address, disabled: true }
    await store.appendEvents([{ ...about, type: 'sign_in_failed', userId: verdict.user.userId, detail }])
  } else if (!verdict.crowded) {
    await store.appendEvents([{ ...about, type: 'sign_in_failed', detail: { address } }])
  } else if (announce(at)) {
    await store.appendEvents([{ ...about, type: 'sign_in_limited', detail: { address } }])
  }
}

function crowdedReply(parts: SignInParts, http: HttpRequest): HttpReply {
  const description = 'Too many people are signing in'
  const view = { status: 503, code: 'temporarily_unavailable', description, advice: 'overloaded' } as const
  return problemPage(parts, http, view, { headers: { 'retry-after': '3' } })
}

/** Null: the user has changed while the password was checked. */
async function enter<Other extends SignedIn>(
  { store, clock, lifetimes, knownBrowsers }: SignInParts,
  { http, browser, signedIn }: Occasion<Other>,
  known: UserWithPassword,
  remember: boolean,
): Promise<Entered<Other> | null> {
  const now = clock.now()
  const { passwordHash: _, ...user } = known
  const { userId } = user
  const former = signedIn.find((each) => each.user.userId === userId)
  const session: Session = {
    sessionId: former?.session.sessionId ?? newId('se'),
    userId,
    userGeneration: user.generation,
    authenticatedAt: now,
    amr: ['pwd'],
    lastUsedAt: now,
    expiresAt: now + lifetimes.sessionAbsolute,
    browser: browserKindOf(http.headers['user-agent']),
  }
  const secret = newSecret()
  const secretHash = sha256(secret)
  const event = { type: 'session_started' as const, at: now, userId, detail: { address: http.peer.address } }
  const started = await (former === undefined
    ? store.startSession(session, secretHash, [event])
    : store.renewSession(session, secretHash, [event]))
  if (!started) return null
  const others = signedIn.filter((each) => each.user.userId !== userId)
  // Secrets that no longer open anything would displace those of the other people in this browser.
  const isOthers = (each: string) => others.some((other) => Buffer.compare(other.secretHash, sha256(each)) === 0)
  const secrets = [secret, ...browser.sessionSecrets.filter(isOthers)].slice(0, MOST_SESSIONS)
  return {
    now: { secretHash, session, user },
    others,
    browser: { ...browser, sessionSecrets: secrets },
    cookies: [
      sessionCookie(browser, secrets, remember ? lifetimes.sessionAbsolute : null),
      setCookie('device', knownBrowsers.remember(browser.device, userId, now), {
        secure: browser.secure,
        maxAge: DEVICE_LIFETIME,
      }),
    ],
  }
}
