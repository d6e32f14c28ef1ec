// Choosing another password. Whoever does it proves the present one, also while signed in: a browser that was left alone
// must not be enough. Everything from before ends, as it does when an operator sets a password; this browser goes on, with
// a new session. docs/decisions/0062

import { SHORTEST_PASSWORD } from '../../credentials/password-text.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/reply/page-reply.ts'
import { redirect, withOutcome } from '../../http/reply/replies.ts'
import type { User, UserWithPassword } from '../../model/user.ts'
import { type PasswordError, type PasswordView, passwordPage } from '../../pages/index.ts'
import type { Outcome } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { frameOf, localeCookies } from '../../visitor/frame.ts'
import { frameOfSaid } from '../../visitor/said-again.ts'
import { showDone } from '../account/done.ts'
import { accountForm, type OwnAccount, openAccount, readAccountForm, signedInHere } from '../account/whose.ts'
import { browserStateCookies } from '../browser-state.ts'
import type { PasswordCheck } from '../by-password/check.ts'
import { enterByNewPassword, newPasswordError, newPasswordIn } from '../by-password/new-password.ts'
import type { SignInParts } from '../parts.ts'
import { crowded } from '../refuse.ts'

export function accountPasswordEndpoint(parts: SignInParts, check: PasswordCheck) {
  return async (http: HttpRequest): Promise<HttpReply> =>
    http.method === 'POST' ? submit(parts, check, http) : ask(parts, http)
}

async function ask(parts: SignInParts, http: HttpRequest): Promise<HttpReply> {
  const own = await openAccount(parts, http)
  if ('reply' in own) return own.reply
  return pageReply(passwordPage(viewOf(parts, own, {}), frameOf(parts, http)), { cookies: localeCookies(http) })
}

type Shown = Partial<Pick<PasswordView, 'error' | 'wait' | 'remember'>>

function viewOf(
  parts: SignInParts,
  own: OwnAccount,
  { error = null, wait = null, remember = false }: Shown,
): PasswordView {
  const { user } = own.me
  return {
    form: accountForm(parts, own, 'password'),
    user: { name: user.profile.displayName ?? user.username, username: user.username },
    minimumLength: SHORTEST_PASSWORD,
    remember,
    error,
    wait,
    backHref: parts.addresses.path.account,
  }
}

/** The page again, with what is wrong; nothing was changed. */
function showAgain(parts: SignInParts, own: OwnAccount, shown: Shown, outcome: Outcome | null): HttpReply {
  const view = viewOf(parts, own, shown)
  const page = passwordPage(view, frameOfSaid(parts, own.http, { page: 'password', view }))
  const reply = pageReply(page, {
    cookies: localeCookies(own.http),
    ...(view.wait !== null && { headers: { 'retry-after': String(view.wait) } }),
  })
  return withOutcome(reply, outcome)
}

async function submit(parts: SignInParts, check: PasswordCheck, http: HttpRequest): Promise<HttpReply> {
  const own = await readAccountForm(parts, http, 'password')
  if ('reply' in own) return own.reply
  const { user } = own.me
  const remember = own.form.get('remember') === 'yes'
  const former = own.form.get('current-password') ?? ''
  // What can be said without looking at a password costs nobody an attempt.
  const error = errorOf(former, own.form, user)
  if (error !== null) return showAgain(parts, own, { error, remember }, null)

  const { browser } = own
  const verdict = await check({ username: user.username, password: former }, { http, browser, clientId: null })
  switch (verdict.kind) {
    case 'wrong':
    case 'unusable':
      return showAgain(parts, own, { error: { field: 'current', fault: 'wrong' }, remember }, WRONG)
    case 'wait': {
      const reason = 'too many failed attempts; nothing was checked'
      return showAgain(
        parts,
        own,
        { wait: verdict.seconds, remember },
        { rule: verdict.rule, clause: 'RFC 6819 §4.4.3.6', reason },
      )
    }
    case 'busy':
      return crowded(parts, http)
    // Disabled or renamed in this moment: whoever has the name now is not the one who is signed in here.
    case 'disabled':
      return redirect(303, parts.addresses.path.account)
    case 'signed_in':
      return verdict.user.userId === user.userId
        ? change(parts, own, verdict.user, newPasswordIn(own.form), remember)
        : redirect(303, parts.addresses.path.account)
    default:
      return verdict satisfies never
  }
}

const WRONG: Outcome = {
  rule: 'password_wrong',
  clause: 'OpenID Connect Core §3.1.2.3',
  reason: 'the present password was wrong, so it was not changed',
}

function errorOf(former: string, form: Parameters, { username }: User): PasswordError | null {
  return former === '' ? { field: 'current', fault: 'missing' } : newPasswordError(form, username, former)
}

async function change(
  parts: SignInParts,
  own: OwnAccount,
  user: UserWithPassword,
  next: string,
  remember: boolean,
): Promise<HttpReply> {
  const signedIn = await signedInHere(parts, own.browser)
  const entered = await enterByNewPassword(parts, { ...own, signedIn, user, remember }, next)
  if (entered === 'busy') return crowded(parts, own.http)
  // Disabled, or given another password, in this moment: the account page knows who is still there.
  if (entered === null) return redirect(303, parts.addresses.path.account)
  parts.sessionsEnded()
  const { browser, now, others, cookies } = entered
  const state = browserStateCookies(parts, own.http, browser, [now, ...others])
  return showDone(parts, { http: own.http, browser, me: now }, { kind: 'password_changed' }, [...cookies, ...state])
}
