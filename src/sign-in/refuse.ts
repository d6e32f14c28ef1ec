// Three ways a step ends early: the person says no, the form is not one of ours, or too many passwords wait to be looked at.

import type { HttpReply, HttpRequest } from '../http/message.ts'
import { withOutcome } from '../http/reply/replies.ts'
import type { SecurityEvent } from '../model/event.ts'
import { OAuthError } from '../protocol/errors.ts'
import { problemPage } from '../visitor/problem-page.ts'
import { deviceDenied, refusalReply } from './answer.ts'
import type { OpenInteraction } from './open-interaction.ts'
import type { SignInParts } from './parts.ts'

/** The person said no: the client is told, nothing is remembered. RFC 6749 §4.1.2.1. */
export async function cancelled(
  parts: SignInParts,
  open: OpenInteraction,
  events: readonly SecurityEvent[] = [],
): Promise<HttpReply> {
  const { http, interaction, visit } = open
  await parts.store.finishInteraction(interaction.interactionId, events)
  if (interaction.request.device !== undefined) return deviceDenied(parts, interaction.request)
  const error = new OAuthError({
    error: 'access_denied',
    description: 'The user refused',
    rule: 'user_refused',
    clause: 'RFC 6749 §4.1.2.1',
  })
  return refusalReply(parts, { http, request: interaction.request, client: visit.client.client }, error)
}

/** 403: the form was not rendered by us for this browser, this step and this person. Nothing has changed. */
export function formRefused(parts: SignInParts, http: HttpRequest): HttpReply {
  const description = 'The form was not sent from its own page'
  return withOutcome(
    problemPage(parts, http, { status: 403, code: 'invalid_request', description, advice: 'cross_site_form' }),
    { rule: 'form_foreign', clause: 'RFC 6749 §10.12', reason: 'the anti-forgery value or the origin did not match' },
  )
}

/** 503: nothing was looked at, so nothing is held against anybody. `about`: for the trace. */
export function crowded(parts: SignInParts, http: HttpRequest, about: { readonly clientId?: string } = {}): HttpReply {
  const description = 'Too many people are signing in'
  const view = { status: 503, code: 'temporarily_unavailable', description, advice: 'overloaded' } as const
  return withOutcome(problemPage(parts, http, view, { headers: { 'retry-after': '3' } }), {
    rule: 'sign_ins_crowded',
    clause: 'RFC 9110 §15.6.4',
    reason: 'too many passwords were waiting to be checked; this one was not',
    ...about,
  })
}
