// Step 3: the six values, and what is said beside them while 制作云 cannot reach the addresses among them.

import { afterEach, describe, expect, it } from 'vitest'
import { type AddressProbe, createAddressProbe } from '../../../src/http/outbound/probe.ts'
import { type Page, readable, textOf, Visitor } from '../../support/visitor.ts'
import { fromHere, openedBy, type SetUpServer, startSetUp, walkTo } from './builders.ts'

let server: SetUpServer
afterEach(() => server.close())

const NAMES = ['ClientId', 'ClientSecret', 'AuthorizationEndpoint', 'TokenEndpoint', 'UserInfoEndpoint', 'Scope']

function valuesOf({ html }: Page): Readonly<Record<string, string>> {
  return Object.fromEntries(NAMES.map((id) => [id, new RegExp(`id="${id}"[^>]*value="([^"]+)"`).exec(html)?.[1] ?? '']))
}

describe.each([
  ['en', 'Do not paste them yet.', 'Continue without pasting'],
  ['zh-CN', '请先不要粘贴。', '暂不粘贴，继续'],
])('in %s', (language, warning, onward) => {
  it('an address of this machine is warned of, and the step that sets another one changes the values', async () => {
    server = await startSetUp({ probe: fromHere() })
    const { visitor, page, link } = await walkTo(server, 'connected', language)
    const note = /id="not-yet">(.*?)<\/div><\/div>/s.exec(page.html)?.[1]
    expect(note).toContain(warning)
    expect(note).toContain(server.issuer)
    expect(textOf(page, 'continue')).toBe(onward)
    const before = valuesOf(page)
    expect(before['TokenEndpoint']).toBe(`${server.issuer}/sso/token`)

    const href = /id="choose-address" href="([^"]+)"/.exec(page.html)?.[1] ?? ''
    expect(new URL(href, page.url).href).toBe(`${link}?step=address`)
    const address = await visitor.get(new URL(href, page.url).href)
    const checked = await visitor.follow(await visitor.submit(address, 'continue', { issuer: 'https://sso.xinghe.cn' }))
    const mended = await visitor.follow(await visitor.submit(checked, 'continue'))
    expect(mended.url).toContain('step=connect')
    expect(mended.html).not.toContain('id="out_of_reach"')
    const endpoint = (name: string) => `https://sso.xinghe.cn/sso/${name}`
    expect(valuesOf(mended)).toEqual({
      ...before,
      AuthorizationEndpoint: endpoint('authorize'),
      TokenEndpoint: endpoint('token'),
      UserInfoEndpoint: endpoint('userinfo'),
    })
  })
  it('an address whose check has failed, and that holds after a restart only, is warned of for both', async () => {
    server = await startSetUp({ probe: fromHere() })
    const { visitor, page } = await walkTo(server, 'address', language)
    const made = await chosen(visitor, page)
    expect(made.html).toContain(warning)
    expect(saidIn(made, 'check_failed')).toContain(ISSUER)
    expect(saidIn(made, 'restart')).toContain(server.issuer)
    expect(saidIn(made, 'restart')).toContain('npx lingpai start --trusted-proxies 127.0.0.1')
    expect(textOf(made, 'continue')).toBe(onward)
    // Another link has not seen the check, and knows what it found.
    const next = new Visitor()
    next.language = language
    expect(saidIn(await openedBy(next, await server.link()), 'check_failed')).toContain(ISSUER)
  })

  it('an address that works is warned of for the restart alone', async () => {
    let listening = ''
    server = await startSetUp({ probe: asThroughProxy(() => listening) })
    listening = server.issuer
    const { visitor, page } = await walkTo(server, 'address', language)
    const made = await chosen(visitor, page)
    expect(made.html).toContain(warning)
    expect(saidIn(made, 'restart')).toContain(server.issuer)
    expect(made.html).not.toContain('id="check_failed"')
    expect(made.html).not.toContain('id="out_of_reach"')
  })
})

describe.each([
  ['en', 'cannot reach', 'Now sign in', 'Finish the set-up', 'Finish without waiting'],
  ['zh-CN', '还无法访问', '现在请用您添加的用户登录', '完成设置', '不再等待，完成设置'],
])('at the end, in %s,', (language, unreachable, signIn, finish, early) => {
  const leadOf = ({ html }: Page) => /id="lead">(.*?)<\/p>/s.exec(readable(html))?.[1]
  const finishOf = ({ html }: Page) => /<button class="(\w+)" id="finish" type="submit">([^<]*)/.exec(html)?.slice(1)

  it('nobody is asked to sign in to what cannot be reached, and finishing comes first', async () => {
    server = await startSetUp()
    const { visitor, page } = await walkTo(server, 'waiting', language)
    expect(leadOf(page)).toContain(unreachable)
    expect(leadOf(page)).toContain(server.issuer)
    expect(leadOf(page)).toContain('npx lingpai setup-link')
    expect(page.html).not.toContain(signIn)
    expect(finishOf(page)).toEqual(['primary', finish])
    expect(page.html.indexOf('id="finish"')).toBeLessThan(page.html.indexOf('id="refresh"'))
    const finished = await visitor.follow(await visitor.submit(page, 'finish'))
    expect(leadOf(finished)).toContain(unreachable)
  })

  it('whoever has a public address is asked to sign in, and waits', async () => {
    server = await startSetUp({ probe: fromHere() })
    const { visitor, page, link } = await walkTo(server, 'waiting', language)
    await chosen(visitor, await visitor.get(`${link}?step=address`))
    const waiting = await visitor.get(page.url)
    expect(leadOf(waiting)).toContain(signIn)
    expect(finishOf(waiting)).toEqual(['quiet', early])
    expect(waiting.html.indexOf('id="finish"')).toBeGreaterThan(waiting.html.indexOf('id="refresh"'))
  })
})

const ISSUER = 'https://sso.xinghe.cn'
const saidIn = ({ html }: Page, id: string) => new RegExp(`<p id="${id}">(.*?)</p>`, 's').exec(readable(html))?.[1]

async function chosen(visitor: Visitor, address: Page): Promise<Page> {
  const checked = await visitor.follow(await visitor.submit(address, 'continue', { issuer: ISSUER }))
  const named = await visitor.follow(await visitor.submit(checked, 'continue'))
  return named.html.includes('id="six-values"')
    ? named
    : await visitor.follow(await visitor.submit(named, 'continue', { name: '制作云' }))
}

/** A proxy at every public address, which passes on what it is asked and says so. */
function asThroughProxy(listening: () => string): AddressProbe {
  return {
    ...fromHere(),
    certificate: async () => ({ kind: 'seen', fault: null, sent: 2, nameMatches: true, names: [], validTo: null }),
    ask: async (url) => {
      const { origin, host } = new URL(url)
      const answer = await createAddressProbe().ask(url.replace(origin, listening()))
      const seen = { secure: true, host, forwarding: 'believed' }
      return answer.kind === 'answered'
        ? { ...answer, body: JSON.stringify({ ...JSON.parse(answer.body), ...seen }) }
        : answer
    },
  }
}
