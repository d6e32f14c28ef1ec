// The operator's browser: the visit cookie that tickets and forms are bound to, and the language of its pages.

import { sha256 } from '../../credentials/digest.ts'
import { readCookie, setCookie } from '../../http/cookies.ts'
import { wishedLocales } from '../../http/form.ts'
import type { HttpRequest } from '../../http/message.ts'
import { type Brand, chooseLocale, type Frame, isLocale, type Locale, localizedHrefs } from '../../pages/index.ts'
import { newSecret } from '../../platform/random.ts'

export interface Visitor {
  readonly visit: string
  readonly hash: Uint8Array
  /** It sent no cookie: nothing can be bound to it yet. */
  readonly isNew: boolean
  /** Set-Cookie values that make it recognisable next time, and keep the language it has just chosen. */
  readonly cookies: readonly string[]
}

export function visitorOf(request: HttpRequest): Visitor {
  const { secure } = request.peer
  const cookie = readCookie(request, 'visit')
  const isNew = cookie === undefined || !/^[A-Za-z0-9]{43}$/.test(cookie)
  const visit = isNew ? newSecret() : cookie
  return {
    visit,
    hash: sha256(visit),
    isNew,
    cookies: [...(isNew ? [setCookie('visit', visit, { secure })] : []), ...localeCookies(request)],
  }
}

const A_YEAR = 31_536_000

function localeCookies(request: HttpRequest): readonly string[] {
  const chosen = chosenLocale(request)
  if (chosen === undefined || !isLocale(chosen)) return []
  return [setCookie('locale', chosen, { secure: request.peer.secure, maxAge: A_YEAR })]
}

function chosenLocale(request: HttpRequest): string | undefined {
  return wishedLocales(request)
}

export function frameFor(look: { readonly brand: Brand; readonly defaultLocale: Locale }, request: HttpRequest): Frame {
  return {
    locale: chooseLocale({
      uiLocales: chosenLocale(request),
      cookie: readCookie(request, 'locale'),
      acceptLanguage: request.headers['accept-language'],
      fallback: look.defaultLocale,
    }),
    brand: look.brand,
    // A reply to a form has no address of its own that could be asked for again.
    languageHrefs: request.method === 'GET' ? localizedHrefs(request.path, request.query) : {},
  }
}
