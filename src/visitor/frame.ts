// What surrounds a page for this visitor: the language, the brand, and the switch to the other language.

import { readCookie, setCookie } from '../http/cookies.ts'
import { whoLedHere } from '../http/csrf.ts'
import type { HttpRequest } from '../http/message.ts'
import type { CommandFlags } from '../model/commands/flags.ts'
import type { Seconds } from '../model/time.ts'
import { type Brand, chooseLocale, type Frame, isLocale, type Locale, localizedHrefs } from '../pages/index.ts'
import { MalformedParameters, parseForm } from '../protocol/parameters.ts'

/** How all pages of a server look, unless the visitor or a client wishes otherwise. */
export interface Look {
  readonly brand: () => Brand
  readonly commandFlags: CommandFlags
  readonly defaultLocale: Locale
}

/** `uiLocales` is what the client wishes: a language that the person has picked on a page of ours comes first. */
export function frameOf(look: Look, request: HttpRequest, uiLocales?: string | null): Frame {
  return frameFor(look, request, wishedLocales(request), uiLocales)
}

/**
 * The same, at an address to which clients send people as well. If a page of others led there, the language in its
 * query is a client's wish.
 */
export function frameAtClients(look: Look, request: HttpRequest, uiLocales?: string | null): Frame {
  const wished = wishedLocales(request)
  return frameFor(look, request, whoLedHere(request) === 'others' ? undefined : wished, uiLocales ?? wished)
}

/** For pages that only the holder of an operator's link sees: commands on them can be copied as they are. */
export function operatorLook<Own extends Look>(look: Own): Own {
  const { operator } = look.commandFlags
  return { ...look, commandFlags: { operator, anybody: operator } }
}

function frameFor(
  { brand, commandFlags, defaultLocale }: Look,
  request: HttpRequest,
  picked: string | undefined,
  wish: string | null | undefined,
): Frame {
  const cookie = readCookie(request, 'locale')
  return {
    locale: chooseLocale({
      uiLocales: picked ?? (cookie === undefined ? wish : null),
      cookie,
      acceptLanguage: request.headers['accept-language'],
      fallback: defaultLocale,
    }),
    brand: brand(),
    commandFlags: commandFlags.anybody,
    // For the answer to a form, this is the address of the form; see `said-again.ts` for how the answer itself is shown
    // again.
    languageHrefs: localizedHrefs(request.path, request.query),
  }
}

const A_YEAR: Seconds = 31_536_000

/** A language picked on one page of ours holds for the next ones. */
export function localeCookies(request: HttpRequest): readonly string[] {
  const chosen = wishedLocales(request)
  if (chosen === undefined || !isLocale(chosen)) return []
  return [setCookie('locale', chosen, { secure: request.peer.secure, maxAge: A_YEAR })]
}

/** At such an address it matters whether a page of ours led there: a client's wish is for that one page only. */
export function localeCookiesAtClients(request: HttpRequest): readonly string[] {
  return whoLedHere(request) === 'us' ? localeCookies(request) : []
}

/**
 * A query that cannot be read counts as no wish: otherwise the page that reports the error would fail for the same
 * reason.
 */
function wishedLocales(request: HttpRequest): string | undefined {
  if (request.query === '') return undefined
  try {
    return parseForm(request.query).get('ui_locales')
  } catch (error) {
    if (error instanceof MalformedParameters) return undefined
    throw error
  }
}
