// The address of a visitor: one spelling for each address, and what visitors are counted by.

import { isIPv4, isIPv6, SocketAddress } from 'node:net'

const MAPPED_DOTTED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
const MAPPED_HEX = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i

/** One spelling an address: IPv4-mapped IPv6 becomes IPv4, IPv6 its shortest lower-case form without a zone. */
export function normalizeAddress(text: string): string {
  if (isIPv4(text)) return text
  const zone = text.indexOf('%')
  const bare = zone === -1 ? text : text.slice(0, zone)
  if (!isIPv6(bare)) return text
  const short = new SocketAddress({ address: bare, family: 'ipv6' }).address
  const dotted = MAPPED_DOTTED.exec(short)?.[1]
  if (dotted !== undefined) return dotted
  const hex = MAPPED_HEX.exec(short)
  if (hex?.[1] === undefined || hex[2] === undefined) return short
  const high = Number.parseInt(hex[1], 16)
  const low = Number.parseInt(hex[2], 16)
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

/** The network by which strangers are counted: IPv4 /24, IPv6 /48. Text that is no address stands for itself. */
export function networkOf(address: string): string {
  const normal = normalizeAddress(address)
  if (isIPv4(normal)) return `${normal.slice(0, normal.lastIndexOf('.'))}.0/24`
  return isIPv6(normal) ? ipv6Network(normal) : normal
}

/**
 * What floods are counted by: the whole IPv4 address, or the /48 of an IPv6 address, since one visitor may own that
 * many.
 */
export function addressBucket(address: string): string {
  // Called for each token request, and finding out that a text is no IPv6 address takes longer than everything else
  // here.
  if (isIPv4(address)) return address
  const normal = normalizeAddress(address)
  return isIPv6(normal) ? ipv6Network(normal) : normal
}

function ipv6Network(address: string): string {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...right]
  return `${groups.slice(0, 3).join(':')}::/48`
}
