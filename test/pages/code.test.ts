// Commands and addresses in a real browser: broken at no hyphen, never wider than a phone, and taken whole by one click.

import type { Browser, Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LOCALES } from '../../src/pages/index.ts'
import { launchBrowser } from '../support/browser.ts'
import { frameIn, samples } from './samples.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
}, 300_000)
afterAll(async () => {
  await browser?.close()
})

const PAGES = ['front before the set-up', 'set-up 3 restart', 'set-up 3 again', 'waiting out of reach', 'set-up 2']

async function shown(name: string, locale: (typeof LOCALES)[number], width: number): Promise<Tab> {
  const sample = samples.find((each) => each.name === name)
  if (sample === undefined) throw new Error(`no sample ${name}`)
  const tab = await browser.newPage({ viewport: { width, height: 800 } })
  await tab.setContent(sample.page(frameIn(locale)).html)
  return tab
}

/** Each hyphen of a marked text that stands at the end of a line, with the letter behind it on the next one. */
const BROKEN = `(() => [...document.querySelectorAll('code')].flatMap((code) => {
  const letters = []
  const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
    for (let at = 0; at < node.length; at++) letters.push({ node, at })
  const top = ({ node, at }) => {
    const range = document.createRange()
    range.setStart(node, at)
    range.setEnd(node, at + 1)
    return Math.round(range.getBoundingClientRect().top)
  }
  return letters.flatMap((letter, index) => {
    const next = letters[index + 1]
    const isHyphen = letter.node.data[letter.at] === '-' && next !== undefined
    return isHyphen && Math.abs(top(letter) - top(next)) > 4 ? [code.textContent] : []
  })
}))()`

describe.each(LOCALES)('in %s', (locale) => {
  test.each([320, 360, 1280])(
    'at %i pixels no command is broken behind a hyphen, and nothing is wider than the page',
    async (width) => {
      for (const name of PAGES) {
        const tab = await shown(name, locale, width)
        expect(await tab.locator('code').count(), name).toBeGreaterThan(0)
        expect(await tab.evaluate(BROKEN), name).toEqual([])
        expect(await tab.evaluate('document.documentElement.scrollWidth - innerWidth'), name).toBeLessThanOrEqual(0)
        await tab.close()
      }
    },
  )

  test('one click takes a whole command, without the sentence around it', async () => {
    const tab = await shown('set-up 3 restart', locale, 360)
    await tab.locator('code', { hasText: '--trusted-proxies' }).click()
    expect(await tab.evaluate('String(getSelection())')).toBe('npx lingpai start --trusted-proxies 127.0.0.1')
    await tab.close()
  })
})
