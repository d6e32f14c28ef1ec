// What tests in a real browser begin with: the browser, a server with a front page beside it, and a place for pictures of
// its pages.

import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page as Tab } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { startServer, type TestServer, type TestServerOptions } from './server.ts'

export interface Journey {
  readonly browser: Browser
  readonly host: TestServer
  close(): Promise<void>
}

export async function startJourney(options: TestServerOptions = {}): Promise<Journey> {
  const browser = await launchBrowser()
  try {
    const host = await startServer({ frontPage: true, ...options })
    return {
      browser,
      host,
      async close() {
        await browser.close()
        await host.close()
      },
    }
  } catch (error) {
    await browser.close()
    throw error
  }
}

const PICTURES = join(tmpdir(), 'lingpai-journeys')

/** The whole page, to be looked at by whoever changes it. */
export async function takePicture(tab: Tab, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true })
  await tab.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })
}
