// The page: its link works once, in one browser, for ten minutes; looking at it spends nothing.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newRehearsalLink } from '../../../src/administration/rehearsal/index.ts'
import { sha256 } from '../../../src/credentials/digest.ts'
import { readable } from '../../support/visitor.ts'
import { Browser, csrfOf, type House, openHouse } from './house.ts'

let house: House
let path: string

beforeEach(async () => {
  house = await openHouse()
  await house.addClient('tenant-a')
  await house.addUser('alice')
  await house.addUser('bob', { phone: null, profile: {} })
  const url = await newRehearsalLink(house.store, house.clock, house.addresses, 'tenant-a')
  expect(url).toMatch(/^https:\/\/sso\.example\.com\/sso\/rehearsal\/[A-Za-z0-9]{43}$/)
  path = new URL(url).pathname
})
afterEach(() => house.server.close())

async function opened(): Promise<{ browser: Browser; csrf: string }> {
  const browser = new Browser(house)
  const csrf = csrfOf(await browser.send('GET', path))
  const reply = await browser.send('POST', path, { csrf })
  expect(reply.status).toBe(303)
  expect(reply.headers['location']).toBe(path)
  return { browser, csrf: csrfOf(await browser.send('GET', path)) }
}

describe('the link', () => {
  test('HEAD, a link preview and other readers spend nothing', async () => {
    const preview = new Browser(house)
    expect((await preview.send('HEAD', path)).status).toBe(200)
    expect((await preview.send('GET', path)).status).toBe(200)
    expect((await new Browser(house).send('GET', path)).status).toBe(200)
    await opened()
  })

  test('is bound to the browser that pressed the button first; another is refused', async () => {
    const late = new Browser(house)
    const csrf = csrfOf(await late.send('GET', path))
    const { browser } = await opened()
    expect((await late.send('POST', path, { csrf })).status).toBe(410)
    expect((await late.send('GET', path)).status).toBe(410)
    expect((await browser.send('GET', path)).status).toBe(200)
  })

  test('of two that press at once, exactly one has it', async () => {
    const browsers = [new Browser(house), new Browser(house)]
    const forms = await Promise.all(browsers.map(async (each) => csrfOf(await each.send('GET', path))))
    const replies = await Promise.all(browsers.map((each, at) => each.send('POST', path, { csrf: forms[at] ?? '' })))
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 410])
  })

  test('pressed twice at once by one browser, it leads there both times', async () => {
    const browser = new Browser(house)
    const csrf = csrfOf(await browser.send('GET', path))
    const replies = await Promise.all([browser.send('POST', path, { csrf }), browser.send('POST', path, { csrf })])
    expect(replies.map(({ status }) => status)).toEqual([303, 303])
  })

  test('expires after ten minutes; the page it opened after an hour', async () => {
    const browser = new Browser(house)
    house.clock.time += 599
    const csrf = csrfOf(await browser.send('GET', path))
    house.clock.time += 1
    const over = await browser.send('POST', path, { csrf })
    expect(over.status).toBe(410)
    expect(String(over.body)).toContain('that to a rehearsal for ten minutes')

    path = new URL(await newRehearsalLink(house.store, house.clock, house.addresses, 'tenant-a')).pathname
    expect(String((await browser.send('GET', path)).body)).toContain(
      'Opened, it holds for 1 hour, in this browser only',
    )
    const { browser: mine } = await opened()
    house.clock.time += 3_599
    expect((await mine.send('GET', path)).status).toBe(200)
    house.clock.time += 1
    expect((await mine.send('GET', path)).status).toBe(410)
  })

  test('only its hash is kept, and a guess opens nothing', async () => {
    const tables = await house.contents()
    expect(JSON.stringify(tables)).not.toContain(path.split('/').at(-1) ?? path)
    const guess = `${house.addresses.path.rehearsal}/${'A'.repeat(43)}`
    expect((await new Browser(house).send('GET', guess)).status).toBe(410)
  })

  test('a ticket of another purpose does not open it', async () => {
    const secret = 'B'.repeat(43)
    const now = house.clock.now()
    await house.store.addTicket(sha256(secret), {
      purpose: 'set_up',
      detail: 'tenant-a',
      createdAt: now,
      expiresAt: now + 600,
    })
    expect((await new Browser(house).send('GET', `${house.addresses.path.rehearsal}/${secret}`)).status).toBe(410)
  })
})

describe('its forms', () => {
  test('another origin, a missing or foreign value, or no cookie: 403, and nothing is spent', async () => {
    const browser = new Browser(house)
    const csrf = csrfOf(await browser.send('GET', path))
    const foreign = csrfOf(await new Browser(house).send('GET', path))
    expect((await browser.send('POST', path, { csrf }, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await browser.send('POST', path, { csrf }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await browser.send('POST', path, {})).status).toBe(403)
    expect((await browser.send('POST', path, { csrf: foreign })).status).toBe(403)
    expect((await new Browser(house).send('POST', path, { csrf })).status).toBe(403)
    expect((await browser.send('POST', path, { csrf })).status).toBe(303)
  })

  test('nobody chosen, or somebody unknown: the page says so and runs nothing', async () => {
    const { browser, csrf } = await opened()
    const before = await house.contents()
    for (const user of ['', 'nobody-here']) {
      const reply = await browser.send('POST', path, { csrf, user })
      expect(reply.status).toBe(200)
      expect(String(reply.body)).toContain('id="user-error"')
    }
    expect(await house.contents()).toEqual(before)
  })

  test('lists people, plays the chosen one, and shows the report; again and again', async () => {
    const { browser, csrf } = await opened()
    const page = String((await browser.send('GET', path)).body)
    expect(page).toContain('张三 (alice)')
    expect(page).not.toContain('id="verdict"')
    const shown = String((await browser.send('POST', path, { csrf, user: 'id-of-alice' })).body)
    expect(shown).toContain('It works: 制作云测试 would have signed in 张三.')
    expect(shown).not.toContain('class="verdict warn"')
    expect(shown).toContain('<td>13800138000</td>')
    const again = String((await browser.send('POST', path, { csrf, user: 'bob' })).body)
    expect(again).toContain('There is no phone_number')
  })

  test.each([
    ['en', 'Every step works, but 制作云测试 may not accept bob:', 'It works:'],
    ['zh-CN', '每一步都走通了，但“制作云测试”可能不接受“bob”：', '演练成功：'],
  ])(
    'in %s the verdict about a person without a phone is qualified, and says what to do',
    async (...[language, words, green]) => {
      const { browser, csrf } = await opened()
      const reply = await browser.send('POST', path, { csrf, user: 'bob' }, { 'accept-language': language })
      const [, verdict = ''] =
        /<div class="verdict warn" role="status" id="verdict">(.*?)<\/div><\/div>/s.exec(String(reply.body)) ?? []
      expect(verdict).toContain(words)
      expect(readable(verdict)).toContain('npx lingpai user update bob --phone …')
      expect(String(reply.body)).not.toContain(green)
    },
  )

  test.each([
    ['en', /The sign-in itself works.* is told that nobody has verified it.*may refuse/],
    ['zh-CN', /登录可以走完.*同时得知它未经验证.*可能不接受/],
  ] as const)('in %s so is the one about a person whose number nobody has verified', async (language, words) => {
    await house.addUser('carl', { phone: '+8613900139000', phoneVerified: false })
    const { browser, csrf } = await opened()
    const reply = await browser.send('POST', path, { csrf, user: 'carl' }, { 'accept-language': language })
    const [, verdict = ''] =
      /<div class="verdict warn" role="status" id="verdict">(.*?)<\/div><\/div>/s.exec(String(reply.body)) ?? []
    expect(verdict).toMatch(words)
    expect(readable(verdict)).toContain('npx lingpai user update carl --phone-verified')
  })

  test.each([
    ['en', 'This does not hold:', 'The person is enabled', 'has a password', /(\d) requirements hold/],
    ['zh-CN', '以下要求不符合：', '该用户已启用', '该用户设有密码', /(\d) 项要求符合/],
  ] as const)(
    'in %s a verdict that fails names each row that failed and leads to it; what holds is folded, and none is lost',
    async (language, words, failed, holds, folded) => {
      await house.addUser('dora', { enabled: false })
      const { browser, csrf } = await opened()
      const reply = await browser.send('POST', path, { csrf, user: 'dora' }, { 'accept-language': language })
      const main = String(reply.body).split('<main')[1] ?? ''
      const verdict = /<div class="verdict bad" role="alert" id="verdict">(.*?)<\/ul>/s.exec(main)?.[1] ?? ''
      expect(verdict).toContain(words)
      const links = [...verdict.matchAll(/<a href="#([^"]*)">([^<]*)/g)]
      const rows = [...main.matchAll(/<li id="([^"]*)"><span class="state state-(\w+)">.*?<b>([^<]*)/gs)]
      const bad = rows.filter(([, , state]) => state === 'bad')
      expect(links.map(([, id, text]) => [id, text])).toEqual(bad.map(([, id, , text]) => [id, text]))
      expect(links.map(([, , text]) => text)).toContain(failed)
      const [before = '', inside = ''] = main.split('<details class="fine">')
      expect(before).toContain(`<b>${failed}</b>`)
      expect(before).not.toContain(holds)
      expect(inside.split('</details>')[0]).toContain(holds)
      expect(inside).toMatch(folded)
      expect(new Set(rows.map(([, id]) => id)).size).toBe(rows.length)
    },
  )

  test('speaks Chinese to whom reads Chinese', async () => {
    const { browser, csrf } = await opened()
    const reply = await browser.send('POST', path, { csrf, user: 'alice' }, { 'accept-language': 'zh-CN' })
    expect(String(reply.body)).toContain('state 原样返回')
    // What the other language would say travels in the switch.
    expect(String(reply.body).split('<main')[1]).not.toContain('state comes back unchanged')
  })

  test('a language picked on it holds for the report', async () => {
    const { browser, csrf } = await opened()
    await browser.send('GET', path, undefined, {}, 'ui_locales=zh-CN')
    expect(String((await browser.send('POST', path, { csrf, user: 'alice' })).body)).toContain('state 原样返回')
  })

  test('with many people a user name is typed instead', async () => {
    for (let at = 0; at < 50; at++) await house.addUser(`person-${at}`, { phone: null })
    const { browser, csrf } = await opened()
    const page = String((await browser.send('GET', path)).body)
    expect(page).not.toContain('<select')
    const reply = await browser.send('POST', path, { csrf, user: ' PERSON-7 ' })
    expect(String(reply.body)).toContain('id="verdict"')
  })
})
