// Whether a host name, or an address, can mean anything to a server elsewhere on the internet. Nothing is looked up.

import { BlockList, isIP, isIPv4 } from 'node:net'

/** Addresses that no stranger can reach: RFC 1918, 3927, 4193, 4291, 5737, 6598, 6890. */
const NOT_PUBLIC = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['2001:db8::', 32],
  ['ff00::', 8],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, 'ipv6')
}

/** RFC 2606, RFC 6762, RFC 8375, and endings that routers and companies use inside. */
const INSIDE = new Set([
  'localhost',
  'local',
  'internal',
  'intranet',
  'lan',
  'home',
  'corp',
  'private',
  'test',
  'invalid',
  'example',
  'arpa',
])

/** `hostname` as the URL standard gives it. */
export function isPublicHost(hostname: string): boolean {
  const address = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(address) !== 0) return !NOT_PUBLIC.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
  const labels = hostname.replace(/\.$/, '').split('.')
  return labels.length > 1 && !INSIDE.has(labels.at(-1) ?? '')
}

/** What a service elsewhere can be told to call: https, and a host that is known there. */
export function isPublicAddress(address: string): boolean {
  const { protocol, hostname } = new URL(address)
  return protocol === 'https:' && isPublicHost(hostname)
}
