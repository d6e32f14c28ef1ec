// Somebody types the address of the server into a browser, or follows the line that `start` prints.

import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { startServer, type TestServer } from '../support/server.ts'

const PICTURES = join(tmpdir(), 'lingpai-journeys')

let browser: Browser
let host: TestServer
beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true })
  browser = await launchBrowser()
  host = await startServer({ frontPage: true })
})
afterAll(async () => {
  await browser.close()
  await host.close()
})

const visits = (['zh-CN', 'en'] as const).flatMap((locale) => [
  { locale, colorScheme: 'light' as const, width: 1280, javaScriptEnabled: false },
  { locale, colorScheme: 'dark' as const, width: 360, javaScriptEnabled: true },
])

test.each(visits)('the front page in $locale, $colorScheme, $width px', async ({ width, ...look }) => {
  const context = await browser.newContext({ ...look, viewport: { width, height: 760 } })
  try {
    const tab = await context.newPage()
    const complaints: string[] = []
    tab.on('console', (message) => complaints.push(message.text()))
    const asked: string[] = []
    tab.on('request', (request) => asked.push(request.url()))
    const reply = await tab.goto(host.origin)
    expect(reply?.status()).toBe(200)
    await tab.screenshot({ path: join(PICTURES, `front-${look.locale}-${look.colorScheme}.png`), fullPage: true })
    // Everything came in one reply, and the picture of the tab within it.
    expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([`${host.origin}/`])
    expect(complaints).toEqual([])
    expect(await tab.locator('#main').innerText()).toContain('Lingpai 令牌')
    expect(await tab.locator('#set-up-open code').innerText()).toBe('npx lingpai setup-link')

    const other = look.locale === 'en' ? '简体中文' : 'English'
    await tab.getByRole('link', { name: other }).click()
    await tab.goto(host.origin)
    expect(await tab.locator('html').getAttribute('lang')).toBe(look.locale === 'en' ? 'zh-CN' : 'en')
    expect(complaints).toEqual([])
  } finally {
    await context.close()
  }
})
