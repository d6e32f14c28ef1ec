// The server's cookies: their names on the wire, how they are read and how they are set. Together they take less than 2
// KiB.

import { parseCookie, stringifySetCookie } from 'cookie'
import type { HttpRequest } from './message.ts'

/**
 * `visit` is the pre-session cookie that interactions and CSRF tokens are bound to. `browser-state` is the one that a
 * script of ours reads, in a frame of another site: it is no secret and opens nothing.
 */
export type CookieName = 'session' | 'visit' | 'device' | 'locale' | 'browser-state'

/** Four values of this length and a short one, with their names, stay under 2 KiB. */
const LONGEST_VALUE = 440

// Cookies do not distinguish ports: without a name of our own, two programs on localhost would sign each other out.
export function wireName(name: CookieName, secure: boolean): string {
  return secure ? `__Host-lingpai-${name}` : `lingpai-${name}`
}

/** On https only the `__Host-` cookie counts: no other host and no plain http page can have set it. */
export function readCookie(request: HttpRequest, name: CookieName): string | undefined {
  const header = request.headers['cookie']
  if (header === undefined) return undefined
  let cookies = parsed.get(request.headers)
  if (cookies === undefined) {
    cookies = parseCookie(header)
    parsed.set(request.headers, cookies)
  }
  return cookies[wireName(name, request.peer.secure)] || undefined
}

/** Parsed once for each request, because a request asks for several of its cookies. */
const parsed = new WeakMap<HttpRequest['headers'], ReturnType<typeof parseCookie>>()

export interface CookieSettings {
  /** `request.peer.secure`: gives `__Host-` and `Secure`. */
  readonly secure: boolean
  /** Seconds; without it the cookie ends with the browser. */
  readonly maxAge?: number
}

/**
 * The value of one Set-Cookie header: HttpOnly, SameSite=Lax, Path=/. Only `browser-state` can be read by scripts, and
 * on https also inside frames of other sites; without TLS browsers allow no such cookie.
 */
export function setCookie(name: CookieName, value: string, settings: CookieSettings): string {
  const cookie = stringifySetCookie({
    name: wireName(name, settings.secure),
    value,
    httpOnly: name !== 'browser-state',
    sameSite: name === 'browser-state' && settings.secure ? 'none' : 'lax',
    path: '/',
    secure: settings.secure,
    ...(settings.maxAge !== undefined && { maxAge: settings.maxAge }),
  })
  if (cookie.indexOf(';') > LONGEST_VALUE + 24) {
    throw new RangeError(`the cookie '${name}' is longer than ${LONGEST_VALUE} characters`)
  }
  return cookie
}
