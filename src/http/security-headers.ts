// The headers that keep a page from being framed, sniffed, scripted or leaked (RFC 9700 §4.16).

import { isIPv6 } from 'node:net'
import type { HttpReply } from './message.ts'

export interface PolicySources {
  /** Origins or schemes a form's redirect may end at, beside our own; see `formActionSource`. */
  readonly formAction?: readonly string[]
  /** Hashes of inline scripts: `sha256-…`, without quotes. */
  readonly scriptHashes?: readonly string[]
  /** Hashes of inline styles: `sha256-…`, without quotes. */
  readonly styleHashes?: readonly string[]
  /** Origins that may frame the page. Default: none. */
  readonly frameAncestors?: readonly string[]
  /** Origins of pictures beside our own. */
  readonly imgSrc?: readonly string[]
}

export interface PageSecurity extends PolicySources {
  /** Pages with forms: `same-origin` (the default), because `no-referrer` makes our own `Origin` null. */
  readonly referrerPolicy?: 'same-origin' | 'no-referrer'
}

/** Nothing but what the page itself brings. Throws `RangeError` for a source that would end its directive. */
export function contentSecurityPolicy(sources: PolicySources): string {
  const ancestors = sources.frameAncestors ?? []
  return [
    "default-src 'none'",
    `script-src ${join(["'self'", ...(sources.scriptHashes ?? []).map(quoted)])}`,
    `style-src ${join(["'self'", ...(sources.styleHashes ?? []).map(quoted)])}`,
    `img-src ${join(["'self'", 'data:', ...(sources.imgSrc ?? [])])}`,
    "font-src 'self'",
    "connect-src 'self'",
    `form-action ${join(["'self'", ...(sources.formAction ?? [])])}`,
    `frame-ancestors ${ancestors.length === 0 ? "'none'" : join(ancestors)}`,
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

export function pageHeaders(page: PageSecurity): HttpReply['headers'] {
  return {
    'content-security-policy': contentSecurityPolicy(page),
    // It knows no list of origins, so it would forbid what frame-ancestors allows.
    ...((page.frameAncestors ?? []).length === 0 && { 'x-frame-options': 'DENY' }),
    'x-content-type-options': 'nosniff',
    'referrer-policy': page.referrerPolicy ?? 'same-origin',
    'permissions-policy': PERMISSIONS,
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  }
}

/** RFC 6797: sent on https only; a year. Sub-domains are not ours to decide about. */
export const STRICT_TRANSPORT_SECURITY = 'max-age=31536000'

function quoted(hash: string): string {
  if (!/^sha(?:256|384|512)-[A-Za-z0-9+/_-]+={0,2}$/.test(hash))
    throw new RangeError(`'${hash}' is no hash of a script or style`)
  return `'${hash}'`
}

function join(sources: readonly string[]): string {
  for (const source of sources) {
    if (!/^[\x21-\x2b\x2d-\x3a\x3c-\x7e]+$/.test(source)) throw new RangeError(`'${source}' is no source of a policy`)
  }
  return sources.join(' ')
}
