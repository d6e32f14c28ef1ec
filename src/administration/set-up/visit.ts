// The operator's browser during the set-up: its cookie, its language, its forms, and the pages that refuse it.

import { sha256 } from '../../credentials/digest.ts'
import { readCookie, setCookie } from '../../http/cookies.ts'
import { csrfToken, isCsrfToken, isSameOrigin } from '../../http/csrf.ts'
import { wishedLocales } from '../../http/form.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply, type RenderedPage } from '../../http/page-reply.ts'
import { redirect, withOutcome } from '../../http/replies.ts'
import {
  chooseLocale,
  type ErrorAdvice,
  errorPage,
  type FormTarget,
  type Frame,
  isLocale,
  localizedHrefs,
} from '../../pages/index.ts'
import { newId, newSecret } from '../../platform/random.ts'
import type { SetUpParts } from './parts.ts'
import type { SetUpProgress, TicketDetail } from './progress.ts'

export interface Browser {
  /** Secret of the pre-session cookie; fresh when the browser had none. */
  readonly visit: string
  readonly hash: Uint8Array
  readonly isNew: boolean
}

/** One request of the browser that opened the link. */
export interface OpenSetUp {
  readonly http: HttpRequest
  readonly browser: Browser
  /** The link's path: all forms post there. */
  readonly path: string
  readonly ticketHash: Uint8Array
  readonly detail: TicketDetail
  readonly progress: SetUpProgress
}

export const SECRET = /^[A-Za-z0-9]{43}$/

export function readBrowser(request: HttpRequest): Browser {
  const cookie = readCookie(request, 'visit')
  const known = cookie !== undefined && SECRET.test(cookie) ? cookie : null
  const visit = known ?? newSecret()
  return { visit, hash: sha256(visit), isNew: known === null }
}

export function visitCookies(request: HttpRequest, browser: Browser): readonly string[] {
  return browser.isNew ? [setCookie('visit', browser.visit, { secure: request.peer.secure })] : []
}

/** Bound to the browser, the link and what the form does. */
function purposeOf(ticketHash: Uint8Array, target: string): string {
  return `set-up:${Buffer.from(ticketHash).toString('base64url')}:${target}`
}

export function formTarget(
  parts: Pick<SetUpParts, 'csrfKey'>,
  { browser, ticketHash, path }: Pick<OpenSetUp, 'browser' | 'ticketHash' | 'path'>,
  target: string,
): FormTarget {
  const csrf = csrfToken(parts.csrfKey, browser.visit, purposeOf(ticketHash, target))
  return { action: stepPath(path, target), csrf }
}

export function isOwnForm(
  parts: Pick<SetUpParts, 'csrfKey' | 'addresses'>,
  { http, browser, ticketHash }: Pick<OpenSetUp, 'http' | 'browser' | 'ticketHash'>,
  target: string,
  presented: string | undefined,
): boolean {
  return (
    !browser.isNew &&
    isSameOrigin(http, parts.addresses.origin) &&
    isCsrfToken(parts.csrfKey, browser.visit, purposeOf(ticketHash, target), presented)
  )
}

export function stepPath(path: string, step: string): string {
  return `${path}?step=${step}`
}

/** RFC 9110 §15.4.4: a reload of what comes next repeats nothing. */
export function goTo({ http, path }: Pick<OpenSetUp, 'http' | 'path'>, step: string): HttpReply {
  return redirect(http.method === 'POST' ? 303 : 302, stepPath(path, step))
}

export function frameOf(
  { brand, defaultLocale }: Pick<SetUpParts, 'brand' | 'defaultLocale'>,
  request: HttpRequest,
): Frame {
  return {
    locale: chooseLocale({
      uiLocales: wantedLocale(request),
      cookie: readCookie(request, 'locale'),
      acceptLanguage: request.headers['accept-language'],
      fallback: defaultLocale,
    }),
    brand,
    languageHrefs: request.method === 'GET' ? localizedHrefs(request.path, request.query) : {},
  }
}

function wantedLocale(request: HttpRequest): string | undefined {
  return wishedLocales(request)
}

const A_YEAR = 31_536_000

/** A language picked on one page holds for the next ones. */
export function showPage(page: RenderedPage, http: HttpRequest, cookies: readonly string[] = []): HttpReply {
  const chosen = wantedLocale(http)
  const locale =
    chosen !== undefined && isLocale(chosen)
      ? [setCookie('locale', chosen, { secure: http.peer.secure, maxAge: A_YEAR })]
      : []
  return pageReply(page, { cookies: [...cookies, ...locale] })
}

/** The same page with what has to be corrected: nothing was changed. */
export function showProblems(page: RenderedPage, http: HttpRequest): HttpReply {
  const reply = showPage({ ...page, status: 422 }, http)
  return withOutcome(reply, {
    rule: 'set_up_input_refused',
    clause: 'RFC 9110 §15.5.21',
    reason: 'a field of the form must be corrected; nothing was changed',
  })
}

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
    reason: 'another browser has opened the link',
    description: 'This link has been opened in another browser',
  },
  done: {
    status: 410,
    advice: 'set_up_done',
    rule: 'set_up_finished',
    reason: 'the set-up was finished with this link',
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
  const traceId = newId('tr')
  const page = errorPage({ status, code: 'invalid_request', description, advice, traceId }, frameOf(parts, http))
  const clause = why === 'foreign' || why === 'cookies' ? 'RFC 6749 §10.12' : `RFC 9110 §15.5`
  return withOutcome(pageReply(page, { headers: { 'x-trace-id': traceId } }), { rule, clause, reason })
}
