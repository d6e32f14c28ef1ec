// Where everything is: endpoint URLs and paths from the issuer and the endpoint prefix. URLs are never built from a
// request's Host header.

export interface Addresses {
  readonly issuer: string
  readonly origin: string
  readonly secure: boolean
  /** Full URLs, for metadata and for people. */
  readonly url: Readonly<Record<EndpointName, string>>
  /** The same as paths, for routing. */
  readonly path: Readonly<Record<EndpointName, string>>
  /**
   * OpenID Discovery §4: issuer + suffix; RFC 8414 §3.1: the suffix goes before the issuer's path. Password managers look
   * for `password` at the host itself (W3C, A Well-Known URL for Changing Passwords).
   */
  readonly wellKnown: { readonly openid: string; readonly oauth: string; readonly password: string }
  /** A path of ours below the prefix: `at('sign-in', id)`. */
  at(...segments: readonly string[]): string
}

export type EndpointName =
  | 'authorize'
  | 'par'
  | 'device-authorization'
  | 'device'
  | 'token'
  | 'userinfo'
  | 'jwks'
  | 'introspect'
  | 'revoke'
  | 'end-session'
  | 'account'
  | 'check-session'
  | 'register'
  | 'set-up'
  | 'rehearsal'

const NAMES: readonly EndpointName[] = [
  'authorize',
  'par',
  'device-authorization',
  'device',
  'token',
  'userinfo',
  'jwks',
  'introspect',
  'revoke',
  'end-session',
  'account',
  'check-session',
  'register',
  'set-up',
  'rehearsal',
]

/** `issuer` has no trailing slash, query or fragment; `prefix` is empty or begins with a slash. */
export function addressesOf(issuer: string, prefix: string): Addresses {
  const { origin, pathname, protocol } = new URL(issuer)
  const base = pathname === '/' ? '' : pathname
  const path = Object.fromEntries(NAMES.map((name) => [name, `${base}${prefix}/${name}`])) as Record<
    EndpointName,
    string
  >
  const url = Object.fromEntries(NAMES.map((name) => [name, `${origin}${path[name]}`])) as Record<EndpointName, string>
  return {
    issuer,
    origin,
    secure: protocol === 'https:',
    url,
    path,
    wellKnown: {
      openid: `${base}/.well-known/openid-configuration`,
      oauth: `/.well-known/oauth-authorization-server${base}`,
      password: '/.well-known/change-password',
    },
    at: (...segments) => `${base}${prefix}/${segments.map(encodeURIComponent).join('/')}`,
  }
}
