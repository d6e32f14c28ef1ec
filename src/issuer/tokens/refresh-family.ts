// Where a refresh token stands in its family: it is the one that is good, the one that was replaced last, or an older one.

import { type PresentedRefreshToken, ROTATIONS_COUNTED } from '../../credentials/refresh-token.ts'
import type { RefreshFamily } from '../../model/grant.ts'
import type { Seconds } from '../../model/time.ts'
import type { FoundFamily, LastRotation } from '../../store/verbs/tokens.ts'

export type Standing =
  | { readonly kind: 'current' }
  /** `last`: the rotation that replaced it. */
  | { readonly kind: 'replaced'; readonly last: LastRotation; readonly usedAt: Seconds }
  /** `last`: the rotation that made the current one. `usedAt`: null where that is longer ago than a repeat may come. */
  | { readonly kind: 'older'; readonly last: LastRotation; readonly usedAt: Seconds | null }
  /** None of this family, or of a time that the database has lost. */
  | { readonly kind: 'unknown' }

/**
 * The current token and the one that was replaced are proven by their hash. Of an older one its family knows no more than that
 * there was one: `isOurs` says whether the token itself proves that it is that one.
 */
export function standingOf(
  found: Standable,
  { rotations, grantId }: Pick<PresentedRefreshToken, 'rotations' | 'grantId'>,
  isOurs: () => boolean,
): Standing {
  const { family, last } = found
  if (found.isCurrent) return { kind: 'current' }
  if (last === null) return { kind: 'unknown' }
  if (last.isOfPresented) return { kind: 'replaced', last, usedAt: last.rotatedAt }
  const before = found.formerRotations ?? rotations
  // Ahead of the current one: the database was set back, by a restored backup. Once counting has begun again nobody knows.
  if (before >= family.rotations) return { kind: 'unknown' }
  // One that names no grant was found by its hash.
  if (grantId !== null && !isOurs()) return { kind: 'unknown' }
  return { kind: 'older', last, usedAt: usedAt(family, (family.rotations - before) % ROTATIONS_COUNTED) }
}

type Standable = Pick<FoundFamily, 'family' | 'isCurrent' | 'last' | 'formerRotations'>

/** No honest program refreshes more often within one window, and then repeats what it used so many tokens ago. */
const MOST_EARLIER = 16
/** Ten digits, which seconds have until 2286, and a space. */
const EACH = 11

const written = (at: Seconds) => `${String(at).padStart(EACH - 1, '0')} `
const instantAt = (times: string, at: number) => Number(times.slice(at, at + EACH))

/** When a token was used after which `since` others came. */
function usedAt({ earlierRotations, current }: RefreshFamily, since: number): Seconds | null {
  const times = `${earlierRotations}${written(current.issuedAt)}`
  const at = times.length - since * EACH
  return at < 0 || at === times.length ? null : instantAt(times, at)
}

/** Clocks of nodes differ: one that is ahead must not forget what is still within the window by another. */
const SLACK: Seconds = 60

/** What to remember beside a rotation now: when those before it were that a repeat may still concern. */
export function earlierRotations(family: RefreshFamily, now: Seconds, window: Seconds): string {
  if (family.rotations === 0) return ''
  const times = `${family.earlierRotations}${written(family.current.issuedAt)}`
  // They are counted from the end, so that none is left out between two others.
  let from = Math.max(0, times.length - MOST_EARLIER * EACH)
  while (from < times.length && now - instantAt(times, from) > window + SLACK) from += EACH
  return times.slice(from)
}
