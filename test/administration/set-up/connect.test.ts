// Step 3: the six values, and what is said beside them while 制作云 cannot reach the addresses among them.

import { afterEach, describe, expect, it } from 'vitest'
import { type Page, textOf } from '../../support/visitor.ts'
import { fromHere, type SetUpServer, startSetUp, walkTo } from './builders.ts'

let server: SetUpServer
afterEach(() => server.close())

const NAMES = ['ClientId', 'ClientSecret', 'AuthorizationEndpoint', 'TokenEndpoint', 'UserInfoEndpoint', 'Scope']

function valuesOf({ html }: Page): Readonly<Record<string, string>> {
  return Object.fromEntries(NAMES.map((id) => [id, new RegExp(`id="${id}"[^>]*value="([^"]+)"`).exec(html)?.[1] ?? '']))
}

describe.each([
  ['en', 'Do not paste them yet.', 'Continue without pasting', 'I have pasted them'],
  ['zh-CN', '请先不要粘贴。', '暂不粘贴，继续', '已粘贴，继续'],
])('in %s', (language, warning, onward, pasted) => {
  it('an address of this machine is warned of, and the step that mends it makes the warning go', async () => {
    server = await startSetUp({ probe: fromHere() })
    const { visitor, page, link } = await walkTo(server, 'connected', language)
    const note = /id="out-of-reach">(.*?)<\/div><\/div>/s.exec(page.html)?.[1]
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
    expect(mended.html).not.toContain('id="out-of-reach"')
    expect(mended.html).not.toContain(warning)
    expect(textOf(mended, 'continue')).toContain(pasted)
    const endpoint = (name: string) => `https://sso.xinghe.cn/sso/${name}`
    expect(valuesOf(mended)).toEqual({
      ...before,
      AuthorizationEndpoint: endpoint('authorize'),
      TokenEndpoint: endpoint('token'),
      UserInfoEndpoint: endpoint('userinfo'),
    })
  })
})
