// The one-time link: what spends it, what does not, and who is let in afterwards.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../../src/credentials/digest.ts'
import { formWith, textOf, Visitor } from '../../support/visitor.ts'
import { ADMINISTRATOR, openedBy, type SetUpServer, startSetUp, walkTo } from './builders.ts'

let server: SetUpServer
let link = ''
beforeAll(async () => {
  server = await startSetUp()
})
beforeEach(async () => {
  link = await server.link()
})
afterAll(() => server.close())

function hashOf(url: string): Uint8Array {
  return sha256(url.split('/').at(-1) ?? '')
}

describe('looking at the link', () => {
  it.each(['GET', 'HEAD'])('%s spends nothing, however often and from whatever browser', async (method) => {
    for (let count = 0; count < 3; count++) {
      const reply = await fetch(link, { method, headers: { accept: 'text/html' } })
      expect(reply.status).toBe(200)
    }
    expect((await server.store.findTicket(hashOf(link), server.clock.now()))?.boundBrowserHash).toBeNull()
    expect((await openedBy(new Visitor(), link)).url).toContain('step=administrator')
  })

  it('a step cannot be seen before the button has been pressed', async () => {
    const visitor = new Visitor()
    const page = await visitor.get(`${link}?step=administrator`)
    expect(formWith(page, 'open').action).toContain('step=open')
    expect(page.html).not.toContain('id="password"')
  })

  it('only a hash of its secret is kept', async () => {
    const secret = link.split('/').at(-1) ?? ''
    expect(secret).toMatch(/^[A-Za-z0-9]{43}$/)
    const { driver } = server
    const { statement } = await import('../../../src/store/database/driver.ts')
    const rows = await driver.rows(statement<object, { hash: Uint8Array }>('test_tickets', 'SELECT * FROM ticket'), {})
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain(secret)
  })
})

describe('opening it', () => {
  it('lets in the browser that pressed the button, and shows every other one a clear page', async () => {
    const first = new Visitor()
    const second = new Visitor()
    const seenBySecond = await second.get(link)
    const administrator = await openedBy(first, link)
    expect(administrator.status).toBe(200)
    const refused = await second.submit(seenBySecond, 'open')
    expect(refused.status).toBe(403)
    expect(refused.html).toContain('was opened before: in another browser')
    expect(textOf(refused, 'trace-id')).toMatch(/^tr_/)
    expect((await second.get(link)).status).toBe(403)
    expect((await second.get(`${link}?step=administrator`)).status).toBe(403)
    second.language = 'zh-CN'
    expect((await second.get(link)).html).toContain('<html lang="zh-CN">')
  })

  it('another browser can do nothing with a form that was rendered for the first', async () => {
    const first = new Visitor()
    const administrator = await openedBy(first, link)
    const reply = await new Visitor().submit(administrator, 'continue', ADMINISTRATOR)
    expect(reply.status).toBe(403)
    expect(await server.store.countUsers()).toBe(0)
  })

  it('the button pressed twice opens it once and leads to the same place', async () => {
    const visitor = new Visitor()
    const page = await visitor.get(link)
    const replies = await Promise.all([visitor.submit(page, 'open'), visitor.submit(page, 'open')])
    expect(replies.map(({ status }) => status)).toEqual([303, 303])
  })

  it('RFC 6749 §10.12: a form without its anti-forgery value, or from another site, spends nothing', async () => {
    const visitor = new Visitor()
    const page = await visitor.get(link)
    const { action, fields } = formWith(page, 'open')
    const url = new URL(action, link).href
    expect((await visitor.post(url, {})).status).toBe(403)
    expect((await visitor.post(url, { csrf: 'x'.repeat(43) })).status).toBe(403)
    const foreign = { headers: { origin: 'https://evil.test' } }
    expect((await visitor.post(url, fields, foreign)).status).toBe(403)
    expect((await visitor.post(url, fields, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
    expect((await server.store.findTicket(hashOf(link), server.clock.now()))?.boundBrowserHash).toBeNull()
    expect((await visitor.post(url, fields)).status).toBe(303)
  })

  it('says so when the browser keeps no cookies', async () => {
    const page = await new Visitor().get(link)
    const reply = await new Visitor().submit(page, 'open')
    expect(reply.status).toBe(403)
    expect(reply.html).toContain('cookie')
  })
})

describe('its end', () => {
  it('an unused link is good for a day, and not a second longer', async () => {
    const visitor = new Visitor()
    server.clock.advance(24 * 3600 - 1)
    expect((await visitor.get(link)).status).toBe(200)
    server.clock.advance(1)
    const over = await visitor.get(link)
    expect(over.status).toBe(410)
    expect(over.html).toContain('Each link works once: that to the set-up for a day')
  })

  it('what it opened is open for two hours, as the page said before', async () => {
    const visitor = new Visitor()
    expect((await visitor.get(link)).html).toContain('Opened, it holds for 2 hours, in this browser only')
    visitor.language = 'zh-CN'
    expect((await visitor.get(link)).html).toContain('打开后 2 小时内有效')
    visitor.language = 'en'
    const page = await openedBy(visitor, link)
    server.clock.advance(2 * 3600 - 1)
    expect((await visitor.get(page.url)).status).toBe(200)
    server.clock.advance(1)
    const late = await visitor.submit(page, 'continue', ADMINISTRATOR)
    expect(late.status).toBe(410)
    expect(await server.store.countUsers()).toBe(0)
  })

  it('a new link ends the one before, opened or not', async () => {
    const visitor = new Visitor()
    const page = await openedBy(visitor, link)
    const unopened = await server.link()
    expect((await visitor.get(page.url)).status).toBe(410)
    const newest = await server.link()
    expect((await visitor.get(unopened)).status).toBe(410)
    expect((await visitor.get(newest)).status).toBe(200)
  })

  it.each(['', 'x', 'a'.repeat(43), `${'a'.repeat(42)}%00`, '../reach'])(
    'no link has the secret %j',
    async (secret) => {
      const visitor = new Visitor()
      expect((await visitor.get(link)).status).toBe(200)
      expect([404, 410]).toContain((await visitor.get(`${server.issuer}/sso/set-up/${secret}`)).status)
    },
  )

  it('a link of another purpose opens nothing here', async () => {
    const now = server.clock.now()
    const ticket = { purpose: 'rehearsal', detail: '', createdAt: now, expiresAt: now + 60 }
    await server.store.addTicket(sha256('r'.repeat(43)), ticket)
    expect((await new Visitor().get(`${server.issuer}/sso/set-up/${'r'.repeat(43)}`)).status).toBe(410)
  })
})

describe('every form on the way', () => {
  const stops = [
    ['administrator', 'continue'],
    ['address', 'continue'],
    ['connect', 'continue'],
    ['connected', 'continue'],
    ['person', 'continue'],
    ['person', 'skip'],
    ['rehearsal', 'rehearse'],
    ['rehearsal', 'continue'],
    ['waiting', 'finish'],
  ] as const

  it.each(stops)('RFC 6749 §10.12: of step %s (%s) is refused without its own anti-forgery value', async (stop, id) => {
    const own = await startSetUp()
    try {
      const { visitor, page } = await walkTo(own, stop)
      const { action, fields } = formWith(page, id)
      const url = new URL(action, page.url).href
      const other = formWith(page, id).fields['csrf'] ?? ''
      const state = async () =>
        JSON.stringify([
          await own.store.countUsers(),
          (await own.store.listClients()).length,
          await own.store.findFact('set_up_progress'),
          await own.store.findFact('set_up'),
        ])
      const before = await state()
      for (const csrf of ['', `${other.slice(0, -1)}${other.endsWith('A') ? 'E' : 'A'}`]) {
        expect((await visitor.post(url, { ...fields, ...ADMINISTRATOR, csrf })).status).toBe(403)
      }
      expect(
        (await visitor.post(url, { ...fields, ...ADMINISTRATOR }, { headers: { origin: 'https://evil.test' } })).status,
      ).toBe(403)
      expect(await state()).toBe(before)
    } finally {
      await own.close()
    }
  })
})
