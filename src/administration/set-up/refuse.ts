// The pages that refuse a request to the set-up: its link, its browser or its form is not the right one.

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { withOutcome } from '../../http/reply/replies.ts'
import type { ErrorAdvice } from '../../pages/index.ts'
import { problemPage } from '../../visitor/problem-page.ts'
import type { SetUpParts } from './parts.ts'

interface Refusal {
  readonly status: 403 | 410 | 413
  readonly advice: ErrorAdvice
  readonly rule: string
  readonly reason: string
  /** Printable ASCII. */
  readonly description: string
}

const REFUSALS = {
  spent: {
    status: 410,
    advice: 'link_spent',
    rule: 'set_up_link_unknown',
    reason: 'no link of ours has this secret, or it has expired or was replaced',
    description: 'This link has expired or has been replaced by a newer one',
  },
  elsewhere: {
    status: 403,
    advice: 'link_spent',
    rule: 'set_up_link_spent',
    reason: 'another browser, or one that was closed since, has opened the link',
    description: 'This link has been opened before, in another browser or in one that was closed since',
  },
  done: {
    status: 410,
    advice: 'set_up_done',
    rule: 'set_up_finished',
    reason: 'the set-up is finished, and the link with it',
    description: 'The set-up is finished',
  },
  foreign: {
    status: 403,
    advice: 'cross_site_form',
    rule: 'form_foreign',
    reason: 'the anti-forgery value or the origin did not match',
    description: 'The form was not sent from its own page',
  },
  cookies: {
    status: 403,
    advice: 'cookies_missing',
    rule: 'cookies_missing',
    reason: 'the browser sent no visit cookie',
    description: 'The browser sent no cookie back',
  },
  large: {
    status: 413,
    advice: 'request_too_large',
    rule: 'body_too_large',
    reason: 'more than any form of this step can hold',
    description: 'The form is too large',
  },
} as const satisfies Record<string, Refusal>

export function refuse(parts: SetUpParts, http: HttpRequest, why: keyof typeof REFUSALS): HttpReply {
  const { status, advice, rule, reason, description } = REFUSALS[why]
  const clause = why === 'foreign' || why === 'cookies' ? 'RFC 6749 §10.12' : `RFC 9110 §15.5`
  const frontHref = why === 'done' && parts.frontPage !== null ? new URL(parts.addresses.issuer).pathname : null
  const page = problemPage(parts, http, { status, code: 'invalid_request', description, advice, frontHref })
  return withOutcome(page, { rule, clause, reason })
}
