// What surrounds a page for this visitor: the language, the brand, and the switch to the other language.

import { readCookie, setCookie } from '../http/cookies.ts'
import { whoLedHere } from '../http/csrf.ts'
import type { HttpRequest } from '../http/message.ts'
import type { CommandFlags } from '../model/command-flags.ts'
import type { Seconds } from '../model/time.ts'
import { type Brand, chooseLocale, type Frame, isLocale, type Locale, localizedHrefs } from '../pages/index.ts'
import { MalformedParameters, parseForm } from '../protocol/parameters.ts'

/** How all pages of a server look where nobody wishes otherwise. */
export interface Look {
  readonly brand: () => Brand
  readonly commandFlags: CommandFlags
  readonly defaultLocale: Locale
}

/** `uiLocales` is the client's wish: what the person has picked on a page of ours comes first. */
export function frameOf(look: Look, request: HttpRequest, uiLocales?: string | null): Frame {
  return frameFor(look, request, wishedLocales(request), uiLocales)
}

/** The same at an address to which clients send people as well: where others led there, what it says is the client's wish. */
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

/** At such an address it must be known that a page of ours led there: a client's wish is for that one page. */
export function localeCookiesAtClients(request: HttpRequest): readonly string[] {
  return whoLedHere(request) === 'us' ? localeCookies(request) : []
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
