// What surrounds a page for this visitor: the language, the brand, and the switch to the other language.

import { readCookie, setCookie } from '../http/cookies.ts'
import { isLedByOwnPage } from '../http/csrf.ts'
import type { HttpRequest } from '../http/message.ts'
import type { Seconds } from '../model/time.ts'
import { type Brand, chooseLocale, type Frame, isLocale, type Locale, localizedHrefs } from '../pages/index.ts'
import { MalformedParameters, parseForm } from '../protocol/parameters.ts'

/** How all pages of a server look where nobody wishes otherwise. */
export interface Look {
  readonly brand: Brand
  readonly defaultLocale: Locale
}

/** `uiLocales` is the client's wish: what the person has picked on a page of ours comes first. */
export function frameOf({ brand, defaultLocale }: Look, request: HttpRequest, uiLocales?: string | null): Frame {
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
    // For the answer to a form this is where the form was; see `said-again.ts` for how the answer itself comes back.
    languageHrefs: localizedHrefs(request.path, request.query),
  }
}

const A_YEAR: Seconds = 31_536_000

/** A language picked on one of our pages holds for the next ones. */
export function localeCookies(request: HttpRequest): readonly string[] {
  const chosen = wishedLocales(request)
  if (chosen === undefined || !isLocale(chosen)) return []
  return [setCookie('locale', chosen, { secure: request.peer.secure, maxAge: A_YEAR })]
}

/**
 * The same for a page whose address clients send people to as well: what they say in `ui_locales` is a wish for this page, and what
 * the person has picked stays as it is.
 */
export function pickedLocaleCookies(request: HttpRequest): readonly string[] {
  return isLedByOwnPage(request) ? localeCookies(request) : []
}

/** A query that cannot be read wishes for nothing: the page that says so must not fail over it once more. */
function wishedLocales(request: HttpRequest): string | undefined {
  if (request.query === '') return undefined
  try {
    return parseForm(request.query).get('ui_locales')
  } catch (error) {
    if (error instanceof MalformedParameters) return undefined
    throw error
  }
}
