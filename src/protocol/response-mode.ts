// How an authorization answer is sent: in the query (RFC 6749 §4.1.2), in the fragment (RFC 6749 §4.2.2), or as fields
// of a form (OAuth 2.0 Form Post Response Mode). Pure: from an answer to text or fields.

import type { TrustedRedirectUri } from './redirect-uri.ts'

/** OAuth 2.0 Multiple Response Types §2.1, OAuth 2.0 Form Post Response Mode §2. */
export const RESPONSE_MODES = ['query', 'fragment', 'form_post'] as const

export type ResponseMode = (typeof RESPONSE_MODES)[number]

/** Members of an answer, in the order they are written; undefined ones are left out. */
export type AuthorizationAnswer = Readonly<Record<string, string | undefined>>

export function isResponseMode(text: string): text is ResponseMode {
  return (RESPONSE_MODES as readonly string[]).includes(text)
}

/** A form can only be sent to web addresses: browsers do not post to a program's own scheme. */
export function canReach(uri: TrustedRedirectUri | string, mode: ResponseMode): boolean {
  return mode !== 'form_post' || /^https?:/.test(uri)
}

/**
 * Spaces become `%20`, never `+`: a receiver that does not form-decode would keep a plus. A query that is registered
 * with the URI stays as it is (RFC 6749 §3.1.2).
 */
export function withQuery(uri: TrustedRedirectUri | string, answer: AuthorizationAnswer): string {
  const encoded = encode(answer)
  if (encoded === '') return uri
  const joint = !uri.includes('?') ? '?' : uri.endsWith('?') || uri.endsWith('&') ? '' : '&'
  return `${uri}${joint}${encoded}`
}

/** RFC 6749 §4.2.2: a redirect URI has no fragment of its own (§3.1.2). */
export function withFragment(uri: TrustedRedirectUri | string, answer: AuthorizationAnswer): string {
  return `${uri}#${encode(answer)}`
}

/** The hidden fields of the form, in order. OAuth 2.0 Form Post Response Mode §2. */
export function formFields(answer: AuthorizationAnswer): readonly (readonly [name: string, value: string])[] {
  return Object.entries(answer).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}

function encode(answer: AuthorizationAnswer): string {
  let encoded = ''
  for (const [name, value] of Object.entries(answer)) {
    if (value === undefined) continue
    encoded += `${encoded === '' ? '' : '&'}${encodeURIComponent(name)}=${encodeURIComponent(value)}`
  }
  return encoded
}
