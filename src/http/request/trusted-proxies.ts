// Who is asking: address, scheme and host of the visitor. Forwarding headers are believed from trusted proxies only;
// from anybody else they do not exist (RFC 9700 §4.13).

import { BlockList, isIP } from 'node:net'
import type { Peer } from '../message.ts'
import { normalizeAddress } from './address.ts'

/** Reads the visitor from a socket's address, whether it is encrypted, and the request's headers. */
export type PeerReader = (
  socketAddress: string,
  encrypted: boolean,
  headers: Readonly<Record<string, string | undefined>>,
) => Peer

/** Throws `RangeError` naming the entry that is neither an address nor a network such as `10.0.0.0/8`. */
export function parseTrustedProxies(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix, ...rest] = entry.trim().split('/')
    const family = isIP(address)
    const most = family === 4 ? 32 : 128
    const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
    if (family === 0 || rest.length > 0 || bits < 0 || bits > most) {
      throw new RangeError(`'${entry}' is neither an IP address nor a network (such as 10.0.0.0/8)`)
    }
    list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i
/** No chain of proxies is longer; a longer header is somebody's invention. */
const MOST_HOPS = 32
const MOST_SOCKET_ADDRESSES = 4096

/** With no trusted proxies the reader never looks at a forwarding header. */
export function createPeerReader(trustedProxies: readonly string[]): PeerReader {
  const list = parseTrustedProxies(trustedProxies)
  const none = trustedProxies.length === 0
  const known = new Map<string, { readonly address: string; readonly trusted: boolean }>()

  const isTrusted = (address: string) => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }

  const lookUp = (socketAddress: string) => {
    const address = normalizeAddress(socketAddress)
    const found = { address, trusted: !none && isTrusted(address) }
    if (known.size >= MOST_SOCKET_ADDRESSES) known.clear()
    known.set(socketAddress, found)
    return found
  }

  return (socketAddress, encrypted, headers) => {
    const socket = known.get(socketAddress) ?? lookUp(socketAddress)
    const host = headers['host'] ?? ''
    if (!socket.trusted) return { address: socket.address, secure: encrypted, host }

    // The rightmost hop that is no trusted proxy: everything left of it was written by the visitor.
    const hops = headers['x-forwarded-for']?.split(',').slice(-MOST_HOPS) ?? []
    let address = socket.address
    let walked = 0
    for (const hop of hops.toReversed()) {
      const next = hopAddress(hop)
      if (next === null) break
      walked++
      address = next
      if (!isTrusted(next)) break
    }
    // Tencent Cloud's load balancer names the scheme in a header of its own.
    const scheme = (hopValue(headers['x-forwarded-proto'], walked) ?? headers['x-client-proto'])?.trim().toLowerCase()
    const forwardedHost = hopValue(headers['x-forwarded-host'], walked)
    return {
      address,
      secure: scheme === 'https' ? true : scheme === 'http' ? false : encrypted,
      host: forwardedHost !== undefined && HOST.test(forwardedHost) ? forwardedHost : host,
    }
  }
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`; null for `unknown` and inventions. */
function hopAddress(hop: string): string | null {
  const text = hop.trim()
  if (isIP(text) !== 0) return normalizeAddress(text)
  const bare = /^\[([0-9a-f:.]+)\](?::\d+)?$/i.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1]
  return bare !== undefined && isIP(bare) !== 0 ? normalizeAddress(bare) : null
}

/** The value written by the proxy the visitor spoke to: as far from the right as the visitor's address was. */
function hopValue(header: string | undefined, walked: number): string | undefined {
  if (header === undefined) return undefined
  const values = header.split(',')
  return values[Math.max(0, values.length - Math.max(1, walked))]?.trim()
}
