// Which addresses are public: reachable by everyone, and no part of this machine, its network or its cloud. Used before
// any packet is sent to a place that a stranger has named.

import { BlockList, isIP, isIPv4 } from 'node:net'
import { normalizeAddress } from '../request/address.ts'

/** IANA IPv4 Special-Purpose Address Registry, multicast, and addresses inside clouds that look public. */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Azure's own services answer its machines from this address.
  '168.63.129.16/32',
]

/** Global unicast; whatever lies outside is loopback, link-local, private, multicast, or holds an IPv4 address. */
const GLOBAL_IPV6 = ['2000::/3']

/** IANA IPv6 Special-Purpose Address Registry, within global unicast: Teredo and 6to4 hold IPv4 addresses. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']

const specialIPv4 = listOf(SPECIAL_IPV4, 'ipv4')
const globalIPv6 = listOf(GLOBAL_IPV6, 'ipv6')
const specialIPv6 = listOf(SPECIAL_IPV6, 'ipv6')

function listOf(networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** False for everything that is no IP address. */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0 || text.includes('%')) return false
  // For an IPv4 address inside IPv6 (`::ffff:10.0.0.1`) the inner address counts.
  const address = normalizeAddress(text)
  if (isIPv4(address)) return !specialIPv4.check(address, 'ipv4')
  return globalIPv6.check(address, 'ipv6') && !specialIPv6.check(address, 'ipv6')
}

/** RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476, and what ICANN keeps for private use. */
const PRIVATE_NAMES = 'alt arpa corp example home internal intranet invalid lan local localhost onion test'.split(' ')

/** Why a name can belong to nobody on the internet; null: it may. `host` as a parsed URL gives it. */
export function hostProblem(host: string): string | null {
  const name = host.toLowerCase().replace(/\.$/, '')
  const literal = name.startsWith('[') ? name.slice(1, -1) : name
  if (isIP(literal) !== 0) return isPublicAddress(literal) ? null : 'is not a public address'
  if (!/^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*$/.test(name) || name.length > 253) {
    return 'is no full name of a host'
  }
  return PRIVATE_NAMES.some((top) => name.endsWith(`.${top}`)) ? 'is a name of private networks' : null
}
