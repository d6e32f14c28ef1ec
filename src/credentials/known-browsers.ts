// Known browsers: a signed cookie, set by a successful sign-in, lets its owner go on trying while strangers must wait.
// It names nobody in clear: each entry is a day and a tag that only this server can match to a user.

import type { Seconds } from '../model/time.ts'
import { newId } from '../platform/random.ts'
import { sameBytes } from './digest.ts'
import type { MasterKey } from './master-key.ts'

/** How many people one browser can be known for; the one not seen for longest makes room. */
const MOST_PEOPLE = 5
export const DEVICE_LIFETIME: Seconds = 180 * 86_400
const LIFETIME_DAYS = 180
const TAG_BYTES = 16
const LONGEST_COOKIE = 256
const DEVICE_ID = /^dv_[a-z0-9]{24}$/
const ENTRY = /^[0-9a-z]{1,5}-[A-Za-z0-9_-]{22}$/

export interface KnownBrowsers {
  /** True when this browser has signed this user in within the last 180 days. */
  knows(cookie: string | null, userId: string, now: Seconds): boolean
  /** The cookie's new value after a successful sign-in. */
  remember(cookie: string | null, userId: string, now: Seconds): string
  /** The name under which a known browser's own failures are counted; to be trusted only together with `knows`. */
  deviceId(cookie: string | null): string | null
}

interface DeviceCookie {
  readonly id: string
  readonly entries: readonly { readonly day: number; readonly tag: string }[]
}

export function createKnownBrowsers(master: MasterKey): KnownBrowsers {
  const tagOf = (id: string, userId: string, day: number): string =>
    Buffer.from(master.hmac('device', JSON.stringify([id, userId, day])))
      .subarray(0, TAG_BYTES)
      .toString('base64url')
  const isTagOf = (tag: string, id: string, userId: string, day: number): boolean =>
    sameBytes(Buffer.from(tag, 'latin1'), Buffer.from(tagOf(id, userId, day), 'latin1'))

  return {
    knows(cookie, userId, now) {
      const device = parseDevice(cookie)
      if (device === null) return false
      const today = dayOf(now)
      // Every entry is compared, so that the time does not tell which one matched.
      return (
        device.entries.filter(({ day, tag }) => isTagOf(tag, device.id, userId, day) && isFresh(day, today)).length > 0
      )
    },
    remember(cookie, userId, now) {
      const device = parseDevice(cookie) ?? { id: newId('dv'), entries: [] }
      const today = dayOf(now)
      const others = device.entries.filter(
        ({ day, tag }) => isFresh(day, today) && !isTagOf(tag, device.id, userId, day),
      )
      const entries = [{ day: today, tag: tagOf(device.id, userId, today) }, ...others].slice(0, MOST_PEOPLE)
      return [device.id, ...entries.map(({ day, tag }) => `${day.toString(36)}-${tag}`)].join('.')
    },
    deviceId: (cookie) => parseDevice(cookie)?.id ?? null,
  }
}

/** Null for anything that this server has not written. A cookie is not trusted until its tags have been compared. */
function parseDevice(cookie: string | null): DeviceCookie | null {
  if (cookie === null || cookie.length > LONGEST_COOKIE) return null
  const [id, ...texts] = cookie.split('.')
  if (id === undefined || !DEVICE_ID.test(id) || texts.length > MOST_PEOPLE) return null
  if (!texts.every((text) => ENTRY.test(text))) return null
  const entries = texts.map((text) => {
    const cut = text.indexOf('-')
    return { day: Number.parseInt(text.slice(0, cut), 36), tag: text.slice(cut + 1) }
  })
  return { id, entries }
}

function isFresh(day: number, today: number): boolean {
  return day <= today && day > today - LIFETIME_DAYS
}

function dayOf(now: Seconds): number {
  return Math.floor(now / 86_400)
}
