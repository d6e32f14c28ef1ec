// Step 2: what a check that has failed, or an address that needs a restart, means for going on.

import { afterEach, describe, expect, it } from 'vitest'
import { type Page, textOf } from '../../support/visitor.ts'
import { fromHere, type SetUpServer, startSetUp, walkTo } from './builders.ts'

let server: SetUpServer
afterEach(() => server.close())

const noteOf = ({ html }: Page) => /id="address-note">(.*?)<\/div><\/div>/s.exec(html)?.[1]

describe.each([
  {
    language: 'en',
    use: 'Use this address and continue',
    anyway: 'Use this address anyway',
    later: 'Keep this address and continue',
    broken: /does not work yet.*This server stands behind the address.*nevertheless/s,
    restart: /holds after a restart/,
  },
  {
    language: 'zh-CN',
    use: '使用此地址并继续',
    anyway: '仍然使用此地址',
    later: '保存此地址并继续',
    broken: /目前还不能使用.*该地址背后是本服务器.*仍然使用/s,
    restart: /重新启动后生效/,
  },
])('in $language', ({ language, use, anyway, later, broken, restart }) => {
  it('an address that failed is said to fail above the checks, and can be used anyway', async () => {
    server = await startSetUp({ probe: fromHere() })
    const { visitor, page, link } = await walkTo(server, 'address', language)
    expect(noteOf(page)).toBeUndefined()
    expect(textOf(page, 'continue')).toBe(use)
    const reply = await visitor.submit(page, 'continue', { issuer: 'https://sso.xinghe.cn' })
    expect(reply.location).toBe(`${link}?step=address#address-note`)
    const failed = await visitor.follow(reply)
    expect(noteOf(failed)).toMatch(broken)
    expect(textOf(failed, 'continue')).toBe(anyway)
    expect(failed.html.indexOf('id="address-note"')).toBeLessThan(failed.html.indexOf('id="checks"'))
    expect(await server.store.findFact('issuer')).toBe(server.issuer)
    const mended = await visitor.follow(await visitor.submit(failed, 'continue', { issuer: server.issuer }))
    expect(mended.url).toContain('step=connect')
    expect(await server.store.findFact('issuer')).toBe(server.issuer)
    const again = await visitor.follow(await visitor.submit(failed, 'check', { issuer: 'https://sso.xinghe.cn' }))
    expect((await visitor.follow(await visitor.submit(again, 'continue'))).url).toContain('step=connect')
    expect(await server.store.findFact('issuer')).toBe('https://sso.xinghe.cn')
  })

  it('one that works is said to hold after a restart, unless it is that of the running server', async () => {
    server = await startSetUp({ probe: fromHere() })
    const { visitor, page } = await walkTo(server, 'address', language)
    const own = await visitor.follow(await visitor.submit(page, 'check'))
    expect(own.html).toContain('id="checks"')
    expect(noteOf(own)).toBeUndefined()
    expect(textOf(own, 'continue')).toBe(use)
    const issuer = server.issuer.replace('127.0.0.1', 'localhost')
    const other = await visitor.follow(await visitor.submit(own, 'continue', { issuer }))
    expect(noteOf(other)).toMatch(restart)
    expect(textOf(other, 'continue')).toBe(later)
    expect(await server.store.findFact('issuer')).toBe(server.issuer)
    expect((await visitor.follow(await visitor.submit(other, 'continue'))).url).toContain('step=connect')
    expect(await server.store.findFact('issuer')).toBe(issuer)
  })
})
