// Instants as a person reads them: a moment with the name of its zone, and how long ago.

import type { Locale } from '../look/locale.ts'
import { type Html, html } from '../markup/html.ts'
import { WORDS } from '../words/index.ts'

/** Formatters for the dates and times of one page. Making one takes longer than all that it formats, so it is made once. */
export interface Calendar {
  readonly locale: Locale
  readonly moment: Intl.DateTimeFormat
  readonly offset: Intl.DateTimeFormat
  readonly ago: Intl.RelativeTimeFormat
}

/** `zone`: where the person is; null, or none that there is: where the server is. */
export function calendarOf(locale: Locale, zone: string | null): Calendar {
  const timeZone = zone === null || !isZone(zone) ? {} : { timeZone: zone }
  const day = { year: 'numeric', month: 'short', day: 'numeric' } as const
  const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  return {
    locale,
    // Day before month, as in most of the world that reads English.
    moment: new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, { ...day, ...clock, ...timeZone }),
    // English also on Chinese pages: `UTC+8` is written alike in both.
    offset: new Intl.DateTimeFormat('en', { timeZoneName: 'shortOffset', ...timeZone }),
    ago: new Intl.RelativeTimeFormat(locale, { numeric: 'always' }),
  }
}

/** What a profile says may be no zone at all. */
function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone }).format()
    return true
  } catch {
    return false
  }
}

/** The time zone is added, because it may be the server's and not the reader's. */
export function momentText(seconds: number, calendar: Calendar): string {
  const { inZone } = WORDS[calendar.locale].account
  return inZone(calendar.moment.format(seconds * 1000), zoneName(seconds, calendar))
}

export function momentOf(seconds: number, calendar: Calendar): Html {
  return time(seconds, momentText(seconds, calendar))
}

const STEPS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** In the largest unit that has passed whole; less than a minute is `justNow`. */
export function agoOf(seconds: number, now: number, { ago }: Calendar, justNow: string): Html {
  const passed = now - seconds
  const step = STEPS.find(([, each]) => passed >= each)
  if (step === undefined) return time(seconds, justNow)
  const [unit, length] = step
  return time(seconds, ago.format(-Math.floor(passed / length), unit))
}

function time(seconds: number, text: string): Html {
  return html`<time datetime="${new Date(seconds * 1000).toISOString()}">${text}</time>`
}

/** `UTC+8`; it differs between summer and winter. */
function zoneName(seconds: number, { offset }: Calendar): string {
  const parts = offset.formatToParts(seconds * 1000)
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  return `UTC${name.replace(/^GMT/, '').replace(/^[+-]0$/, '')}`
}
