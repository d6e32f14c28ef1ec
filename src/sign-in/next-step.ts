// What is still missing on the way to a code? This one pure function decides it, from what is known.

import type { ClientRecord } from '../model/client/client.ts'
import { isDocumentClient } from '../model/client/document.ts'
import type { Subject } from '../model/client/sector.ts'
import { type AuthorizationRequest, mayBeAbout, namesUser } from '../model/interaction.ts'
import type { Seconds } from '../model/time.ts'
import { OAuthError } from '../protocol/errors.ts'
import { coversScope } from '../protocol/scope.ts'
import type { Visit } from '../store/verbs/sessions.ts'

export type SignedInHere = Visit['signedIn'][number]

export type NextStep =
  | { readonly kind: 'authenticate'; readonly because: 'no_session' | 'prompt' | 'max_age' | 'id_token_hint' }
  | { readonly kind: 'select_account' }
  | { readonly kind: 'consent'; readonly signedIn: SignedInHere }
  | { readonly kind: 'issue'; readonly signedIn: SignedInHere }
  | { readonly kind: 'refuse'; readonly error: OAuthError }

export interface Known {
  readonly request: AuthorizationRequest
  readonly client: ClientRecord
  /** Live sessions of this browser, the current one first. */
  readonly signedIn: readonly SignedInHere[]
  /** What has been done during this visit. */
  readonly progress: {
    readonly authenticatedSessionId: string | null
    readonly chosenSessionId: string | null
    readonly consented: boolean
  }
  /** Kinds of personal data that the client would receive, separated by spaces. */
  readonly kinds: string
  readonly now: Seconds
  /** The identifier by which the client knows somebody. */
  readonly subjectOf: (userId: string) => Subject
}

export function nextStep(known: Known): NextStep {
  const { request, progress, now } = known
  const silent = request.prompt.includes('none')
  const done = progress.authenticatedSessionId !== null
  const current = currentOf(known)
  if (current === null) return authenticate(silent, namesUser(request) ? 'id_token_hint' : 'no_session')

  // OpenID Connect Core §3.1.2.1: prompt, max_age and id_token_hint; one sign-in during this visit satisfies each of
  // them.
  if (request.prompt.includes('login') && !done) return authenticate(silent, 'prompt')
  const chosen = done || progress.chosenSessionId !== null
  if (request.prompt.includes('select_account') && !chosen) return { kind: 'select_account' }
  if (isTooOld(request.maxAge, now - current.session.authenticatedAt) && !done) return authenticate(silent, 'max_age')
  if (!mayBeAbout(request, known.subjectOf(current.user.userId))) return authenticate(silent, 'id_token_hint')

  if (!needsConsent(known, current)) return { kind: 'issue', signedIn: current }
  if (silent) {
    return refuse(
      'consent_required',
      'The user has not consented yet',
      'consent_required',
      'no consent covers this request',
    )
  }
  return { kind: 'consent', signedIn: current }
}

/** OpenID Connect Core §3.1.2.1: `max_age=0` is the same as `prompt=login`. */
function isTooOld(maxAge: Seconds | null, age: Seconds): boolean {
  return maxAge !== null && (age > maxAge || maxAge === 0)
}

function currentOf({ request, signedIn, progress, subjectOf }: Known): SignedInHere | null {
  const wanted = progress.authenticatedSessionId ?? progress.chosenSessionId
  if (wanted !== null) return signedIn.find(({ session }) => session.sessionId === wanted) ?? null
  return signedIn.find(({ user }) => mayBeAbout(request, subjectOf(user.userId))) ?? signedIn[0] ?? null
}

function needsConsent({ request, client: { client }, progress, kinds }: Known, { consent }: SignedInHere): boolean {
  if (progress.consented) return false
  if (request.prompt.includes('consent')) return true
  // The document may say something else each time, and what somebody agreed to before was what it said then.
  if (isDocumentClient(client) && !client.verified) return true
  // An operator's declaration was about the client as the operator knew it.
  if (client.consent === 'implied' && client.verified) return false
  // RFC 8252 §8.6: another program on the device may receive what is sent to a loopback address or a private-use scheme.
  if (client.application_type === 'native' && !request.redirectUri.startsWith('https:')) return true
  return consent === null || !coversScope(consent.scope, request.scope) || !coversScope(consent.kinds, kinds)
}

type Because = Extract<NextStep, { kind: 'authenticate' }>['because']

function authenticate(silent: boolean, because: Because): NextStep {
  if (!silent) return { kind: 'authenticate', because }
  return refuse(
    'login_required',
    'The user must sign in',
    'login_required',
    `prompt=none, but a sign-in is needed: ${because}`,
  )
}

function refuse(error: string, description: string, rule: string, reason: string): NextStep {
  const clause = 'OpenID Connect Core §3.1.2.6'
  return { kind: 'refuse', error: new OAuthError({ error, description, rule, clause, reason }) }
}
