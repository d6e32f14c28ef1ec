// Somebody looks after their own account in a real browser: by mouse and by keyboard, with scripts and without.

import type { Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { analyze } from '../support/axe.ts'
import { visitQuietly } from '../support/browser.ts'
import { type Journey, startJourney, takePicture } from '../support/journey.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { TEST_PASSWORD, type TestServer } from '../support/server.ts'

let journey: Journey
let host: TestServer
beforeAll(async () => {
  journey = await startJourney()
  host = journey.host
  const zhizuoyun = { client_name: 'Cloud Studio', names: { 'zh-CN': '制作云' }, contact: 'privacy@cloud.example.com' }
  await host.addClient('cloud', 'openid-connect', zhizuoyun)
  await host.addClient('wiki', 'openid-connect', { client_name: 'Wiki' })
  await host.server.parts.frontPage?.look()
}, 300_000)
afterAll(() => journey.close())

/** With two applications let in from another browser, a quarter of an hour ago. */
async function somebody(username: string): Promise<RelyingParty> {
  await host.addUser(username, { profile: { displayName: `张三 ${username}`, zoneinfo: 'Asia/Shanghai' } })
  const cloud = new RelyingParty({ host, clientId: 'cloud', username, scope: 'openid profile phone offline_access' })
  await cloud.tokens()
  await new RelyingParty({ host, clientId: 'wiki', username, visitor: cloud.visitor }).tokens()
  host.clock.advance(900)
  return cloud
}

async function signIn(tab: Tab, username: string): Promise<void> {
  await tab.goto(`${host.origin}/sso/account`)
  await tab.fill('#username', username)
  await tab.fill('#password', TEST_PASSWORD)
  await tab.press('#password', 'Enter')
  await tab.waitForSelector('#sessions')
}

describe.each([true, false])('with scripts: %s', (javaScriptEnabled) => {
  test('from the front page to a permission that is withdrawn, and another browser that is signed out', async () => {
    const name = javaScriptEnabled ? 'mia' : 'nia'
    const cloud = await somebody(name)
    const { access } = await cloud.tokens()
    await visitQuietly(journey.browser, { javaScriptEnabled }, async (tab) => {
      await tab.goto(host.origin)
      await tab.click('#account')
      await signIn(tab, name)
      await tab.getByRole('link', { name: 'Withdraw permission for Cloud Studio' }).click()
      expect(await tab.locator('h1').innerText()).toBe('Withdraw your permission for Cloud Studio?')
      await tab.getByRole('link', { name: 'Change nothing' }).click()
      await tab.waitForSelector('#sessions')
      expect(await tab.getByRole('link', { name: /^Withdraw/ }).count()).toBe(2)
      await tab.getByRole('link', { name: 'Withdraw permission for Cloud Studio' }).click()
      await tab.click('#withdraw-confirm')
      expect(await tab.getByRole('status').innerText()).toContain('You have withdrawn your permission for Cloud Studio')
      expect(await tab.title()).toMatch(/^Permission withdrawn/)
      expect(await tab.getByRole('link', { name: /^Withdraw/ }).count()).toBe(1)
      // What the policy of the page allows is enough for the way back and for a reload.
      await tab.reload()
      expect(await tab.getByRole('link', { name: /^Withdraw/ }).count()).toBe(1)
      await tab.getByRole('button', { name: /^Sign out there/ }).click()
      expect(await tab.getByRole('status').innerText()).toBe('The other browser is signed out.')
      await tab.click('#sign-out-here')
      await tab.click('#logout-confirm')
      await tab.goto(`${host.origin}/sso/account`)
      expect(await tab.locator('#login-submit').count()).toBe(1)
    })
    expect((await cloud.userinfo(access)).status).toBe(401)
    const other = await cloud.visitor.follow(await cloud.visitor.get(`${host.origin}/sso/account`))
    expect(other.html).toContain('id="login-submit"')
  })
})

test('everything can be reached and done by the keyboard alone', async () => {
  await somebody('ola')
  await visitQuietly(journey.browser, { javaScriptEnabled: false }, async (tab) => {
    await signIn(tab, 'ola')
    const focused = tab.locator(':focus')
    const reached: string[] = []
    for (let step = 0; step < 12; step++) {
      await tab.keyboard.press('Tab')
      if ((await focused.count()) === 0) break
      reached.push((await focused.getAttribute('id')) ?? '')
    }
    const ids = reached.filter((id) => id !== '')
    expect(ids).toEqual([
      'password',
      'another',
      'withdraw-1',
      'withdraw-2',
      'sign-out-here',
      'sign-out-2',
      'sign-out-elsewhere',
    ])
    await tab.focus('#withdraw-1')
    await tab.keyboard.press('Enter')
    await tab.waitForSelector('#withdraw-confirm')
    await tab.focus('#withdraw-confirm')
    await tab.keyboard.press('Enter')
    await tab.waitForSelector('#done')
    await tab.focus('#sign-out-elsewhere')
    await tab.keyboard.press('Enter')
    await tab.waitForSelector('#nowhere-else')
  })
})

const visits = (['zh-CN', 'en'] as const).flatMap((locale) =>
  (['light', 'dark'] as const).flatMap((colorScheme) =>
    [360, 1280].map((width) => ({
      locale,
      colorScheme,
      width,
      name: `${locale}-${colorScheme}-${width}`.toLowerCase(),
    })),
  ),
)

test.each(visits)('as it is served, axe finds nothing: $name', async ({ width, name, ...look }) => {
  await somebody(`p-${name}`)
  const viewport = { width, height: 760 }
  await visitQuietly(journey.browser, { ...look, viewport, reducedMotion: 'reduce' }, async (tab) => {
    const looked = async (page: string) => {
      await takePicture(tab, `account-${page}-${name}`)
      expect((await analyze(tab)).violations).toEqual([])
      const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
      expect(await tab.evaluate<number>(wide)).toBeLessThanOrEqual(0)
    }
    await signIn(tab, `p-${name}`)
    await looked('list')
    await tab.click('#withdraw-1')
    await tab.waitForSelector('#withdraw-confirm')
    await looked('withdraw')
    // At 360 px a line ends about there.
    const lines = `(() => {
      const whole = document.querySelector('h1 .whole')
      return whole.getBoundingClientRect().height / parseFloat(getComputedStyle(whole).lineHeight)
    })()`
    expect(await tab.evaluate<number>(lines)).toBeCloseTo(1, 1)
    await tab.click('#withdraw-confirm')
    await tab.waitForSelector('#done')
    await looked('done')
  })
})

test('a temporary password is replaced before anything else, and another time on the account page, by keyboard alone', async () => {
  await host.addUser('pia', { passwordTemporary: true })
  await visitQuietly(journey.browser, { javaScriptEnabled: false, locale: 'zh-CN' }, async (tab) => {
    const choose = async (password: string, last = 'Enter') => {
      for (let time = 0; time < 2; time++) {
        await tab.keyboard.insertText(password)
        if (time === 0) await tab.keyboard.press('Tab')
      }
      await tab.keyboard.press(last)
    }
    await tab.goto(`${host.origin}/sso/account`)
    // The browser gives the field its focus a moment after the page.
    await tab.waitForSelector('#username:focus')
    await tab.keyboard.insertText('pia')
    await tab.keyboard.press('Tab')
    await tab.keyboard.insertText(TEST_PASSWORD)
    await tab.keyboard.press('Enter')
    await tab.waitForSelector('#new-password:focus')
    await choose('password1')
    expect(await tab.getByRole('alert').innerText()).toContain('这个新密码太常见')
    await tab.waitForSelector('#new-password:focus')
    await choose('一条安静的河流过七座桥')
    await tab.waitForSelector('#sessions')
    await tab.focus('#password')
    await tab.keyboard.press('Enter')
    await tab.waitForSelector('#current-password:focus')
    await tab.keyboard.insertText('一条安静的河流过七座桥')
    await tab.keyboard.press('Tab')
    await choose('a quiet river under seven bridges')
    await tab.waitForSelector('#done')
    expect(await tab.getByRole('status').innerText()).toBe('密码已修改，您在其他地方已退出登录。')
    expect(await tab.title()).toMatch(/^密码已修改/)
  })
})
