// The visitor's browser: its pre-session cookie, its sessions, its language. Nothing here decides.

import { sha256 } from '../credentials/digest.ts'
import { readCookie, setCookie } from '../http/cookies.ts'
import { csrfToken, isCsrfToken, isSameOrigin } from '../http/csrf.ts'
import { wishedLocales } from '../http/form.ts'
import type { HttpRequest } from '../http/message.ts'
import type { Seconds } from '../model/time.ts'
import { chooseLocale, type Frame, isLocale, localizedHrefs } from '../pages/index.ts'
import { newSecret } from '../platform/random.ts'
import type { SignInParts } from './parts.ts'

/** One browser stays signed in as at most this many people. */
export const MOST_SESSIONS = 5

export interface Browser {
  /** Secret of the pre-session cookie; fresh when the browser had none. */
  readonly visit: string
  readonly hash: Uint8Array
  readonly isNew: boolean
  readonly secure: boolean
  /** Secrets of its sessions, the current one first. */
  readonly sessionSecrets: readonly string[]
  readonly device: string | null
}

const SECRET = /^[A-Za-z0-9]{43}$/

export function readBrowser(request: HttpRequest): Browser {
  const cookie = readCookie(request, 'visit')
  const known = cookie !== undefined && SECRET.test(cookie) ? cookie : null
  const visit = known ?? newSecret()
  return {
    visit,
    hash: sha256(visit),
    isNew: known === null,
    secure: request.peer.secure,
    sessionSecrets: (readCookie(request, 'session') ?? '')
      .split('.')
      .filter((secret) => SECRET.test(secret))
      .slice(0, MOST_SESSIONS),
    device: readCookie(request, 'device') ?? null,
  }
}

/** Set-Cookie values that make this browser recognisable next time; none when it already is. */
export function visitCookies(browser: Browser): readonly string[] {
  return browser.isNew ? [setCookie('visit', browser.visit, { secure: browser.secure })] : []
}

/** Cookie of the sessions, the current one first. Without `remember` it ends with the browser. */
export function sessionCookie(browser: Browser, secrets: readonly string[], remember: Seconds | null): string {
  return setCookie('session', [...new Set(secrets)].slice(0, MOST_SESSIONS).join('.'), {
    secure: browser.secure,
    ...(secrets.length === 0 ? { maxAge: 0 } : remember !== null && { maxAge: remember }),
  })
}

/** Bound to the browser, and to what and whom the form was rendered for. */
export function formToken(parts: SignInParts, browser: Browser, purpose: string): string {
  return csrfToken(parts.csrfKey, browser.visit, purpose)
}

export function isOwnForm(
  parts: SignInParts,
  request: HttpRequest,
  browser: Browser,
  purpose: string,
  presented: string | undefined,
): boolean {
  return (
    !browser.isNew &&
    isSameOrigin(request, parts.origins) &&
    isCsrfToken(parts.csrfKey, browser.visit, purpose, presented)
  )
}

/** Language, brand and language switch of a page at this address. */
export function frameOf(
  { brand, defaultLocale }: Pick<SignInParts, 'brand' | 'defaultLocale'>,
  request: HttpRequest,
  uiLocales?: string | null,
): Frame {
  const chosen = wishedLocales(request)
  const cookie = readCookie(request, 'locale')
  return {
    locale: chooseLocale({
      uiLocales: chosen ?? (cookie === undefined ? uiLocales : null),
      cookie,
      acceptLanguage: request.headers['accept-language'],
      fallback: defaultLocale,
    }),
    brand,
    languageHrefs: request.method === 'GET' ? localizedHrefs(request.path, request.query) : {},
  }
}

const A_YEAR: Seconds = 31_536_000

/** A language picked on one of our pages holds for the next ones. */
export function localeCookies(request: HttpRequest): readonly string[] {
  const chosen = wishedLocales(request)
  if (chosen === undefined || !isLocale(chosen)) return []
  return [setCookie('locale', chosen, { secure: request.peer.secure, maxAge: A_YEAR })]
}
