// Every page in a real browser: WCAG 2.2 A and AA by axe with no rule switched off, in both languages, on a phone and on a desk,
// and its colours in the dark as well; nothing scrolls sideways, and nothing leaves for another host.

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LOCALES } from '../../src/pages/index.ts'
import { analyze, OF_COLOURS } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { frameIn, samples } from './samples.ts'
import { ORIGIN, type Stage, stage } from './stage.ts'

let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
}, 300_000)

afterAll(async () => {
  await browser?.close()
})

// Each page is loaded once for all that is asked of it: to size and scheme it must answer whenever they change.
describe.each(LOCALES)('%s', (locale) => {
  let on: Stage
  beforeAll(async () => {
    on = await stage(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  })
  afterAll(async () => {
    await on?.context.close()
  })

  describe.each(samples)('$name', ({ page }) => {
    beforeAll(async () => {
      await on.show(page(frameIn(locale)))
    })

    test.each([360, 1280])('axe finds nothing at %d px', async (width) => {
      await on.tab.setViewportSize({ width, height: 800 })
      const { passed, violations } = await analyze(on.tab)
      expect(on.complaints()).toEqual([])
      expect(passed.length).toBeGreaterThan(5)
      expect(violations).toEqual([])
    })

    // What changes in the dark are the colours, which are the same in both languages.
    if (locale === 'zh-CN') {
      describe('in the dark', () => {
        beforeAll(() => on.tab.emulateMedia({ colorScheme: 'dark' }))
        afterAll(() => on.tab.emulateMedia({ colorScheme: 'light' }))

        test.each([360, 1280])('axe finds no colour wrong at %d px', async (width) => {
          await on.tab.setViewportSize({ width, height: 800 })
          const { passed, violations } = await analyze(on.tab, OF_COLOURS)
          expect(on.complaints()).toEqual([])
          expect(passed).toContain('color-contrast')
          expect(violations).toEqual([])
        })
      })
    }

    test.each([
      ['§1.4.10 on the narrowest screen', 320, '16px'],
      ['§1.4.4 with text twice as large', 640, '32px'],
    ] as const)('%s nothing scrolls sideways', async (_clause, width, size) => {
      await on.tab.setViewportSize({ width, height: 640 })
      // As a browser's larger default text would be: `font-size: 100%` follows it.
      const overflow = await on.tab.evaluate<number>(`(() => {
        const all = document.documentElement
        all.style.setProperty('font-size', '${size}')
        return all.scrollWidth - all.clientWidth
      })()`)
      expect(overflow).toBeLessThanOrEqual(0)
    })
  })
})

test('axe does find what is wrong when something is', async () => {
  const on = await stage(browser, {})
  const made = samples[0]?.page(frameIn('en'))
  if (!made) throw new Error('there are no samples')
  await on.show({ ...made, html: made.html.replace('<label for="username">', '<label>') })
  expect((await analyze(on.tab)).violations.join()).toContain('label: ')
  await on.context.close()
})

test('axe does find a colour that is wrong in the dark', async () => {
  const on = await stage(browser, { colorScheme: 'light' })
  const made = samples[0]?.page(frameIn('en'))
  if (!made) throw new Error('there are no samples')
  await on.show(made)
  await on.tab.emulateMedia({ colorScheme: 'dark' })
  await on.tab.evaluate(`document.querySelector('h1').style.color = '#333'`)
  expect((await analyze(on.tab, OF_COLOURS)).violations.join()).toContain('color-contrast: ')
  await on.context.close()
})

test('what a page would load in the dark only is noticed, though it was loaded in the light', async () => {
  const on = await stage(browser, { colorScheme: 'light' })
  const made = samples[0]?.page(frameIn('en'))
  if (!made) throw new Error('there are no samples')
  const picture =
    '<picture><source media="(prefers-color-scheme: dark)" srcset="https://x.test/dark.png"><img alt=""></picture>'
  expect(await on.show({ ...made, html: made.html.replace('</main>', `${picture}</main>`) })).toEqual([])
  await analyze(on.tab)
  expect(on.complaints()).toEqual([])
  await on.tab.emulateMedia({ colorScheme: 'dark' })
  await analyze(on.tab, OF_COLOURS)
  expect(on.complaints().join()).toContain('https://x.test/dark.png')
  await on.context.close()
})

describe('scripts only add', () => {
  const values = samples.find((sample) => sample.name === 'set-up 3 values')?.page(frameIn('en'))

  test('without scripts there is no dead copy button, and the value can be selected', async () => {
    if (!values) throw new Error('there is no such sample')
    const on = await stage(browser, { javaScriptEnabled: false })
    await on.show(values)
    expect(await on.tab.getByRole('button', { name: /Copy/ }).count()).toBe(0)
    expect(await on.tab.locator('#ClientId').inputValue()).toBe('k3v9x2m7q1w8e5r4t6y0u3i2o9p8a7s6')
    await on.context.close()
  })

  test('with scripts each of the six values has a copy button that says when it has copied', async () => {
    if (!values) throw new Error('there is no such sample')
    const on = await stage(browser, {})
    expect(await on.show(values)).toEqual([])
    expect(await on.tab.getByRole('button', { name: /Copy/ }).count()).toBe(6)
    await on.tab.getByRole('button', { name: 'Copy Scope' }).click()
    await on.tab.getByRole('button', { name: 'Copied Scope' }).waitFor()
    await on.context.close()
  })

  test('the waiting page takes over a new state by itself, and can be told to stop', async () => {
    const waiting = samples.find((sample) => sample.name === 'waiting')?.page(frameIn('en'))
    if (!waiting) throw new Error('there is no such sample')
    const on = await stage(browser, {})
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
