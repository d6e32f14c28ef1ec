// What the findings about a public address mean: a table, and the whole way through the page with a real socket.

import { afterEach, describe, expect, it } from 'vitest'
import { type AddressFindings, addressChecks } from '../../../src/administration/set-up/address-checks.ts'
import { what } from '../../../src/administration/set-up/address-words.ts'
import { arrivalOf, askOurselves, reachEndpoint } from '../../../src/administration/set-up/reach.ts'
import { masterKeyFrom } from '../../../src/credentials/master-key.ts'
import { type AddressProbe, createAddressProbe } from '../../../src/http/outbound/probe.ts'
import { createPeerReader } from '../../../src/http/request/trusted-proxies.ts'
import { LOCALES } from '../../../src/pages/index.ts'
import { requestOf } from '../../http/builders.ts'
import { readable } from '../../support/visitor.ts'
import { type SetUpServer, startSetUp, walkTo } from './builders.ts'

const NOW = 1_800_000_000
const DAY = 86_400
const CERTIFICATE = {
  kind: 'seen',
  fault: null,
  nameMatches: true,
  names: ['sso.example.com'],
  validTo: NOW + 60 * DAY,
  sent: 2,
} as const
const ARRIVAL = { secure: true, host: 'sso.xinghe.cn', forwarding: 'none' } as const
const GOOD: AddressFindings = {
  issuer: 'https://sso.xinghe.cn',
  endpoints: ['https://sso.xinghe.cn/sso/token', 'https://sso.xinghe.cn/sso/authorize'],
  running: 'https://sso.xinghe.cn',
  addresses: ['47.100.1.2'],
  certificate: CERTIFICATE,
  reach: { kind: 'ours', ...ARRIVAL },
  arrival: ARRIVAL,
  now: NOW,
}

function stateOf(findings: AddressFindings, row: keyof typeof what): string | null {
  return addressChecks(findings).find((each) => each.what === what[row])?.state ?? null
}

describe('the rows', () => {
  it('are all good for a good address, but for what nobody here can see', () => {
    const states = addressChecks(GOOD).map(({ state }) => state)
    expect(states.filter((state) => state !== 'ok')).toEqual(['unknown'])
    expect(stateOf(GOOD, 'outside')).toBe('unknown')
    expect(stateOf(GOOD, 'restart')).toBeNull()
  })

  const url = (issuer: string): Partial<AddressFindings> => ({ issuer, running: issuer })
  const seen = (finding: Partial<typeof CERTIFICATE> | object): Partial<AddressFindings> => ({
    certificate: { ...CERTIFICATE, ...finding },
  })
  const ours = (arrival: Partial<AddressFindings['arrival']>): Partial<AddressFindings> => ({
    reach: { kind: 'ours', ...ARRIVAL, ...arrival },
  })
  it.each<[string, keyof typeof what, string, Partial<AddressFindings>]>([
    ['another issuer than the running one', 'restart', 'warn', { running: 'http://localhost:4000' }],
    ['this machine only', 'address', 'warn', { ...url('http://localhost:4000'), certificate: null }],
    ['not encrypted', 'address', 'bad', { ...url('http://sso.xinghe.cn'), certificate: null }],
    ['an IP address', 'address', 'warn', url('https://47.100.1.2')],
    ['a name of the inner network', 'address', 'bad', url('https://sso.corp')],
    ['a name without an address', 'name', 'bad', { addresses: [] }],
    ['no name server', 'name', 'unknown', { addresses: null }],
    ['an inner address', 'name', 'warn', { addresses: ['10.0.0.7'] }],
    ['an inner and a public address', 'name', 'warn', { addresses: ['10.0.0.7', '47.100.1.2'] }],
    ['another port', 'port', 'warn', url('https://sso.xinghe.cn:8443')],
    ['nobody listening', 'chain', 'bad', { certificate: { kind: 'unreachable', code: 'ECONNREFUSED' } }],
    ['a missing intermediate', 'chain', 'bad', seen({ fault: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', sent: 1 })],
    ['an unknown root', 'chain', 'bad', seen({ fault: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' })],
    ['a self-signed certificate', 'chain', 'bad', seen({ fault: 'DEPTH_ZERO_SELF_SIGNED_CERT' })],
    ['any other fault', 'chain', 'bad', seen({ fault: 'CERT_SIGNATURE_FAILURE' })],
    ['another name in the certificate', 'certificateName', 'bad', seen({ nameMatches: false, names: [] })],
    ['an expired certificate', 'expiry', 'bad', seen({ fault: 'CERT_HAS_EXPIRED', validTo: NOW })],
    ['one that expires in 20 days', 'expiry', 'warn', seen({ validTo: NOW + 20 * DAY })],
    ['one that expires in 21 days', 'expiry', 'ok', seen({ validTo: NOW + 21 * DAY })],
    ['unreadable dates', 'expiry', 'unknown', seen({ validTo: null })],
    ['no answer', 'reach', 'bad', { reach: { kind: 'unreachable', code: 'timeout' } }],
    ['another server', 'reach', 'bad', { reach: { kind: 'other', status: 404 } }],
    ['a proxy that is not trusted', 'proxy', 'bad', ours({ forwarding: 'ignored' })],
    ['a proxy that hides https', 'proxy', 'bad', ours({ secure: false })],
    ['a proxy that hides the host', 'proxy', 'bad', ours({ host: '127.0.0.1:4000' })],
    ['a trusted proxy', 'proxy', 'ok', ours({ forwarding: 'believed' })],
  ])('for %s: %s is %s', (_case, row, state, change) => {
    expect(stateOf({ ...GOOD, ...change }, row)).toBe(state)
    for (const { what: name, explanation } of addressChecks({ ...GOOD, ...change })) {
      for (const text of [name, explanation]) {
        if (typeof text === 'string') throw new Error(`${text} is in one language only`)
        for (const locale of LOCALES) expect(text[locale].length).toBeGreaterThan(1)
      }
    }
  })
})

describe('one cause', () => {
  const lost = (code: string) => ({ kind: 'unreachable', code }) as const
  const unreached = (code: string): Partial<AddressFindings> => ({ certificate: lost(code), reach: lost(code) })
  const faultsOf = (change: Partial<AddressFindings>) =>
    addressChecks({ ...GOOD, ...change }).filter(({ state }) => state !== 'ok')

  it.each<[string, keyof typeof what, Partial<AddressFindings>]>([
    ['a name without an address', 'name', { ...unreached('ENOTFOUND'), addresses: [] }],
    ['name servers that do not answer', 'name', { ...unreached('EAI_AGAIN'), addresses: null }],
    ['a port that is closed', 'reach', unreached('ECONNREFUSED')],
  ])('%s is told once, with the addresses it hits', (_case, row, change) => {
    const [fault, outside, ...more] = faultsOf(change)
    expect(fault).toMatchObject({ what: what[row], state: 'bad' })
    for (const locale of LOCALES) {
      const explanation = fault?.explanation as Readonly<Record<string, string>>
      for (const endpoint of GOOD.endpoints) expect(explanation[locale]).toContain(endpoint)
    }
    // What nobody here can see stays.
    expect(outside?.what).toBe(what.outside)
    expect(more).toEqual([])
  })

  it('hides no other: what was seen is judged, and what failed otherwise is told', () => {
    const rows = (change: Partial<AddressFindings>) => faultsOf(change).map((each) => each.what)
    expect(rows({ reach: { kind: 'other', status: 404 } })).toEqual([what.reach, what.outside])
    expect(rows({ certificate: lost('ECONNRESET'), reach: lost('timeout') })).toEqual([
      what.chain,
      what.reach,
      what.outside,
    ])
    const expired = { ...CERTIFICATE, fault: 'CERT_HAS_EXPIRED', validTo: NOW }
    expect(rows({ certificate: expired, reach: lost('timeout') })).toEqual([
      what.chain,
      what.expiry,
      what.reach,
      what.outside,
    ])
    const ignored = { ...ARRIVAL, forwarding: 'ignored' } as const
    expect(rows({ ...unreached('ENOTFOUND'), addresses: [], arrival: ignored })).toEqual([
      what.name,
      what.proxy,
      what.outside,
    ])
  })
})

describe('the arrival of a request', () => {
  const via = (headers: Record<string, string>, trusted: readonly string[]) => {
    const request = requestOf({ headers })
    return arrivalOf({
      ...request,
      peer: createPeerReader(trusted)('127.0.0.1', false, { host: 'sso.xinghe.cn', ...headers }),
    })
  }
  const forwarded = {
    'x-forwarded-for': '198.51.100.7',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'sso.xinghe.cn',
  }

  it.each([
    ['none', {}, []],
    ['believed', forwarded, ['127.0.0.1']],
    ['ignored', forwarded, []],
    ['believed', { 'x-forwarded-proto': 'https' }, ['127.0.0.1']],
    ['ignored', { 'x-forwarded-proto': 'https' }, []],
    ['believed', { 'x-forwarded-for': '[2001:db8::7]:443' }, ['127.0.0.1']],
    ['ignored', { forwarded: 'for=198.51.100.7' }, []],
  ] as const)('is %s for %j with the trusted proxies %j', (forwarding, headers, trusted) => {
    expect(via(headers, trusted).forwarding).toBe(forwarding)
  })
})

describe('the answer to our own question', () => {
  const master = masterKeyFrom(new Uint8Array(32).fill(7))
  const other = masterKeyFrom(new Uint8Array(32).fill(8))
  const answeredBy = (key: typeof master): AddressProbe => ({
    ...createAddressProbe(),
    async ask(url) {
      const { pathname, search } = new URL(url)
      const reply = await reachEndpoint(key)(requestOf({ path: pathname, query: search.slice(1) }))
      return { kind: 'answered', status: reply.status, body: String(reply.body) }
    },
  })

  it('proves that it is this server, and another one cannot give it', async () => {
    const url = 'https://sso.example.com/sso/set-up/reach'
    expect(await askOurselves(master, answeredBy(master), url)).toMatchObject({ kind: 'ours', host: 'sso.example.com' })
    expect(await askOurselves(master, answeredBy(other), url)).toEqual({ kind: 'other', status: 404 })
    const parrot = {
      ...createAddressProbe(),
      ask: async () => ({ kind: 'answered', status: 200, body: '{"proof":"x"}' }) as const,
    }
    expect(await askOurselves(master, parrot, url)).toEqual({ kind: 'other', status: 200 })
  })

  it('is given to nobody else', async () => {
    for (const query of ['', 'nonce=a', 'nonce=a&mac=b', 'mac=']) {
      expect((await reachEndpoint(master)(requestOf({ query }))).status).toBe(404)
    }
  })
})

describe('the page', () => {
  let server: SetUpServer
  afterEach(() => server.close())

  it('finds this server through its own address, in both languages, and keeps what it found over a reload', async () => {
    server = await startSetUp()
    const { visitor, page } = await walkTo(server, 'address')
    const checked = await visitor.follow(await visitor.submit(page, 'check'))
    expect(checked.status).toBe(200)
    expect(checked.html).toContain(what.reach.en)
    expect(checked.html).toContain('it was this very server that answered')
    expect((await visitor.get(checked.url)).html).toContain(what.reach.en)
    const chinese = await visitor.get(`${checked.url.split('#')[0]}&ui_locales=zh-CN`)
    expect(chinese.html).toContain(what.reach['zh-CN'])
    for (const name of ['authorize', 'token', 'userinfo'])
      expect(readable(page.html)).toContain(`${server.issuer}/sso/${name}`)
  })

  it('shows once what must be corrected, keeps a changed issuer, and makes the six values from it', async () => {
    server = await startSetUp({
      probe: {
        resolve: async () => [],
        certificate: async () => ({ kind: 'unreachable', code: 'ENOTFOUND' }),
        ask: async () => ({ kind: 'unreachable', code: 'ENOTFOUND' }),
      },
    })
    const { visitor, page } = await walkTo(server, 'address')
    const issuer = 'https://sso.xinghe.cn'
    const warned = await visitor.follow(await visitor.submit(page, 'continue', { issuer: `${issuer}/` }))
    expect(warned.url).toContain('step=address')
    expect(warned.html).toContain(what.restart.en)
    expect(warned.html.match(/Must be corrected/g)).toHaveLength(1)
    expect(readable(warned.html)).toContain(
      `so nobody reaches any of these: ${issuer}/sso/token, ${issuer}/sso/userinfo, `,
    )
    expect(readable(warned.html)).toContain(`${issuer}/sso/token`)
    expect(await server.store.findFact('issuer')).not.toBe(issuer)
    const connect = await visitor.follow(await visitor.submit(warned, 'continue'))
    expect(connect.url).toContain('step=connect')
    expect(await server.store.findFact('issuer')).toBe(issuer)
    const connected = await visitor.follow(await visitor.submit(connect, 'continue', { name: '制作云' }))
    expect(connected.html).toContain(`value="${issuer}/sso/authorize"`)
  })
})
