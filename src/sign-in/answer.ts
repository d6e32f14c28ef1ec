// How a journey ends: an answer at the client's redirect URI, or a page of ours when that is not to be trusted.

import type { HttpReply, HttpRequest } from '../http/message.ts'
import { redirect, withOutcome } from '../http/replies.ts'
import type { Client } from '../model/client.ts'
import type { AuthorizationRequest } from '../model/interaction.ts'
import type { ClientView, ErrorView } from '../pages/index.ts'
import type { OAuthError } from '../protocol/errors.ts'
import { type AuthorizationAnswer, withQuery } from '../protocol/response-mode.ts'
import { problemPage } from '../visitor/problem-page.ts'
import type { SignInParts } from './parts.ts'

/** RFC 9700 §4.12: 303 after a form, 302 otherwise, never 307. */
function statusAfter(request: HttpRequest): 302 | 303 {
  return request.method === 'POST' ? 303 : 302
}

/** RFC 6749 §4.1.2 and, unless this client cannot bear it, RFC 9207 §2. */
export function answerReply(
  parts: SignInParts,
  http: HttpRequest,
  request: Pick<AuthorizationRequest, 'redirectUri'>,
  client: Client,
  answer: AuthorizationAnswer,
  cookies: readonly string[] = [],
): HttpReply {
  const iss = client.authorize.iss ? parts.addresses.issuer : undefined
  const location = withQuery(request.redirectUri, { ...answer, iss })
  const outcome = { rule: 'code_issued', clause: 'RFC 6749 §4.1.2', reason: 'the code was sent to the client' }
  return withOutcome(redirect(statusAfter(http), location, cookies), { ...outcome, clientId: client.client_id })
}

/** RFC 6749 §4.1.2.1: an error the client is told about, or shown here where its callback shows nothing useful. */
export function refusalReply(
  parts: SignInParts,
  http: HttpRequest,
  request: { readonly redirectUri: string; readonly state: string | null | undefined },
  client: Client,
  error: OAuthError,
  cookies: readonly string[] = [],
): HttpReply {
  const outcome = { ...error.outcome, clientId: client.client_id }
  if (client.errorDisplay === 'local') {
    const view: Omit<ErrorView, 'traceId'> = {
      status: 400,
      code: error.error,
      description: error.description,
      advice: error.error === 'access_denied' ? 'access_denied' : 'request_refused',
      client: clientView(client),
    }
    return withOutcome(problemPage(parts, http, view), outcome)
  }
  const answer = { error: error.error, error_description: error.description, state: request.state ?? undefined }
  const reply = answerReply(parts, http, request, client, answer, cookies)
  return withOutcome(reply, outcome)
}

export function clientView(client: Client): ClientView {
  return {
    name: client.client_name,
    policyUrl: client.policy_uri,
    termsUrl: client.tos_uri,
  }
}
