// Every page in a real browser: WCAG 2.2 A and AA by axe with no rule switched off, in both languages, on a phone and on a desk,
// and its colours in the dark as well; nothing scrolls sideways, and nothing leaves for another host.

import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contentSecurityPolicy } from '../../src/http/reply/security-headers.ts'
import { LOCALES, type Locale, type Page } from '../../src/pages/index.ts'
import { launchBrowser } from '../support/browser.ts'
import { brand, frameIn, samples } from './samples.ts'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa']
/** No page has frames, so axe may gather its findings in the tab itself (its `legacy` mode), which is much faster. */
async function analyze(tab: Tab, rules?: readonly string[]) {
  const axe = new AxeBuilder({ page: tab }).setLegacyMode(true)
  return await (rules === undefined ? axe.withTags(TAGS) : axe.withRules([...rules])).analyze()
}

/** Those of them that see colours: all that changes in the dark. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block']

const ORIGIN = 'http://sso.test'

let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
}, 300_000)

afterAll(async () => {
  await browser?.close()
})

interface Stage {
  readonly context: BrowserContext
  readonly tab: Tab
  /** Shows the page under its own policy, and tells what the browser complained about. */
  show(page: Page): Promise<readonly string[]>
}

async function stage(options: Parameters<Browser['newContext']>[0]): Promise<Stage> {
  const context = await browser.newContext(options)
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
  }
}

const stages = LOCALES.flatMap((locale) => [360, 1280].map((width) => ({ locale, width })))

describe.each(stages)('$locale, $width px', ({ locale, width }) => {
  let on: Stage
  beforeAll(async () => {
    on = await stage({ colorScheme: 'light', viewport: { width, height: 800 }, reducedMotion: 'reduce' })
  })
  afterAll(async () => {
    await on?.context.close()
  })

  test.each(samples)('axe finds nothing on $name', async ({ page }) => {
    expect(await on.show(page(frameIn(locale)))).toEqual([])
    const found = await analyze(on.tab)
    expect(found.passes.length).toBeGreaterThan(5)
    expect(
      found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' ')}`),
    ).toEqual([])
  })
})

// What changes in the dark are the colours, which are the same in both languages.
describe.each([360, 1280])('dark, %d px', (width) => {
  let on: Stage
  beforeAll(async () => {
    on = await stage({ colorScheme: 'dark', viewport: { width, height: 800 }, reducedMotion: 'reduce' })
  })
  afterAll(async () => {
    await on?.context.close()
  })

  test.each(samples)('axe finds no colour wrong on $name', async ({ page }) => {
    expect(await on.show(page(frameIn('zh-CN')))).toEqual([])
    const found = await analyze(on.tab, OF_COLOURS)
    expect(found.passes.map(({ id }) => id)).toContain('color-contrast')
    expect(
      found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' ')}`),
    ).toEqual([])
  })
})

test('axe does find what is wrong when something is', async () => {
  const on = await stage({})
  const made = samples[0]?.page(frameIn('en'))
  if (!made) throw new Error('there are no samples')
  await on.show({ ...made, html: made.html.replace('<label for="username">', '<label>') })
  const found = await analyze(on.tab)
  expect(found.violations.map((violation) => violation.id)).toContain('label')
  await on.context.close()
})

test('axe does find a colour that is wrong in the dark', async () => {
  const on = await stage({ colorScheme: 'dark' })
  const made = samples[0]?.page(frameIn('en'))
  if (!made) throw new Error('there are no samples')
  await on.show(made)
  await on.tab.evaluate(`document.querySelector('h1').style.color = '#333'`)
  const found = await analyze(on.tab, OF_COLOURS)
  expect(found.violations.map((violation) => violation.id)).toContain('color-contrast')
  await on.context.close()
})

describe.each([
  ['§1.4.10 on the narrowest screen', 320, '16px'],
  ['§1.4.4 with text twice as large', 640, '32px'],
] as const)('%s', (_clause, width, size) => {
  test.each(LOCALES)('nothing scrolls sideways (%s)', async (locale: Locale) => {
    const on = await stage({ viewport: { width, height: 640 } })
    const tooWide: string[] = []
    for (const { name, page } of samples) {
      const made = page(frameIn(locale))
      await on.show(made)
      // As a browser's larger default text would be: `font-size: 100%` follows it.
      await on.tab.evaluate(`document.documentElement.style.setProperty('font-size', '${size}')`)
      const overflow = await on.tab.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      if (overflow > 0) tooWide.push(`${name}: ${overflow}`)
    }
    expect(tooWide).toEqual([])
    await on.context.close()
  })
})

describe('a picture without a ground of its own is seen', () => {
  /** Luminances (WCAG 2.2, relative luminance) of all points of what stands inside `.client-logo`, and its ground. */
  const MEASURE = `async (png) => {
    const picture = await createImageBitmap(await (await fetch(png)).blob())
    const canvas = new OffscreenCanvas(picture.width, picture.height)
    const context = canvas.getContext('2d')
    context.drawImage(picture, 0, 0)
    const { data } = context.getImageData(0, 0, picture.width, picture.height)
    const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4)
    const lights = []
    for (let at = 0; at < data.length; at += 4)
      lights.push(0.2126 * linear(data[at]) + 0.7152 * linear(data[at + 1]) + 0.0722 * linear(data[at + 2]))
    return { darkest: Math.min(...lights), ground: lights[0] }
  }`
  const drawn = (colour: string) =>
    `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><circle cx="48" cy="48" r="30" fill="none" stroke="${colour}" stroke-width="8"/></svg>`)}`

  test.each([
    ['light', '#ffffff', 2],
    ['dark', '#ffffff', 2],
    ['light', '#000000', 15],
    ['dark', '#000000', 15],
  ] as const)('%s: %s', async (colorScheme, colour, least) => {
    const made = samples.find(({ name }) => name === 'sign-in unverified')?.page(frameIn('en'))
    if (!made) throw new Error('there is no sample with a picture')
    const on = await stage({ colorScheme })
    await on.show({ ...made, html: made.html.replace(/\/sso\/client-logo[^"]+/, drawn(colour)) })
    const png = await on.tab.locator('#client-logo').screenshot()
    const blank = await on.context.newPage()
    const { darkest, ground } = await blank.evaluate<{ darkest: number; ground: number }>(
      `(${MEASURE})('data:image/png;base64,${png.toString('base64')}')`,
    )
    expect((ground + 0.05) / (darkest + 0.05)).toBeGreaterThan(least)
    await on.context.close()
  })
})

describe('an operator’s own colour', () => {
  test.each(['#ffd400', '#ffffff', '#000000', '#e60012', '#0052d9', '#7c7c7c'])(
    '%s stays readable in light and dark',
    async (accent) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        const on = await stage({ colorScheme, reducedMotion: 'reduce' })
        for (const name of ['sign-in error', 'choose-account', 'consent', 'set-up 2']) {
          const made = samples.find((sample) => sample.name === name)?.page(frameIn('en', { ...brand, accent }))
          if (!made) throw new Error(`there is no sample called ${name}`)
          await on.show(made)
          const found = await analyze(on.tab)
          expect(found.violations.map((violation) => `${name} ${violation.id}`)).toEqual([])
        }
        await on.context.close()
      }
    },
  )
})

describe('scripts only add', () => {
  const values = samples.find((sample) => sample.name === 'set-up 3 values')?.page(frameIn('en'))

  test('without scripts there is no dead copy button, and the value can be selected', async () => {
    if (!values) throw new Error('there is no such sample')
    const on = await stage({ javaScriptEnabled: false })
    await on.show(values)
    expect(await on.tab.getByRole('button', { name: /Copy/ }).count()).toBe(0)
    expect(await on.tab.locator('#ClientId').inputValue()).toBe('k3v9x2m7q1w8e5r4t6y0u3i2o9p8a7s6')
    await on.context.close()
  })

  test('with scripts each of the six values has a copy button that says when it has copied', async () => {
    if (!values) throw new Error('there is no such sample')
    const on = await stage({})
    expect(await on.show(values)).toEqual([])
    expect(await on.tab.getByRole('button', { name: /Copy/ }).count()).toBe(6)
    await on.tab.getByRole('button', { name: 'Copy Scope' }).click()
    await on.tab.getByRole('button', { name: 'Copied Scope' }).waitFor()
    await on.context.close()
  })

  test('the waiting page takes over a new state by itself, and can be told to stop', async () => {
    const waiting = samples.find((sample) => sample.name === 'waiting')?.page(frameIn('en'))
    if (!waiting) throw new Error('there is no such sample')
    const on = await stage({})
    await on.show(waiting)
    const changed = { ...waiting, html: waiting.html.replaceAll('tr_9', 'tr_10') }
    const look = on.tab.waitForResponse(`${ORIGIN}/`)
    await on.tab.unroute('**/*')
    await on.tab.route('**/*', (route) =>
      route.fulfill({ contentType: 'text/html; charset=utf-8', body: changed.html }),
    )
    await look
    await on.tab.getByText('tr_10').first().waitFor()
    await on.tab.getByRole('button', { name: 'Stop that' }).click()
    expect(await on.tab.locator('#automatic').isVisible()).toBe(false)
    await on.context.close()
  })
})
