// How an authorization answer travels: here in the query. RFC 6749 §4.1.2, OAuth 2.0 Multiple Response Types §2.1.

import type { TrustedRedirectUri } from './redirect-uri.ts'

/** Members of an answer, in the order they are written; undefined ones are left out. */
export type AuthorizationAnswer = Readonly<Record<string, string | undefined>>

/**
 * Spaces become `%20`, never `+`: a receiver that does not form-decode would keep a plus. A query that is registered
 * with the URI stays as it is (RFC 6749 §3.1.2).
 */
export function withQuery(uri: TrustedRedirectUri | string, answer: AuthorizationAnswer): string {
  const pairs = Object.entries(answer).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
  )
  if (pairs.length === 0) return uri
  const joint = !uri.includes('?') ? '?' : uri.endsWith('?') || uri.endsWith('&') ? '' : '&'
  return `${uri}${joint}${pairs.join('&')}`
}
