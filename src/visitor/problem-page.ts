// A page of ours that says what went wrong, at the very URL that was asked for, with the trace id that the operator
// will need.

import type { HttpReply, HttpRequest } from '../http/message.ts'
import { type PageReplyOptions, pageReply } from '../http/reply/page-reply.ts'
import { type ErrorView, errorPage, type Frame } from '../pages/index.ts'
import { newId } from '../platform/random.ts'
import { frameAtClients, localeCookiesAtClients } from './frame.ts'
import { frameOfSaid, type SealingLook } from './said-again.ts'

export interface ProblemOptions extends Pick<PageReplyOptions, 'headers' | 'cookies'> {
  /** What to post to get the page in another language, where this browser sends no cookie yet: the request itself. */
  readonly again?: Frame['again']
  /** The client's wish, if it is known. */
  readonly uiLocales?: string | null | undefined
}

export function problemPage(
  look: SealingLook,
  request: HttpRequest,
  view: Omit<ErrorView, 'traceId'>,
  { headers = {}, cookies = [], again, uiLocales }: ProblemOptions = {},
): HttpReply {
  const traceId = newId('tr')
  const whole = { ...view, traceId }
  // An error can be shown at any address of ours.
  const own = frameAtClients(look, request, uiLocales)
  const frame = { ...(again && { again }), ...frameOfSaid(look, request, { page: 'error', view: whole }, own) }
  const isLost = request.method === 'POST' && frame.again === undefined
  // A link would ask for something else than what was posted.
  const page = errorPage(whole, isLost ? { ...frame, languageHrefs: {} } : frame)
  return pageReply(page, {
    cookies: [...cookies, ...localeCookiesAtClients(request)],
    headers: { ...headers, 'x-trace-id': traceId },
  })
}
