// Proof that a form was rendered by us for this browser: a token bound to the visit cookie, and the browser's own
// word about where a request comes from. RFC 6749 §10.12.

import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { HttpRequest } from './message.ts'

/** HMAC-SHA256 over the visit secret and what the form is for, base64url. */
export function csrfToken(key: KeyObject, visit: string, purpose: string): string {
  return createHmac('sha256', key).update(`${visit}:${purpose}`).digest('base64url')
}

/** False also when there is no token. Takes the same time wherever the first difference is. */
export function isCsrfToken(key: KeyObject, visit: string, purpose: string, presented: string | undefined): boolean {
  if (presented === undefined) return false
  const expected = Buffer.from(csrfToken(key, visit, purpose))
  const given = Buffer.from(presented)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/**
 * False when the browser says that another site sent this request. Old browsers say nothing: then the token alone
 * decides. `origin` is the issuer's, or a list that includes its alternatives.
 */
export function isSameOrigin(request: HttpRequest, origin: string | readonly string[]): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  const sender = request.headers['origin']
  if (sender === undefined) return true
  return typeof origin === 'string' ? sender === origin : origin.includes(sender)
}

/**
 * Whether a page of ours led here, by a link, a form or a redirect within our origin, as far as the browser says. Old
 * browsers, and all browsers without TLS, only name the page; some say nothing. A typed address counts as coming from
 * elsewhere, because another site may have sent it on to us.
 */
export function whoLedHere({ headers, peer }: HttpRequest): 'us' | 'others' | 'unknown' {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' ? 'us' : 'others'
  const page = headers['origin'] ?? headers['referer']
  if (page === undefined) return 'unknown'
  if (!URL.canParse(page)) return 'others'
  const { protocol, host } = new URL(page)
  return protocol === (peer.secure ? 'https:' : 'http:') && host === peer.host ? 'us' : 'others'
}
