// The form with user name and password: limits, the verdict, and a new session secret each time. What somebody signs in
// for, and what comes next, is decided by the page that shows the form.

import type { HttpReply } from '../../http/message.ts'
import { type PageReplyOptions, pageReply } from '../../http/reply/page-reply.ts'
import { withOutcome } from '../../http/reply/replies.ts'
import type { UserWithPassword } from '../../model/user.ts'
import {
  type Frame,
  isSignInError,
  type Page,
  type SignInError,
  type SignInView,
  signInPage,
  waitPage,
} from '../../pages/index.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import type { SignedIn } from '../../store/verbs/sessions.ts'
import type { SignInParts } from '../parts.ts'
import { crowded } from '../refuse.ts'
import type { PasswordCheck } from './check.ts'
import { type Entered, enter } from './enter.ts'
import { askForFirst, chooseFirst, firstPage, isChoice } from './first-password.ts'
import type { Occasion, Shown } from './occasion.ts'

export type SignInForm = <Other extends SignedIn>(occasion: Occasion<Other>, form: Parameters) => Promise<HttpReply>

/** The caller has made sure that the form is one of ours. */
export function createSignInForm(parts: SignInParts, check: PasswordCheck): SignInForm {
  return (occasion, form) => submit({ ...parts, check }, occasion, form)
}

/** The sign-in page, or the page that asks to wait. */
export function signInReply(view: SignInView, frame: Frame, shown: Shown, options: PageReplyOptions): HttpReply {
  const whole: SignInView = {
    ...view,
    username: shown.username ?? view.username,
    ...(shown.remember !== undefined && { remember: shown.remember }),
    ...(shown.error !== undefined && { error: shown.error }),
  }
  const reply = pageReply(pageOf(whole, frame, shown), {
    ...options,
    ...(shown.wait !== undefined && { headers: { 'retry-after': String(shown.wait) } }),
  })
  return shown.outcome === undefined ? reply : withOutcome(reply, shown.outcome)
}

function pageOf(view: SignInView, frame: Frame, { first, wait, said }: Shown): Page {
  if (first !== undefined) return firstPage(view, frame, first)
  const framed = { ...frame, ...(said !== undefined && { again: againOf(view, said) }) }
  return wait === undefined ? signInPage(view, framed) : waitPage({ ...view, seconds: wait }, framed)
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

interface FormParts extends SignInParts {
  readonly check: PasswordCheck
}

async function submit<Other extends SignedIn>(
  parts: FormParts,
  occasion: Occasion<Other>,
  form: Parameters,
): Promise<HttpReply> {
  const { http, browser, clientId } = occasion
  const username = (form.get('username') ?? '').slice(0, 256)
  const remember = form.get('remember') === 'yes'
  const before = isChoice(form) ? null : saidBefore(form)
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
  if (isChoice(form)) {
    const chosen = await chooseFirst(parts, occasion, form)
    return chosen ?? again('choice_expired', 'choice_expired', 'what proved the temporary password no longer holds')
  }
  const password = form.get('password')
  if (username.trim() === '') return again('username_missing', 'username_missing', 'no user name was typed')
  if (password === undefined) return again('password_missing', 'password_missing', 'no password was typed')

  const verdict = await parts.check({ username, password }, { http, browser, clientId })
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
      return crowded(parts, http, named)
    case 'signed_in': {
      if (!occasion.mayBe(verdict.user)) {
        return again('other_user_expected', 'other_user_expected', 'id_token_hint or claims named another person')
      }
      if (verdict.user.passwordTemporary) return askForFirst(parts, occasion, verdict.user, remember)
      const entered = await enterAs(parts, occasion, verdict.user, remember)
      return entered === null
        ? again('user_disabled', 'user_changed', 'the user was disabled or changed during the sign-in')
        : occasion.onward(entered)
    }
    default:
      return verdict satisfies never
  }
}

type ShowAgain = (shown: Pick<Shown, 'error' | 'wait'>, rule: string, clause: string, reason: string) => HttpReply

/** Null: the user has changed while the password was checked. */
async function enterAs<Other extends SignedIn>(
  parts: FormParts,
  { http, browser, signedIn }: Occasion<Other>,
  known: UserWithPassword,
  remember: boolean,
): Promise<Entered<Other> | null> {
  const { store } = parts
  const { passwordHash: _, ...user } = known
  const former = signedIn.find((each) => each.user.userId === user.userId)
  return enter(parts, {
    http,
    browser,
    signedIn,
    user,
    remember,
    ...(former !== undefined && { sessionId: former.session.sessionId }),
    begin: (session, secretHash, started) =>
      former === undefined
        ? store.startSession(session, secretHash, [started])
        : store.renewSession(session, secretHash, [started]),
  })
}
