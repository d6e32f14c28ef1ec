// The issuer's form: RFC 8414 §2 and OpenID Connect Discovery §3 allow no query and no fragment, and every printed
// address is made from it, so it has exactly one spelling.

import type { Kind } from '../model/setting.ts'

const wrong = (problem: string) => ({ problem })

export const issuerAddress: Kind<string> = {
  describes: 'an https address; http on this machine only',
  parse(value) {
    const text = typeof value === 'string' ? value.trim() : ''
    if (!/^https?:\/\/[^\s"<>\\]+$/i.test(text) || !URL.canParse(text)) {
      return wrong('must be an address such as https://sso.example.com')
    }
    const url = new URL(text)
    if (url.username !== '' || url.password !== '') return wrong('must not hold a user name or a password')
    if (text.includes('?')) return wrong('must not hold a query (RFC 8414 §2)')
    if (text.includes('#')) return wrong('must not hold a fragment (RFC 8414 §2)')
    const path = url.pathname.replace(/\/+$/, '')
    if (path !== '' && !/^(\/[A-Za-z0-9._~-]+)+$/.test(path)) {
      return wrong('must have a path of plain segments of [A-Za-z0-9._~-] only')
    }
    // A slash at the end would make another issuer of the same server; host and scheme are compared in lower case.
    return { value: `${url.origin}${path}` }
  },
}

/** Where a server without a configured issuer is reached. */
export function defaultIssuer(port: number, encrypted: boolean): string {
  const standard = encrypted ? 443 : 80
  return `${encrypted ? 'https' : 'http'}://localhost${port === standard ? '' : `:${port}`}`
}

/** Hosts that never leave this machine (RFC 8252 §7.3, RFC 6761 §6.3). */
export function isLoopback(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[|\]$/g, '')
  return bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1' || /^127(\.\d{1,3}){3}$/.test(bare)
}

/** Alternative hosts as origins: a bare host gets the issuer's scheme, an origin stays as it is. */
export function originsOf(alternativeHosts: readonly string[], issuer: string): readonly string[] {
  const { protocol } = new URL(issuer)
  return alternativeHosts.map((host) => new URL(host.includes('://') ? host : `${protocol}//${host}`).origin)
}
