// Colours derived from the operator's accent, so that whatever is configured stays readable (WCAG 2.2 §1.4.3, §1.4.11).

type Rgb = readonly [number, number, number]

function parse(hex: string): Rgb {
  const number = Number.parseInt(hex.slice(1), 16)
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255]
}

function write(colour: Rgb): string {
  return `#${colour.map((channel) => Math.round(channel).toString(16).padStart(2, '0')).join('')}`
}

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [red, green, blue] = parse(hex).map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0)
}

export function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05)
}

/** `share` of `over`, the rest `under`. */
function mix(over: string, under: string, share: number): string {
  const [red, green, blue] = parse(over)
  const below = parse(under)
  return write([
    red * share + below[0] * (1 - share),
    green * share + below[1] * (1 - share),
    blue * share + below[2] * (1 - share),
  ])
}

/**
 * Colour for text on this background: white where that can be read, otherwise black. One of the two always reaches a
 * contrast of 4.5.
 */
export function inkOn(background: string): '#ffffff' | '#000000' {
  return contrast('#ffffff', background) >= 4.5 ? '#ffffff' : '#000000'
}

/** The colour itself, or the nearest one towards `pole` that reaches `ratio` on every background. */
function readable(colour: string, backgrounds: readonly string[], ratio: number, pole: '#ffffff' | '#000000'): string {
  for (let share = 0; share < 1; share += 0.02) {
    const candidate = mix(pole, colour, share)
    if (backgrounds.every((background) => contrast(candidate, background) >= ratio)) return candidate
  }
  return pole
}

export interface Palette {
  readonly page: string
  readonly surface: string
  /** The page's colour at its top, fading downwards. */
  readonly glow: string
  /** Background for code and for chosen rows. */
  readonly tint: string
  readonly accent: string
  readonly accentHover: string
  readonly onAccent: string
  /** The accent as text, as a focus ring, as a border. */
  readonly accentText: string
}

export function lightPalette(accent: string): Palette {
  const page = mix(accent, '#f7f8f9', 0.02)
  const glow = mix(accent, '#f7f8f9', 0.1)
  const tint = mix(accent, '#ffffff', 0.07)
  const onAccent = inkOn(accent)
  return {
    page,
    glow,
    surface: '#ffffff',
    tint,
    accent,
    // Mixed away from the colour of the label, so that its contrast only grows.
    accentHover: mix(onAccent === '#ffffff' ? '#000000' : '#ffffff', accent, 0.14),
    onAccent,
    accentText: readable(accent, ['#ffffff', page, glow, tint], 4.6, '#000000'),
  }
}

export function darkPalette(accent: string): Palette {
  const page = mix(accent, '#0f1114', 0.04)
  const glow = mix(accent, '#0f1114', 0.16)
  const surface = mix(accent, '#191c21', 0.05)
  const tint = mix(accent, '#20242a', 0.14)
  const accentText = readable(accent, [page, glow, surface, tint], 5.5, '#ffffff')
  const fill = readable(accent, [surface], 3, '#ffffff')
  const onAccent = inkOn(fill)
  return {
    page,
    glow,
    surface,
    tint,
    accent: fill,
    accentHover: mix(onAccent === '#ffffff' ? '#000000' : '#ffffff', fill, 0.14),
    onAccent,
    accentText,
  }
}
