// A page of ours that says what went wrong, at the very URL that was asked for, with the trace id to ask the operator about.

import type { HttpReply, HttpRequest } from '../http/message.ts'
import { type PageReplyOptions, pageReply } from '../http/reply/page-reply.ts'
import { type ErrorView, errorPage } from '../pages/index.ts'
import { newId } from '../platform/random.ts'
import { frameOf, type Look } from './frame.ts'

export function problemPage(
  look: Look,
  request: HttpRequest,
  view: Omit<ErrorView, 'traceId'>,
  { headers = {}, cookies = [] }: Pick<PageReplyOptions, 'headers' | 'cookies'> = {},
): HttpReply {
  const traceId = newId('tr')
  const page = errorPage({ ...view, traceId }, frameOf(look, request))
  return pageReply(page, { cookies, headers: { ...headers, 'x-trace-id': traceId } })
}
