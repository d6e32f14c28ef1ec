// What operators and their clients dress pages in, in a real browser: a colour of their own stays readable, and a picture
// without a ground is seen, in the light and in the dark.

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { analyze } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { brand, frameIn, samples } from './samples.ts'
import { stage } from './stage.ts'

let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
}, 300_000)

afterAll(async () => {
  await browser?.close()
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
    const on = await stage(browser, { colorScheme })
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
      const on = await stage(browser, { reducedMotion: 'reduce' })
      for (const name of ['sign-in error', 'choose-account', 'consent', 'set-up 2']) {
        const made = samples.find((sample) => sample.name === name)?.page(frameIn('en', { ...brand, accent }))
        if (!made) throw new Error(`there is no sample called ${name}`)
        await on.show(made)
        for (const colorScheme of ['light', 'dark'] as const) {
          await on.tab.emulateMedia({ colorScheme })
          const { violations } = await analyze(on.tab)
          expect(violations, `${name}, ${colorScheme}`).toEqual([])
        }
      }
      await on.context.close()
    },
  )
})
