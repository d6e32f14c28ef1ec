// Which addresses and names are public: every special-purpose range of IANA's registries, and their neighbours. D04.

import { describe, expect, test } from 'vitest'
import { hostProblem, isPublicAddress } from '../../../src/http/outbound/public-address.ts'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

describe('addresses', () => {
  test.each(
    words(`
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.0.1
    169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1
    198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 240.0.0.1 255.255.255.255 168.63.129.16 :: ::1
    ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::8.8.8.8
    64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1
    fe80::1%eth0 fec0::1 ff02::1 4000::1 ::ffff:10.1.2.3 0:0:0:0:0:ffff:a00:1 localhost 1.2.3 8.8.8.8.8
  `),
  )('D04 %s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  test.each(
    words(`
    8.8.8.8 1.1.1.1 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1
    192.167.255.255 193.0.0.1 198.17.255.255 198.20.0.1 223.255.255.255 2606:4700:4700::1111
    2400:3200::1 2a00:1450:4001::200e ::ffff:8.8.8.8
  `),
  )('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  test.each(
    words(`
    localhost localhost. app.localhost LOCALHOST intranet metadata host.local host.local.
    metadata.google.internal x.internal router.lan nas.home.arpa x.test x.invalid x.onion
    1.0.0.127.in-addr.arpa 127.0.0.1 [::1] [::ffff:10.0.0.1] a..com -a.com x.1
  `),
  )('D04 %s belongs to nobody on the internet', (host) => {
    expect(hostProblem(host)).not.toBeNull()
  })

  test.each(['example.com', 'keys.example.com.', 'xn--fiqs8s.cn', 'notlocal.com', 'internal.example.net', '8.8.8.8'])(
    '%s may',
    (host) => {
      expect(hostProblem(host)).toBeNull()
    },
  )
})
