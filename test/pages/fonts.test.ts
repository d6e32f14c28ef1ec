// In which fonts a page is drawn: Latin ones first where it is in English, Chinese ones first where it is in Chinese, so that
// quotation marks and dashes, which both have, are as wide as the language has them.

import type { Browser, Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LOCALES, type Locale } from '../../src/pages/index.ts'
import { launchBrowser } from '../support/browser.ts'
import { frameIn, samples } from './samples.ts'

let browser: Browser
let tab: Tab
beforeAll(async () => {
  browser = await launchBrowser()
  tab = await browser.newPage()
}, 300_000)
afterAll(() => browser.close())

const MARKS = ['“', '”', '‘', '’', '—', '…'] as const

/** Of each mark between two words, in the size of the text, where `where` stands. */
const MEASURE = `(where, words, marks) => {
  const place = document.querySelector(where)
  const probe = document.createElement('span')
  probe.style.whiteSpace = 'pre'
  place.append(probe)
  const width = (text) => { probe.textContent = text; return probe.getBoundingClientRect().width }
  const size = Number.parseFloat(getComputedStyle(probe).fontSize)
  const widths = marks.map((mark) => (width(words.join(mark)) - width(words.join(''))) / size)
  probe.remove()
  return widths
}`

async function widths(where: string, locale: Locale): Promise<number[]> {
  const words = locale === 'en' ? ['sign', 'in'] : ['登录', '服务']
  return tab.evaluate<number[]>(
    `(${MEASURE})(${JSON.stringify(where)}, ${JSON.stringify(words)}, ${JSON.stringify(MARKS)})`,
  )
}

async function show(name: string, locale: Locale): Promise<void> {
  const made = samples.find((sample) => sample.name === name)?.page(frameIn(locale))
  if (made === undefined) throw new Error(`there is no sample called ${name}`)
  await tab.setContent(made.html)
}

/** An em dash is an em in either; the others tell the fonts apart. */
const narrow = (mark: string) => (mark === '—' || mark === '…' ? 1.05 : 0.75)

test.each(['h1', 'p', 'button'])('marks on an English page are those of a Latin font: %s', async (where) => {
  await show('withdraw', 'en')
  for (const [at, width] of (await widths(`main ${where}`, 'en')).entries()) {
    const mark = MARKS[at] ?? ''
    expect(width, mark).toBeGreaterThan(0.1)
    expect(width, mark).toBeLessThan(narrow(mark))
  }
})

test.each(['h1', 'p', 'button'])('marks on a Chinese page are as wide as a character: %s', async (where) => {
  await show('withdraw', 'zh-CN')
  for (const [at, width] of (await widths(`main ${where}`, 'zh-CN')).entries()) {
    expect(width, MARKS[at] ?? '').toBeGreaterThan(0.9)
  }
})

test('a text in the other language is drawn in its own fonts, and says which language it is in', async () => {
  await show('error', 'zh-CN')
  expect((await widths('#error-description', 'en'))[0]).toBeLessThan(0.75)
  await show('error', 'en')
  expect((await widths('.bottom [lang="zh-CN"]', 'zh-CN'))[0]).toBeGreaterThan(0.9)
})

test.each(LOCALES)(
  'the filings in the footer are in Chinese, and the page says so where it is not (%s)',
  async (locale) => {
    await show('sign-in', locale)
    const languages = await tab
      .locator('.bottom a[href*="beian"]')
      .evaluateAll((links) => links.map((link) => link.closest('[lang]')?.getAttribute('lang')))
    expect(languages).toEqual(['zh-CN', 'zh-CN'])
  },
)
