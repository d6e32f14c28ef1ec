// One request of the operator's browser during the set-up: what it carries, its forms, and where it goes next.

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply, type RenderedPage } from '../../http/reply/page-reply.ts'
import { redirect, withOutcome } from '../../http/reply/replies.ts'
import type { FormTarget, Frame } from '../../pages/index.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import { localeCookies, operatorLook } from '../../visitor/frame.ts'
import { frameOfSaid, type PageName, type Said } from '../../visitor/said-again.ts'
import { type Visitor, visitCookies } from '../../visitor/visitor.ts'
import type { SetUpParts } from './parts.ts'
import type { SetUpProgress, TicketDetail } from './progress.ts'

/** One request of the browser that opened the link. */
export interface OpenSetUp {
  readonly http: HttpRequest
  readonly visitor: Visitor
  /** The link's path: all forms post there. */
  readonly path: string
  readonly ticketHash: Uint8Array
  readonly detail: TicketDetail
  readonly progress: SetUpProgress
}

/** Bound to the browser, the link and what the form does. */
function purposeOf({ ticketHash }: Pick<OpenSetUp, 'ticketHash'>, target: string): string {
  return `set-up:${Buffer.from(ticketHash).toString('base64url')}:${target}`
}

export function formTarget(parts: Pick<SetUpParts, 'csrfKey'>, open: OpenSetUp, target: string): FormTarget {
  return { action: stepPath(open.path, target), csrf: formToken(parts, open.visitor, purposeOf(open, target)) }
}

export function isFormOf(
  { csrfKey, addresses }: Pick<SetUpParts, 'csrfKey' | 'addresses'>,
  open: OpenSetUp,
  target: string,
  presented: string | undefined,
): boolean {
  const form = { csrfKey, origins: [addresses.origin] }
  return isOwnForm(form, open.http, open.visitor, purposeOf(open, target), presented)
}

export function stepPath(path: string, step: string): string {
  return `${path}?step=${step}`
}

/** RFC 9110 §15.4.4: a reload of what comes next repeats nothing. */
export function goTo({ http, path }: Pick<OpenSetUp, 'http' | 'path'>, step: string): HttpReply {
  return redirect(http.method === 'POST' ? 303 : 302, stepPath(path, step), localeCookies(http))
}

/** A step that answers its own form does so with what has to be corrected. */
export function stepFrame<Name extends PageName>(parts: SetUpParts, { http }: OpenSetUp, said: Said<Name>): Frame {
  return frameOfSaid(operatorLook(parts), http, { ...said, status: REFUSED })
}

const REFUSED = 422

export function showPage(page: RenderedPage, { http, visitor }: OpenSetUp): HttpReply {
  return pageReply(page, { cookies: [...visitCookies(visitor), ...localeCookies(http)] })
}

/** The same page with what has to be corrected: nothing was changed. */
export function showProblems(page: RenderedPage, open: OpenSetUp): HttpReply {
  return withOutcome(showPage({ ...page, status: REFUSED }, open), {
    rule: 'set_up_input_refused',
    clause: 'RFC 9110 §15.5.21',
    reason: 'a field of the form must be corrected; nothing was changed',
  })
}
