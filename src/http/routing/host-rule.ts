// Which requests are for us: the issuer's host and scheme, or a listed alternative. Addresses are never made from Host.

import type { HttpRequest, Peer } from '../message.ts'

export interface HostRule {
  admits(peer: Peer): boolean
  /** The address asked for, at the issuer. */
  rightAddress(request: HttpRequest): string
}

/** `origins`: the issuer's first. Throws `RangeError` for one that is no http or https origin. */
export function createHostRule(origins: readonly [string, ...string[]]): HostRule {
  const [issuer] = origins
  const allowed = new Set(
    origins.map((origin) => {
      const url = URL.canParse(origin) ? new URL(origin) : null
      if (url === null || !/^https?:$/.test(url.protocol)) throw new RangeError(`'${origin}' is no origin`)
      return url.origin
    }),
  )
  const canonicalIssuer = new URL(issuer).origin
  // Nearly all requests spell the host as we do, and comparing is cheaper than making an origin and hashing it.
  const spelled = [...allowed].map((origin) => ({ secure: origin.startsWith('https:'), host: new URL(origin).host }))
  return {
    admits(peer) {
      for (const { secure, host } of spelled) if (secure === peer.secure && host === peer.host) return true
      const scheme = peer.secure ? 'https://' : 'http://'
      const host = peer.host.toLowerCase()
      const port = peer.secure ? ':443' : ':80'
      return allowed.has(scheme + (host.endsWith(port) ? host.slice(0, -port.length) : host))
    },
    rightAddress: ({ path, query }) =>
      `${canonicalIssuer}${path.startsWith('/') ? path : '/'}${query === '' ? '' : `?${query}`}`,
  }
}
