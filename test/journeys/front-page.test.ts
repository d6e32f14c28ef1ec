// Somebody types the address of the server into a browser, or follows the line that `start` prints.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { visitQuietly } from '../support/browser.ts'
import { type Journey, startJourney, takePicture } from '../support/journey.ts'

let journey: Journey
beforeAll(async () => {
  journey = await startJourney()
}, 300_000)
afterAll(() => journey.close())

const visits = (['zh-CN', 'en'] as const).flatMap((locale) => [
  { locale, colorScheme: 'light' as const, width: 1280, javaScriptEnabled: false },
  { locale, colorScheme: 'dark' as const, width: 360, javaScriptEnabled: true },
])

test.each(visits)('the front page in $locale, $colorScheme, $width px', async ({ width, ...look }) => {
  const { browser, host } = journey
  await visitQuietly(browser, { ...look, viewport: { width, height: 760 } }, async (tab) => {
    const asked: string[] = []
    tab.on('request', (request) => asked.push(request.url()))
    const reply = await tab.goto(host.origin)
    expect(reply?.status()).toBe(200)
    await takePicture(tab, `front-${look.locale}-${look.colorScheme}`)
    // Everything came in one reply, and the picture of the tab within it.
    expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([`${host.origin}/`])
    expect(await tab.locator('#main').innerText()).toContain('Lingpai 令牌')
    expect(await tab.locator('#set-up-open code').last().innerText()).toBe('npx lingpai setup-link')

    const other = look.locale === 'en' ? '简体中文' : 'English'
    await tab.getByRole('link', { name: other }).click()
    await tab.goto(host.origin)
    expect(await tab.locator('html').getAttribute('lang')).toBe(look.locale === 'en' ? 'zh-CN' : 'en')
  })
})
