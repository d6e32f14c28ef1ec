// What an authorization request asks for: a code, an ID token, an access token, or several at once. OpenID Connect
// Core §3, OAuth 2.0 Multiple Response Type Encoding Practices §3 and §5.

import type { ResponseMode } from './response-mode.ts'

/**
 * Each in its canonical order. `token` alone is not among them, because it proves nobody's identity (RFC 9700 §2.1.2).
 */
export const RESPONSE_TYPES = [
  'code',
  'id_token',
  'id_token token',
  'code id_token',
  'code token',
  'code id_token token',
] as const

export type ResponseType = (typeof RESPONSE_TYPES)[number]

export type ResponseTypeWord = 'code' | 'id_token' | 'token'

/** For a server that gives codes only. */
export const CODE_ONLY: readonly ResponseType[] = ['code']

/** RFC 6749 §3.1.1: the order of the words does not matter. Null for anything else, repeated words too. */
export function parseResponseType(text: string): ResponseType | null {
  const sorted = text.split(' ').sort().join(' ')
  return RESPONSE_TYPES.find((type) => type === sorted) ?? null
}

/** Whether the authorization endpoint itself gives this. */
export function gives(type: ResponseType, word: ResponseTypeWord): boolean {
  return type.split(' ').includes(word)
}

/** The grant types for which a client must be registered. RFC 7591 §2.1, OpenID Connect Registration §2. */
export function grantTypesOf(type: ResponseType): readonly ('authorization_code' | 'implicit')[] {
  if (type === 'code') return ['authorization_code']
  return gives(type, 'code') ? ['authorization_code', 'implicit'] : ['implicit']
}

/** Multiple Response Types §2.1, §5. */
export function defaultModeOf(type: ResponseType): 'query' | 'fragment' {
  return type === 'code' ? 'query' : 'fragment'
}

/** Multiple Response Types §3, §5: a token never stands in a query, where servers and their logs would read it. */
export function mayTravelBy(type: ResponseType, mode: ResponseMode): boolean {
  return mode !== 'query' || defaultModeOf(type) === 'query'
}
