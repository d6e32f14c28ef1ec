// How an authorization request ends: with an answer at the client's redirect URI, or with a page of ours when that
// cannot be trusted.

import type { HttpReply, HttpRequest } from '../http/message.ts'
import { pageReply } from '../http/reply/page-reply.ts'
import { redirect, withOutcome } from '../http/reply/replies.ts'
import type { Client } from '../model/client/client.ts'
import type { AuthorizationRequest } from '../model/interaction.ts'
import { type ErrorView, formPostPage } from '../pages/index.ts'
import type { OAuthError } from '../protocol/errors.ts'
import { type AuthorizationAnswer, formFields, withFragment, withQuery } from '../protocol/response-mode.ts'
import { frameAtClients } from '../visitor/frame.ts'
import { type ProblemOptions, problemPage } from '../visitor/problem-page.ts'
import { clientView, targetOf } from './client-view.ts'
import type { SignInParts } from './parts.ts'

/** RFC 9700 §4.12: 303 after a form, 302 otherwise, never 307. */
function statusAfter(request: HttpRequest): 302 | 303 {
  return request.method === 'POST' ? 303 : 302
}

type Answerable = Pick<AuthorizationRequest, 'redirectUri' | 'responseMode'> &
  Partial<Pick<AuthorizationRequest, 'uiLocales'>>

/** What is answered: the request, as far as an answer needs it, of this client, in this browser's request. */
export interface Asked<Request extends Answerable = Answerable> {
  readonly http: HttpRequest
  readonly request: Request
  readonly client: Client
}

/** RFC 6749 §4.1.2 and, unless this client cannot cope with it, RFC 9207 §2. */
export function answerReply(
  parts: SignInParts,
  asked: Asked,
  answer: AuthorizationAnswer,
  cookies: readonly string[] = [],
): HttpReply {
  const { http, request, client } = asked
  const iss = client.authorize.iss ? parts.addresses.issuer : undefined
  const whole = { ...answer, iss }
  const sent = answer['code'] === undefined ? TOKENS_SENT : CODE_SENT
  return withOutcome(
    request.responseMode === 'form_post'
      ? formReply(parts, asked, whole, cookies)
      : redirect(statusAfter(http), locationOf(request, whole), cookies),
    { ...sent, clientId: client.client_id },
  )
}

type OfDevice = Pick<AuthorizationRequest, 'device' | 'redirectUri' | 'clientId'>

/** RFC 8628 §3.3: the device fetches its tokens itself, and the person goes back to it. */
export function deviceAllowed({ redirectUri, clientId }: OfDevice, cookies: readonly string[]): HttpReply {
  return withOutcome(redirect(303, redirectUri, cookies), {
    rule: 'device_allowed',
    clause: 'RFC 8628 §3.3',
    reason: 'the device may fetch its tokens now',
    clientId,
  })
}

/** The device is told when it asks next. */
export async function deviceDenied(
  { store, clock }: Pick<SignInParts, 'store' | 'clock'>,
  { device = '', redirectUri, clientId }: OfDevice,
): Promise<HttpReply> {
  await store.denyDeviceRequest(Buffer.from(device, 'base64url'), clock.now(), [])
  return withOutcome(redirect(303, withQuery(redirectUri, { error: 'access_denied' })), {
    rule: 'user_refused',
    clause: 'RFC 8628 §3.5',
    reason: 'the person said no; the device is told',
    clientId,
  })
}

const CODE_SENT = { rule: 'code_issued', clause: 'RFC 6749 §4.1.2', reason: 'the code was sent to the client' }
const TOKENS_SENT = {
  rule: 'token_issued',
  clause: 'OpenID Connect Core §3.2.2.5',
  reason: 'tokens were sent to the client without a code',
}

function locationOf({ redirectUri, responseMode }: Answerable, answer: AuthorizationAnswer): string {
  return responseMode === 'fragment' ? withFragment(redirectUri, answer) : withQuery(redirectUri, answer)
}

/** OAuth 2.0 Form Post Response Mode §2. */
function formReply(
  parts: SignInParts,
  { http, request: { redirectUri, uiLocales }, client }: Asked,
  answer: AuthorizationAnswer,
  cookies: readonly string[],
): HttpReply {
  // No language switch: asking for this page again would ask for another answer.
  const frame = { ...frameAtClients(parts, http, uiLocales), languageHrefs: {} }
  const page = formPostPage(
    {
      action: redirectUri,
      fields: formFields(answer),
      client: clientView(client, { addresses: parts.addresses, locale: frame.locale }),
    },
    frame,
  )
  return pageReply(page, {
    // Browsers apply form-action to every redirect that follows, and where the client sends its people after that is
    // its own affair.
    formAction: [new URL(redirectUri).protocol],
    frameAncestors: client.frameAncestors,
    referrerPolicy: 'no-referrer',
    cookies,
  })
}

interface RefusalOptions extends Pick<ProblemOptions, 'again' | 'cookies'> {
  readonly isStranger?: boolean
}

/**
 * RFC 6749 §4.1.2.1: an error that the client is told about; or that is shown here, where the client's callback shows
 * nothing useful. `isStranger`: nobody is signed in here, and nobody has been asked anything yet.
 */
export function refusalReply(
  parts: SignInParts,
  asked: Asked<Answerable & { readonly state: string | null | undefined }>,
  error: OAuthError,
  { cookies = [], isStranger = false, again }: RefusalOptions = {},
): HttpReply {
  const { http, request, client } = asked
  const { uiLocales } = request
  const outcome = { ...error.outcome, clientId: client.client_id }
  const shownHere = (advice: ErrorView['advice']) => ({
    status: 400,
    code: error.error,
    description: error.description,
    advice,
    client: clientView(client, {
      addresses: parts.addresses,
      locale: frameAtClients(parts, http, uiLocales).locale,
    }),
  })
  if (client.errorDisplay === 'local') {
    const view = shownHere(error.error === 'access_denied' ? 'access_denied' : 'request_refused')
    return withOutcome(problemPage(parts, http, view, { again, uiLocales }), outcome)
  }
  const answer = { error: error.error, error_description: error.description, state: request.state ?? undefined }
  // RFC 9700 §4.11.2: a link to this server must not lead strangers straight to a place that nobody vouches for.
  if (isStranger && !client.verified && parts.unverifiedErrors === 'ask') {
    const iss = client.authorize.iss ? parts.addresses.issuer : undefined
    const href = locationOf(request, { ...answer, iss })
    // With form_post, our own page would post to that place.
    const onward = request.responseMode === 'form_post' ? null : { href, target: targetOf(request.redirectUri) }
    // A form posted from this page would come with our cookies, and would lead there.
    return withOutcome(problemPage(parts, http, { ...shownHere('unverified_client'), onward }, { uiLocales }), outcome)
  }
  return withOutcome(answerReply(parts, asked, answer, cookies), outcome)
}
