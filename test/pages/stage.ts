// A tab that shows pages under their own policies, on screens of every kind, and tells what the browser complains about.

import type { Browser, BrowserContext, Page as Tab } from 'playwright-core'
import { contentSecurityPolicy } from '../../src/http/reply/security-headers.ts'
import type { Page } from '../../src/pages/index.ts'
import { AXE } from '../support/axe.ts'

export const ORIGIN = 'http://sso.test'

export interface Stage {
  readonly context: BrowserContext
  readonly tab: Tab
  /** Shows the page under its own policy, and tells what the browser complained about. */
  show(page: Page): Promise<readonly string[]>
  /** What it has complained about since, the first complaints included. */
  complaints(): readonly string[]
}

export async function stage(browser: Browser, options: Parameters<Browser['newContext']>[0]): Promise<Stage> {
  const context = await browser.newContext(options)
  await context.addInitScript({ content: AXE })
  const tab = await context.newPage()
  let shown: Page | null = null
  let complaints: string[] = []
  tab.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  tab.on('pageerror', (error) => complaints.push(error.message))
  await tab.route('**/*', async (route) => {
    const url = route.request().url()
    if (shown === null || !url.startsWith(`${ORIGIN}/`)) {
      complaints.push(`asked for ${url}`)
      await route.abort()
      return
    }
    const headers = { 'content-security-policy': contentSecurityPolicy(shown) }
    await route.fulfill({ status: 200, contentType: 'text/html; charset=utf-8', headers, body: shown.html })
  })
  return {
    context,
    tab,
    async show(page) {
      shown = page
      complaints = []
      await tab.goto(`${ORIGIN}/`)
      return complaints
    },
    complaints: () => complaints,
  }
}
