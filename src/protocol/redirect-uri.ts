// Redirect URIs: what may be registered, what matches, and how near a mismatch was. RFC 6749 §3.1.2, RFC 9700 §4.1,
// RFC 8252 §7 and §8. Comparison is of strings: nothing is normalised.

import type { Evidence } from './evidence.ts'

/** A redirect URI of an authorization request that is registered for its client. */
export type TrustedRedirectUri = Evidence<string, 'redirect_uri registered'>

export interface RedirectUriOwner {
  readonly redirect_uris: readonly string[]
  readonly application_type: 'web' | 'native'
}

/** RFC 8252 §7.3: a native client registers a loopback address and returns on whatever port was free. */
export function matchRedirectUri(owner: RedirectUriOwner, presented: string): TrustedRedirectUri | null {
  const matches = owner.redirect_uris.some(
    (registered) =>
      registered === presented || (owner.application_type === 'native' && sameLoopback(registered, presented)),
  )
  return matches ? (presented as TrustedRedirectUri) : null
}

const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?([/?].*)?$/

/** Same host word for word, any port, the rest equal. */
function sameLoopback(registered: string, presented: string): boolean {
  const one = LOOPBACK.exec(registered)
  const other = LOOPBACK.exec(presented)
  if (one === null || other === null || one[1] !== other[1] || (one[3] ?? '') !== (other[3] ?? '')) return false
  const port = other[2]
  return port === undefined || (Number(port.slice(1)) > 0 && Number(port.slice(1)) <= 65_535)
}

/** Names that an authorization answer adds; a registered query must not hold them already. */
const ANSWER_NAMES = new Set([
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'id_token',
  'access_token',
  'response',
])

const SCRIPT_SCHEMES = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'blob:',
  'file:',
  'about:',
  'filesystem:',
  'view-source:',
])

/** What keeps a text from being registered, or null. RFC 8252 §7.1: private-use schemes are reversed domain names. */
export function redirectUriProblem(text: string, applicationType: 'web' | 'native'): string | null {
  if (text.length > 2_048) return 'is longer than 2,048 characters'
  if (!/^[\x21-\x7e]+$/.test(text))
    return 'holds blanks, control characters or characters beyond ASCII; percent-encode them'
  if (/[\\"<>^`{|}]/.test(text)) return 'holds a character that no URI may hold'
  if (text.includes('#')) return 'must not have a fragment (RFC 6749 §3.1.2)'
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[0]
  if (scheme === undefined || !URL.canParse(text)) return 'is not an absolute URI'
  if (scheme !== scheme.toLowerCase()) return 'must have its scheme in lower case'
  if (SCRIPT_SCHEMES.has(scheme)) return `must not use the scheme ${scheme}`
  const url = new URL(text)
  if (scheme !== 'https:' && scheme !== 'http:') return privateUseProblem(scheme, applicationType)
  return webProblem(text, url, scheme)
}

function privateUseProblem(scheme: string, applicationType: 'web' | 'native'): string | null {
  if (applicationType !== 'native') return 'must use https; private-use schemes are for application_type native'
  return scheme.includes('.')
    ? null
    : 'must use a private-use scheme with a dot, such as com.example.app (RFC 8252 §7.1)'
}

function webProblem(text: string, url: URL, scheme: string): string | null {
  const authority = /^https?:\/\/([^/?]*)/.exec(text)?.[1] ?? ''
  if (authority === '' || authority.includes('@')) return 'must name a host, without user name and password'
  if (authority !== authority.toLowerCase()) return 'must have its host in lower case'
  const host = url.hostname
  if (scheme === 'http:' && host !== 'localhost' && host !== '127.0.0.1' && host !== '[::1]') {
    return 'must use https; plain http is for localhost, 127.0.0.1 and [::1] only'
  }
  // What the URL standard rewrites would be compared differently by the next program that parses it.
  const path = text.slice(scheme.length + 2 + authority.length).split('?', 1)[0] ?? ''
  if (url.pathname !== (path === '' ? '/' : path)) return 'has dot segments in its path'
  if (/%2e|%2f|%5c|%00|%25(?:2e|2f|5c|00)/i.test(path)) return 'has an encoded dot, slash or backslash in its path'
  if (/\/\/|;/.test(path)) return 'has an empty segment or a semicolon in its path'
  const clash = [...url.searchParams.keys()].find((name) => ANSWER_NAMES.has(name))
  return clash === undefined ? null : `must not have ${clash} in its query: the answer adds that name`
}

/** For the operator: the nearest registered value, and where the presented one begins to differ. */
export function explainMismatch(registered: readonly string[], presented: string): string {
  const shown = presented.slice(0, 300)
  const nearest = registered.toSorted((a, b) => commonLength(b, presented) - commonLength(a, presented))[0]
  if (nearest === undefined) return 'the client has no redirect URI registered'
  const at = commonLength(nearest, presented)
  const kind = kindOfDifference(nearest, presented, at)
  return `redirect_uri ${JSON.stringify(shown)} differs from the registered ${JSON.stringify(nearest)} at character ${at + 1}: ${kind}`
}

function kindOfDifference(registered: string, presented: string, at: number): string {
  const missing = registered.slice(at, at + 40)
  const added = presented.slice(at, at + 40)
  if (missing === '') return `\`${added}\` added`
  if (added === '') return `\`${missing}\` missing`
  const sameButCase = registered.toLowerCase() === presented.toLowerCase()
  return sameButCase ? 'the letter case differs' : `\`${missing}\` is registered, \`${added}\` was sent`
}

function commonLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}
