// The first hour in a real browser: an operator who has only the link comes to a client that signs people in, with
// scripts and without, in both languages. No other host is ever asked for anything.

import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ADMINISTRATOR, PERSON, type SetUpServer, startSetUp } from '../administration/set-up/builders.ts'
import { analyze } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { Visitor } from '../support/visitor.ts'

let browser: Browser
let server: SetUpServer
let context: BrowserContext
const strangers: string[] = []
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())
beforeEach(async () => {
  server = await startSetUp()
})
afterEach(async () => {
  await context.close()
  await server.close()
})

async function openBrowser(locale: string, javaScriptEnabled: boolean): Promise<Page> {
  context = await browser.newContext({ locale, javaScriptEnabled, viewport: { width: 390, height: 844 } })
  strangers.length = 0
  await context.route(
    (url) => url.origin !== server.issuer,
    async (route) => {
      strangers.push(route.request().url())
      await route.abort()
    },
  )
  return await context.newPage()
}

async function isAccessible(page: Page): Promise<void> {
  expect((await analyze(page)).violations).toEqual([])
}

async function fill(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'phone_verified') await page.check('#phone_verified')
    else await page.fill(`#${name}`, value)
  }
}

interface Pasted {
  readonly clientId: string
  readonly secret: string
  readonly callback: string
}

/** As 制作云 does: a person's browser gets the code, its server the rest. */
async function realSignIn({ clientId, secret, callback }: Pasted): Promise<unknown> {
  const person = new Visitor()
  const query = new URLSearchParams({
    response_type: 'code',
    scope: 'openid profile phone',
    client_id: clientId,
    redirect_uri: callback,
  })
  const signIn = await person.follow(await person.get(`${server.issuer}/sso/authorize?${query.toString()}`))
  const { username, password } = PERSON
  const consent = await person.follow(await person.submit(signIn, 'login-submit', { username, password }))
  const answer = await person.submit(consent, 'consent-allow')
  const code = new URL(answer.location ?? '').searchParams.get('code') ?? ''
  const token = await fetch(`${server.issuer}/sso/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: callback }),
  })
  const { access_token } = (await token.json()) as { access_token: string }
  const info = await fetch(`${server.issuer}/sso/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })
  return await info.json()
}

describe.each([
  ['zh-CN', true],
  ['en', true],
  ['zh-CN', false],
  ['en', false],
] as const)('in %s with scripts %s', (locale, scripts) => {
  it('five forms lead to a client that has signed somebody in', async () => {
    const page = await openBrowser(locale, scripts)
    // axe is a script itself.
    const look = async () => {
      expect(await page.getAttribute('html', 'lang')).toBe(locale)
      if (scripts) await isAccessible(page)
    }
    await page.goto(await server.link())
    await look()
    await page.click('#open')

    await look()
    await fill(page, { ...ADMINISTRATOR, password_again: 'not the same password' })
    await page.click('#continue')
    await look()
    expect(await page.isVisible('#password_again-error')).toBe(true)
    expect(await page.inputValue('#username')).toBe(ADMINISTRATOR.username)
    await fill(page, ADMINISTRATOR)
    await page.click('#continue')

    expect(await page.inputValue('#issuer')).toBe(server.issuer)
    await page.click('#check')
    await page.waitForSelector('#checks')
    await look()
    await page.click('#continue')

    await look()
    await page.fill('#name', '制作云')
    await page.click('#continue')

    await page.waitForSelector('#six-values')
    await look()
    const pasted = {
      clientId: await page.inputValue('#ClientId'),
      secret: await page.inputValue('#ClientSecret'),
      callback: (await page.textContent('#callback')) ?? '',
    }
    expect(pasted.secret).toMatch(/^[A-Za-z0-9]{43}$/)
    const copy = page.locator('[data-copy=ClientSecret]')
    expect(await copy.isVisible()).toBe(scripts)
    if (scripts) {
      await context.grantPermissions(['clipboard-read', 'clipboard-write'])
      await copy.click()
      await expect.poll(() => page.textContent('#copied')).not.toBe('')
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(pasted.secret)
    }
    await page.reload()
    expect(await server.store.listClients()).toHaveLength(1)
    await page.click('#continue')

    await look()
    await fill(page, PERSON)
    await page.click('#continue')

    await page.waitForSelector('#rehearse')
    await look()
    await page.click('#rehearse')
    await page.waitForSelector('#verdict')
    await look()
    expect(await page.textContent('#known')).toContain('13800138000')
    await page.click('#continue')

    await page.waitForSelector('#requests')
    await look()
    expect(await page.getAttribute('#requests', 'data-done')).toBe('no')
    expect(await realSignIn(pasted)).toMatchObject({
      name: '张三',
      phone_number: '13800138000',
      phone_number_verified: true,
    })
    // All three are answered; nobody but this machine can have asked, so it is not called done.
    const asked = page.locator('#request-userinfo', { hasText: /not by Tencent|并非腾讯/ })
    if (!scripts) {
      await page.waitForTimeout(1500)
      await page.click('#refresh')
    }
    await asked.waitFor({ timeout: 15_000 })
    expect(await page.getAttribute('#requests', 'data-done')).toBe('no')
    await look()
    await page.click('#finish')
    await page.waitForSelector('#finish', { state: 'detached' })
    await look()
    expect(await server.store.findFact('set_up')).not.toBeNull()
    expect(strangers).toEqual([])
  }, 90_000)
})

describe('the browser’s own buttons', () => {
  it('back shows a step again as it was filled in, forward and reload repeat nothing', async () => {
    const page = await openBrowser('en', true)
    await page.goto(await server.link())
    await page.click('#open')
    await fill(page, ADMINISTRATOR)
    await page.click('#continue')
    await page.click('#continue')
    await page.fill('#name', '制作云')
    await page.click('#continue')
    await page.waitForSelector('#six-values')
    for (const step of ['connect', 'address', 'administrator']) {
      await page.goBack()
      expect(new URL(page.url()).searchParams.get('step')).toBe(step)
    }
    expect(await page.inputValue('#username')).toBe(ADMINISTRATOR.username)
    expect(await page.inputValue('#password')).toBe('')
    await page.goForward()
    await page.reload()
    await page.click('#continue')
    await page.waitForSelector('#six-values')
    expect(await server.store.listClients()).toHaveLength(1)
    expect(await server.store.countUsers()).toBe(1)
  })
})
