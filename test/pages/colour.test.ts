// WCAG 2.2 contrast, whatever accent the operator chooses.

import { describe, expect, test } from 'vitest'
import { parseAccent } from '../../src/pages/index.ts'
import { contrast, darkPalette, lightPalette, type Palette } from '../../src/pages/look/colour.ts'
import { stylesheet } from '../../src/pages/look/styles.ts'

const levels = ['00', '40', '80', 'c0', 'ff']
const accents = levels.flatMap((red) => levels.flatMap((green) => levels.map((blue) => `#${red}${green}${blue}`)))

const modes = [
  { name: 'light', palette: lightPalette, ink: '#14181f', muted: '#555e6c' },
  { name: 'dark', palette: darkPalette, ink: '#eceef2', muted: '#a8b0bc' },
]

function worst(of: readonly (readonly [string, string])[]): number {
  return Math.min(...of.map(([one, other]) => contrast(one, other)))
}

const backgrounds = (palette: Palette) => [palette.page, palette.glow, palette.surface, palette.tint]

test('contrast is the one of WCAG 2.2', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.478, 2)
})

describe.each(modes)('$name mode', ({ palette, ink, muted }) => {
  test.each(accents)(
    '§1.4.3, §1.4.11 every text can be read, and the ring of the focus seen, with accent %s',
    (accent) => {
      const made = palette(accent)
      expect(worst(backgrounds(made).map((background) => [made.accentText, background]))).toBeGreaterThanOrEqual(4.5)
      expect(worst(backgrounds(made).map((background) => [ink, background]))).toBeGreaterThanOrEqual(7)
      expect(worst(backgrounds(made).map((background) => [muted, background]))).toBeGreaterThanOrEqual(4.5)
      expect(contrast(made.onAccent, made.accent)).toBeGreaterThanOrEqual(4.5)
      expect(contrast(made.onAccent, made.accentHover)).toBeGreaterThanOrEqual(4.5)
    },
  )
})

test('the colours tested here are the ones of the stylesheet', () => {
  const { css } = stylesheet('#336699', 'plain')
  for (const { ink, muted } of modes) expect(css).toContain(`--ink:${ink};--muted:${muted}`)
  expect(css).toContain('outline:3px solid var(--accent-text)')
  expect(css).toContain(`--accent-text:${lightPalette('#336699').accentText}`)
})

test('only a colour that can be computed with is taken', () => {
  expect(parseAccent('#0AF')).toBe('#00aaff')
  expect(parseAccent(' #123456 ')).toBe('#123456')
  expect(parseAccent('red;}</style><script>')).toBeNull()
  expect(stylesheet('red;}</style>', 'plain').css).toBe(stylesheet(undefined, 'plain').css)
})
