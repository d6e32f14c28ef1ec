// The switch of language in a real browser, without scripts: what is picked on a page that answers no form holds for the
// next ones, and what another site wishes for does not.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizeUrl } from '../support/authorize.ts'
import { visitQuietly } from '../support/browser.ts'
import { type Journey, startJourney, takePicture } from '../support/journey.ts'

let journey: Journey
beforeAll(async () => {
  journey = await startJourney()
}, 300_000)
afterAll(() => journey.close())

const ways = [
  { locale: 'en', other: 'zh-CN', name: '简体中文' },
  { locale: 'zh-CN', other: 'en', name: 'English' },
] as const

test.each(ways)('picked where an application is not known: from $locale to $other', async ({ locale, other, name }) => {
  const { browser, host } = journey
  await visitQuietly(browser, { locale, javaScriptEnabled: false }, async (tab) => {
    const language = () => tab.locator('html').getAttribute('lang')
    // A page that refuses is an error in the console of the browser, and the test of that is not here.
    await tab.route('**/sso/authorize?*', async (route) => {
      const reply = await route.fetch()
      await route.fulfill({ response: reply, status: 200 })
    })
    await tab.goto(authorizeUrl(host, { client_id: 'nobody' }))
    expect(await language()).toBe(locale)
    await tab.getByRole('link', { name }).click()
    expect(await language()).toBe(other)
    await takePicture(tab, `picked-language-${other.toLowerCase()}`)
    await tab.goto(`${host.origin}/sso/account`)
    expect([await language(), await tab.locator('#login-submit').count()]).toEqual([other, 1])
  })
})

test('wished for by a link of another site: that page is in it, and the next one as before', async () => {
  const { browser, host } = journey
  await visitQuietly(browser, { locale: 'en-US', javaScriptEnabled: false }, async (tab) => {
    const language = () => tab.locator('html').getAttribute('lang')
    const url = authorizeUrl(host, { client_id: 'nobody', ui_locales: 'zh-CN' })
    await tab.route('https://client.test/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: `<a id="go" href="${url.replaceAll('&', '&amp;')}">go</a>` }),
    )
    await tab.route('**/sso/authorize?*', async (route) => {
      const reply = await route.fetch()
      await route.fulfill({ response: reply, status: 200 })
    })
    await tab.goto('https://client.test/')
    await tab.click('#go')
    expect(await language()).toBe('zh-CN')
    await tab.goto(`${host.origin}/sso/account`)
    expect(await language()).toBe('en')
  })
})
