// What session management adds to the answers of sign-in: the cookie that the frame's script reads, and
// `session_state`. Nothing where the server does not offer it.

import { readCookie, setCookie } from '../http/cookies.ts'
import type { HttpRequest } from '../http/message.ts'
import type { AuthorizationRequest } from '../model/interaction.ts'
import { newSecret } from '../platform/random.ts'
import { includesScope } from '../protocol/scope.ts'
import { originOf, sessionStateOf } from '../protocol/session-state.ts'
import type { SignedIn, Visit } from '../store/verbs/sessions.ts'
import type { SignInParts } from './parts.ts'
import type { Browser } from './visit.ts'

type Watched = Pick<SignInParts, 'browserStateOf'>

/** Set-Cookie values that bring the browser up to date; none when it already is. */
export function browserStateCookies(
  { browserStateOf }: Watched,
  http: HttpRequest,
  { sessionSecrets, secure }: Browser,
  signedIn: readonly SignedIn[],
): readonly string[] {
  // In a frame of another site the browser withholds its session cookies, so that nobody seems to be signed in proves
  // nothing.
  if (browserStateOf === null || (signedIn.length === 0 && sessionSecrets.length === 0)) return []
  const value = browserStateOf(signedIn.map(({ session }) => session.sessionId))
  if (value === (readCookie(http, 'browser-state') ?? '')) return []
  return [setCookie('browser-state', value, { secure, ...(value === '' && { maxAge: 0 }) })]
}

/** OpenID Connect Session Management §2: for answers that authenticate somebody. */
export function sessionStateFor(
  { browserStateOf }: Watched,
  { clientId, redirectUri, scope }: AuthorizationRequest,
  signedIn: Visit['signedIn'],
): { readonly session_state?: string } {
  const origin = browserStateOf === null || !includesScope(scope, 'openid') ? null : originOf(redirectUri)
  if (browserStateOf === null || origin === null) return {}
  const state = browserStateOf(signedIn.map(({ session }) => session.sessionId))
  return { session_state: sessionStateOf(clientId, origin, state, newSecret()) }
}
