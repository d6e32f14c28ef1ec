// Takes the pictures of README.md anew: the pages of a sign-in to 制作云, as a browser shows them, in both languages.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page as Tab } from 'playwright-core'
import { authorizeUrl } from '../test/support/authorize.ts'
import { startJourney } from '../test/support/journey.ts'
import { TEST_PASSWORD } from '../test/support/server.ts'
import { readFlags } from './read-flags.ts'

const USAGE = `node scripts/pictures.ts [--folder FOLDER]
Takes the pictures of README.md anew, into docs/images unless another folder is given. Look at them before you commit them.`

const { values } = readFlags(USAGE, {
  options: { folder: { type: 'string', default: fileURLToPath(new URL('../docs/images', import.meta.url)) } },
})

const CALLBACK = 'https://api.vs.tencent.com/Oauth/Login/Callback'

mkdirSync(values.folder, { recursive: true })
const { browser, host, close } = await startJourney()
try {
  await host.addClient('tenant', 'zhizuoyun', { client_name: '制作云' })
  await host.addUser('alice', {
    userId: '7803c26c-5f27-46b4-aac7-6b3e05e4e17a',
    profile: { displayName: '张三' },
    phone: '+8613800138000',
    phoneVerified: true,
  })
  // The README shows them 380 px wide: twice that is sharp everywhere.
  for (const [locale, suffix] of [
    ['en', ''],
    ['zh-CN', '.zh-CN'],
  ] as const) {
    const look = {
      locale,
      colorScheme: 'light',
      viewport: { width: 520, height: 700 },
      deviceScaleFactor: 1.5,
    } as const
    const context = await browser.newContext(look)
    const tab = await context.newPage()
    await tab.goto(authorizeUrl(host, { client_id: 'tenant', redirect_uri: CALLBACK, scope: 'openid profile phone' }))
    await tab.fill('#username', 'alice')
    await take(tab, `sign-in${suffix}`)
    await tab.fill('#password', TEST_PASSWORD)
    await tab.click('#login-submit')
    await tab.waitForSelector('#consent-allow')
    await take(tab, `consent${suffix}`)
    await context.close()
  }
} finally {
  await close()
}

async function take(tab: Tab, name: string): Promise<void> {
  const path = join(values.folder, `${name}.png`)
  await tab.screenshot({ path, fullPage: true, animations: 'disabled' })
  console.log(path)
}
