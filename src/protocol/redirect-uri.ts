// Redirect URIs: what may be registered, what matches, and how near a mismatch was. RFC 6749 §3.1.2, RFC 9700 §4.1, RFC
// 8252 §7 and §8. Texts are compared as they are: nothing is normalised.

import type { Evidence } from './evidence.ts'

/** A redirect URI of an authorization request that is registered for its client. */
export type TrustedRedirectUri = Evidence<string, 'redirect_uri registered'>

export interface RedirectUriOwner {
  readonly redirect_uris: readonly string[]
  readonly application_type: 'web' | 'native'
}

/** RFC 8252 §7.3: a native client registers a loopback address and comes back on whichever port was free. */
export function matchRedirectUri(owner: RedirectUriOwner, presented: string): TrustedRedirectUri | null {
  // Registration refuses script addresses; but if a record came in another way, they must not run on our page either.
  if (isScript(presented)) return null
  const matches = owner.redirect_uris.some(
    (registered) =>
      registered === presented || (owner.application_type === 'native' && sameLoopback(registered, presented)),
  )
  return matches ? (presented as TrustedRedirectUri) : null
}

const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:[1-9]\d{0,4})?([/?].*)?$/

/** The same host letter for letter, any port, and the rest equal. */
function sameLoopback(registered: string, presented: string): boolean {
  const one = LOOPBACK.exec(registered)
  const other = LOOPBACK.exec(presented)
  if (one === null || other === null || one[1] !== other[1] || (one[3] ?? '') !== (other[3] ?? '')) return false
  const port = other[2]
  return port === undefined || Number(port.slice(1)) <= 65_535
}

/** Names that an authorization answer adds, so a registered query must not contain them. */
const ANSWER_NAMES = new Set([
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'error_uri',
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

function isScript(uri: string): boolean {
  return SCRIPT_SCHEMES.has(`${uri.replace(/[\0-\x20]/g, '').split(':', 1)[0] ?? ''}:`.toLowerCase())
}

/** Why a text cannot be registered; null: it can. RFC 8252 §7.1: private-use schemes are reversed domain names. */
export function redirectUriProblem(text: string, applicationType: 'web' | 'native'): string | null {
  if (text.length > 2_048) return 'is longer than 2,048 characters'
  if (!/^[\x21-\x7e]+$/.test(text))
    return 'holds blanks, control characters or characters beyond ASCII; percent-encode them'
  if (/[\\"<>^`{|}]/.test(text)) return 'holds a character that no URI may hold'
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return 'holds a percent sign without two hexadecimal digits'
  if (text.includes('#')) return 'must not have a fragment (RFC 6749 §3.1.2)'
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[0]
  if (scheme === undefined || !URL.canParse(text)) return 'is not an absolute URI'
  if (scheme !== scheme.toLowerCase()) return 'must have its scheme in lower case'
  if (SCRIPT_SCHEMES.has(scheme)) return `must not use the scheme ${scheme}`
  const isWeb = scheme === 'https:' || scheme === 'http:'
  const [, authority = '', path = ''] = /^[^:]+:(?:\/\/([^/?]*))?([^?]*)/.exec(text) ?? []
  return (
    (authority.includes('@') ? 'must not hold a user name or password' : null) ??
    (isWeb ? hostProblem(authority, new URL(text)) : schemeProblem(scheme, applicationType)) ??
    pathProblem(path) ??
    queryProblem(text)
  )
}

function schemeProblem(scheme: string, applicationType: 'web' | 'native'): string | null {
  if (applicationType !== 'native') return 'must use https; private-use schemes are for application_type native'
  return scheme.includes('.')
    ? null
    : 'must use a private-use scheme with a dot, such as com.example.app (RFC 8252 §7.1)'
}

function hostProblem(authority: string, { protocol, hostname, host }: URL): string | null {
  if (authority === '') return 'must name a host after https://'
  if (authority !== authority.toLowerCase()) return 'must have its host in lower case'
  if (authority.includes('*')) return 'must name one host, without a wildcard'
  // `127.1`, `0x7f.1`, `client%2etest`: the URL standard rewrites these, so another program would compare them
  // differently.
  const usualPort = protocol === 'https:' ? '443' : '80'
  if (authority !== host && authority !== `${hostname}:${usualPort}`) return `must write its host as ${host}`
  // The URL standard allows `a;b`, `a,b` and `!` in a host. They occur in no host name (RFC 1123 §2.1), and end a
  // directive in a Content-Security-Policy.
  if (!/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/.test(hostname)) return 'has a host with a character that no host has'
  if (protocol === 'http:' && hostname !== 'localhost' && hostname !== '127.0.0.1' && hostname !== '[::1]') {
    return 'must use https; plain http is for localhost, 127.0.0.1 and [::1] only'
  }
  return null
}

/** Refuses what one program resolves and another does not. */
function pathProblem(path: string): string | null {
  const segments = path.split('/').map((segment) => segment.replace(/%2e/gi, '.'))
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'has dot segments in its path'
  if (/%2e|%2f|%5c|%25(?:2e|2f|5c|00)/i.test(path)) return 'has an encoded dot, slash or backslash in its path'
  if (/%(?:[01][0-9a-f]|7f)/i.test(path)) return 'has an encoded control character in its path'
  return /\/\/|;/.test(path) ? 'has an empty segment or a semicolon in its path' : null
}

function queryProblem(text: string): string | null {
  const query = new URL(text).searchParams
  const clash = [...query.keys()].find((name) => ANSWER_NAMES.has(name))
  return clash === undefined ? null : `must not have ${clash} in its query: the answer adds that name`
}

/** For the operator: the registered value that comes nearest, and where the presented one begins to differ. */
export function explainMismatch(registered: readonly string[], presented: string, name = 'redirect_uri'): string {
  const [nearest] = registered
    .map((uri) => ({ uri, ...differenceOf(uri, presented) }))
    .toSorted((a, b) => a.missing.length + a.added.length - (b.missing.length + b.added.length))
  if (nearest === undefined) return `the client has no ${name} registered`
  const { uri, at, missing, added } = nearest
  const shown = JSON.stringify(presented.slice(0, 300))
  const sameButCase = uri.toLowerCase() === presented.toLowerCase()
  const difference = sameButCase ? 'the letter case differs' : inWords(missing, added)
  return `${name} ${shown} differs at character ${at + 1}: ${difference}; registered is ${JSON.stringify(uri)}`
}

interface Difference {
  /** How many characters agree from the start. */
  readonly at: number
  /** What lies between the common beginning and the common end, on each side. */
  readonly missing: string
  readonly added: string
}

function differenceOf(registered: string, presented: string): Difference {
  const shorter = Math.min(registered.length, presented.length)
  let at = 0
  while (at < shorter && registered[at] === presented[at]) at++
  let end = 0
  while (end < shorter - at && registered.at(-1 - end) === presented.at(-1 - end)) end++
  return {
    at,
    missing: registered.slice(at, registered.length - end),
    added: presented.slice(at, presented.length - end),
  }
}

function inWords(missing: string, added: string): string {
  if (missing === '') return `${quoted(added)} added`
  if (added === '') return `${quoted(missing)} missing`
  return `${quoted(missing)} is registered, ${quoted(added)} was sent`
}

/** Control characters stay visible, and cannot act on the terminal that shows them. */
function quoted(text: string): string {
  return `\`${JSON.stringify(text.slice(0, 40)).slice(1, -1)}\``
}
