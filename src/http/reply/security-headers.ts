// The headers that keep a page from being framed, sniffed, scripted or leaked (RFC 9700 §4.16).

import { isIPv6 } from 'node:net'
import type { HttpReply } from '../message.ts'

/** What stands in a page and what it loads, in the words of a policy: `'sha256-…'`, `'self' data:`, `'none'`. */
export interface PageSources {
  readonly styleHash: string
  /** Empty on most pages: then no script runs at all. */
  readonly scriptHashes: readonly string[]
  readonly imageSource: string
  readonly connectSource: string
}

export interface PageSecurity {
  /** Origins or schemes, besides our own, at which the redirect after a form may end; see `formActionSource`. */
  readonly formAction?: readonly string[]
  /** Origins that may frame the page. Default: none. */
  readonly frameAncestors?: readonly string[]
  /** Origins the page may frame (front-channel sign-out). Default: none. */
  readonly frameSource?: readonly string[]
  /** Pages with forms: `same-origin` (the default), because `no-referrer` makes our own `Origin` null. */
  readonly referrerPolicy?: 'same-origin' | 'no-referrer'
}

/** Nothing but what the page itself brings. Throws `RangeError` for a source that would end its directive. */
export function contentSecurityPolicy(page: PageSources, security: PageSecurity = {}): string {
  const { formAction = [], frameAncestors = [], frameSource = [] } = security
  return [
    "default-src 'none'",
    `style-src ${quotedHash(page.styleHash)}`,
    `script-src ${join(page.scriptHashes.map(quotedHash))}`,
    `img-src ${join(page.imageSource.split(' '))}`,
    `connect-src ${join(page.connectSource.split(' '))}`,
    `form-action ${join(["'self'", ...formAction])}`,
    `frame-ancestors ${join(frameAncestors)}`,
    ...(frameSource.length > 0 ? [`frame-src ${join(frameSource)}`] : []),
    "base-uri 'none'",
  ].join('; ')
}

/**
 * What `form-action` must name so that a form's answer may end at this address: browsers apply it to the redirect
 * after a form post too. Its origin, or its scheme where a policy cannot name the host (own schemes, IPv6 literals).
 */
export function formActionSource(redirectUri: string): string {
  const url = new URL(redirectUri)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return url.protocol
  return isIPv6(url.hostname.slice(1, -1)) ? url.protocol : url.origin
}

const PERMISSIONS =
  'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()'

export function pageHeaders(page: PageSources, security: PageSecurity = {}): HttpReply['headers'] {
  return {
    'content-security-policy': contentSecurityPolicy(page, security),
    // This header cannot list origins, so it would forbid what frame-ancestors allows.
    ...((security.frameAncestors ?? []).length === 0 && { 'x-frame-options': 'DENY' }),
    'x-content-type-options': 'nosniff',
    'referrer-policy': security.referrerPolicy ?? 'same-origin',
    'permissions-policy': PERMISSIONS,
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  }
}

/** RFC 6797: sent on https only; a year. Sub-domains are not ours to decide about. */
export const STRICT_TRANSPORT_SECURITY = 'max-age=31536000'

function quotedHash(source: string): string {
  if (!/^'sha(?:256|384|512)-[A-Za-z0-9+/_-]+={0,2}'$/.test(source)) {
    throw new RangeError(`${source} is no hash of a script or style`)
  }
  return source
}

function join(sources: readonly string[]): string {
  if (sources.length === 0) return "'none'"
  for (const source of sources) {
    if (!/^[\x21-\x2b\x2d-\x3a\x3c-\x7e]+$/.test(source)) throw new RangeError(`'${source}' is no source of a policy`)
  }
  return sources.join(' ')
}
