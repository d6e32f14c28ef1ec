// Two ways a step ends early: the person says no, or the form is not one of ours.

import type { HttpReply, HttpRequest } from '../http/message.ts'
import { withOutcome } from '../http/reply/replies.ts'
import type { SecurityEvent } from '../model/event.ts'
import { OAuthError } from '../protocol/errors.ts'
import { problemPage } from '../visitor/problem-page.ts'
import { refusalReply } from './answer.ts'
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
