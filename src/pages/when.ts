// Instants as a person reads them: a date, a moment with the name of its zone, and how long ago.

import { type Html, html } from './html.ts'
import type { Locale } from './locale.ts'

export interface Calendar {
  readonly locale: Locale
  /** Where the person is; null or unknown: where the server is. */
  readonly zone: string | null
}

export function dateOf(seconds: number, calendar: Calendar): Html {
  return time(seconds, written(seconds, calendar, { dateStyle: 'medium' }))
}

/** The zone is named: the server's may be another one than the reader's. */
export function momentText(seconds: number, calendar: Calendar): string {
  const day = { year: 'numeric', month: 'short', day: 'numeric' } as const
  const moment = written(seconds, calendar, { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  return `${moment} ${zoneName(seconds, calendar)}`
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
export function agoOf(seconds: number, now: number, { locale }: Calendar, justNow: string): Html {
  const passed = now - seconds
  const step = STEPS.find(([, each]) => passed >= each)
  if (step === undefined) return time(seconds, justNow)
  const [unit, length] = step
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'always' })
  return time(seconds, format.format(-Math.floor(passed / length), unit))
}

function time(seconds: number, text: string): Html {
  return html`<time datetime="${new Date(seconds * 1000).toISOString()}">${text}</time>`
}

function written(seconds: number, calendar: Calendar, options: Intl.DateTimeFormatOptions): string {
  return formatOf(calendar, options).format(seconds * 1000)
}

/** Every language puts it elsewhere, some between the day and the hour. */
function zoneName(seconds: number, calendar: Calendar): string {
  const parts = formatOf(calendar, { timeZoneName: 'short' }).formatToParts(seconds * 1000)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

function formatOf({ locale, zone }: Calendar, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  // Day before month, as in most of the world that reads English.
  const language = locale === 'en' ? 'en-GB' : locale
  try {
    return new Intl.DateTimeFormat(language, { ...options, ...(zone !== null && { timeZone: zone }) })
  } catch {
    // What a profile says may be no zone at all.
    return new Intl.DateTimeFormat(language, options)
  }
}
