// A real browser for tests: finds an installed Chrome or Chromium, installs Debian's when it may, or says how to mend it.

import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'

const NAMES = ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser', 'microsoft-edge']

const FIXED_PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Nothing that would reach another host on the browser's own account, and no process that draws as a graphics card would. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function findInstalled(): string | null {
  const named = process.env['CHROME_PATH']
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named
    throw new Error(`CHROME_PATH names ${named}, which cannot be executed. Correct it, or unset it.`)
  }
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/snap/bin']
  const places = [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...FIXED_PLACES]
  return places.find(isExecutable) ?? null
}

/** Only as root on a system that has apt-get: elsewhere it is not ours to install anything. */
function install(): void {
  if (process.getuid?.() !== 0 || !isExecutable('/usr/bin/apt-get')) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const run = (...words: string[]) => execFileSync('/usr/bin/apt-get', words, { stdio: 'ignore', env })
  try {
    run('update')
    run('install', '-y', '--no-install-recommends', 'chromium', 'fonts-noto-cjk')
  } catch {
    // The error below says what to do.
  }
}

/** The path of a browser. Fails with what to do when there is none. */
function findBrowser(): string {
  const installed = findInstalled()
  if (installed !== null) return installed
  install()
  const after = findInstalled()
  if (after !== null) return after
  throw new Error(
    'The browser tests need Chrome or Chromium. Install one (Debian, Ubuntu: apt-get install chromium fonts-noto-cjk), or set CHROME_PATH to its executable.',
  )
}

/** Finds no host but loopback, not even by a redirect, which no route of a test gets to see. */
const NO_OTHER_HOST = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'

const BARE = fileURLToPath(new URL('browser.sh', import.meta.url))

/** The caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  const env = { ...process.env, LINGPAI_TEST_BROWSER: findBrowser() }
  return await chromium.launch({ executablePath: BARE, env, args: [...ARGUMENTS, NO_OTHER_HOST] })
}

/** A browser of its own for one visit, in which nothing may go wrong unseen: no error in a script, nothing refused. */
export async function visitQuietly(
  browser: Browser,
  look: BrowserContextOptions,
  visit: (tab: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ locale: 'en-US', ...look })
  const complaints: string[] = []
  try {
    const tab = await context.newPage()
    tab.on('console', (message) => complaints.push(message.text()))
    tab.on('pageerror', (error) => complaints.push(error.message))
    await visit(tab)
    expect(complaints).toEqual([])
  } finally {
    await context.close()
  }
}
