import { describe, expect, it } from 'vitest'
import { addressBucket, networkOf, normalizeAddress } from '../../../src/http/request/address.ts'
import { createPeerReader, parseTrustedProxies } from '../../../src/http/request/trusted-proxies.ts'
import { threadTime } from '../../support/thread-time.ts'

describe('addresses', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', '192.0.2.0/24', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.0/24', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1', '192.0.2.0/24', '192.0.2.1'],
    ['2001:DB8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1::/48', '2001:db8:1::/48'],
    ['2001:db8::1', '2001:db8::1', '2001:db8:0::/48', '2001:db8:0::/48'],
    ['2001:db8:0:1::', '2001:db8:0:1::', '2001:db8:0::/48', '2001:db8:0::/48'],
    ['::1', '::1', '0:0:0::/48', '0:0:0::/48'],
    ['fe80::1%eth0', 'fe80::1', 'fe80:0:0::/48', 'fe80:0:0::/48'],
    ['', '', '', ''],
  ])('%s has one spelling, network and bucket', (given, normal, network, bucket) => {
    expect(normalizeAddress(given)).toBe(normal)
    expect(networkOf(given)).toBe(network)
    expect(addressBucket(given)).toBe(bucket)
  })
})

describe('RFC 9700 §4.13 trusted proxies', () => {
  it.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', ''])(
    'refuses %j as an entry',
    (entry) => {
      expect(() => parseTrustedProxies([entry])).toThrow(RangeError)
    },
  )

  it.each(['10.0.0.1', '10.0.0.0/8', '2001:db8::/32', '0.0.0.0/0', ' ::1 '])('takes %j as an entry', (entry) => {
    expect(() => parseTrustedProxies([entry])).not.toThrow()
  })

  const read = createPeerReader(['10.0.0.0/8', '2001:db8:f::/48'])
  const host = 'sso.example.com'

  it.each([
    ['one proxy', '10.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
    ['an IPv4-mapped proxy', '::ffff:10.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
    ['an IPv6 proxy', '2001:db8:f::2', { 'x-forwarded-for': '2001:DB8:0:0::1' }, '2001:db8::1'],
    ['two proxies', '10.0.0.1', { 'x-forwarded-for': '203.0.113.9, 10.0.0.2' }, '203.0.113.9'],
    [
      'what the visitor prepended',
      '10.0.0.1',
      { 'x-forwarded-for': '127.0.0.1, 203.0.113.9, 10.0.0.2' },
      '203.0.113.9',
    ],
    ['a port', '10.0.0.1', { 'x-forwarded-for': '203.0.113.9:4711' }, '203.0.113.9'],
    ['an IPv6 hop with port', '10.0.0.1', { 'x-forwarded-for': '[2001:db8::9]:4711' }, '2001:db8::9'],
    ['no address', '10.0.0.1', { 'x-forwarded-for': 'unknown' }, '10.0.0.1'],
    ['no address behind a proxy', '10.0.0.1', { 'x-forwarded-for': '203.0.113.9, <script>, 10.0.0.2' }, '10.0.0.2'],
    ['no header', '10.0.0.1', {}, '10.0.0.1'],
    ['proxies only', '10.0.0.1', { 'x-forwarded-for': '10.0.0.3, 10.0.0.2' }, '10.0.0.3'],
    ['an untrusted peer', '192.0.2.7', { 'x-forwarded-for': '203.0.113.9' }, '192.0.2.7'],
    ['an untrusted IPv6 peer', '2001:db8:e::2', { 'x-forwarded-for': '203.0.113.9' }, '2001:db8:e::2'],
  ])('H05 the visitor behind %s is found', (_case, socket, headers, expected) => {
    expect(read(socket, false, { host, ...headers }).address).toBe(expected)
  })

  it.each([
    ['https', '203.0.113.9', true],
    ['http', '203.0.113.9', false],
    // Our proxy appends what it saw: the visitor's own claim stands to the left.
    ['https, http', '203.0.113.9', false],
    ['https, http', '203.0.113.9, 10.0.0.2', true],
    ['nonsense', '203.0.113.9', false],
  ])('H05 X-Forwarded-Proto %j with hops %j says secure: %s', (proto, hops, secure) => {
    const headers = { host, 'x-forwarded-for': hops, 'x-forwarded-proto': proto }
    expect(read('10.0.0.1', false, headers).secure).toBe(secure)
    expect(read('192.0.2.7', false, headers).secure).toBe(false)
    expect(read('192.0.2.7', true, headers).secure).toBe(true)
  })

  it("H05 the scheme of Tencent's load balancer is believed of a trusted peer, and never against X-Forwarded-Proto", () => {
    const headers = { host, 'x-forwarded-for': '203.0.113.9', 'x-client-proto': 'https' }
    expect(read('10.0.0.1', false, headers).secure).toBe(true)
    expect(read('10.0.0.1', false, { ...headers, 'x-client-proto': 'http' }).secure).toBe(false)
    expect(read('10.0.0.1', false, { ...headers, 'x-forwarded-proto': 'http' }).secure).toBe(false)
    expect(read('192.0.2.7', false, headers).secure).toBe(false)
  })

  it.each(['a b', 'a/b', 'a"><script>', 'user@host', ''])('H05 X-Forwarded-Host %j is no host', (forwarded) => {
    expect(read('10.0.0.1', false, { host, 'x-forwarded-host': forwarded }).host).toBe(host)
    expect(read('10.0.0.1', false, { host, 'x-forwarded-host': 'other.example:8443' }).host).toBe('other.example:8443')
  })

  it('a header of thousands of hops is read in no time', () => {
    const hops = Array.from({ length: 8000 }, () => '10.0.0.2').join(',')
    const started = threadTime()
    expect(read('10.0.0.1', false, { host, 'x-forwarded-for': `203.0.113.9,${hops}` }).address).toBe('10.0.0.2')
    expect(threadTime() - started).toBeLessThan(100)
  })
})
