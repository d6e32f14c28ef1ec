// Where a refresh token stands in its family: it is the current one, the one that was replaced last, or an older one.

import { type PresentedRefreshToken, ROTATIONS_COUNTED } from '../../credentials/refresh-token.ts'
import type { RefreshFamily } from '../../model/grant.ts'
import type { Seconds } from '../../model/time.ts'
import type { FoundFamily, LastRotation } from '../../store/verbs/tokens.ts'

export type Standing =
  | { readonly kind: 'current' }
  /** `last`: the rotation that replaced it. */
  | { readonly kind: 'replaced'; readonly last: LastRotation; readonly usedAt: Seconds }
  /**
   * `last`: the rotation that made the current token. `usedAt` is null where that is longer ago than a repeat may come.
   */
  | { readonly kind: 'older'; readonly last: LastRotation; readonly usedAt: Seconds | null }
  /** Not of this family, or from a time that the database has lost (a restored backup). */
  | { readonly kind: 'unknown' }

/**
 * The current token and the one replaced last are recognised by their hash. Of older ones the family knows only how
 * many there were: `isOurs` says whether the text itself proves that it is one of them.
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
  // It would be newer than the current one: the database was set back by restoring a backup. After the counter has
  // wrapped round this cannot be noticed.
  if (before >= family.rotations) return { kind: 'unknown' }
  // A token that names no grant was found by its hash, which proves it.
  if (grantId !== null && !isOurs()) return { kind: 'unknown' }
  return { kind: 'older', last, usedAt: usedAt(family, (family.rotations - before) % ROTATIONS_COUNTED) }
}

type Standable = Pick<FoundFamily, 'family' | 'isCurrent' | 'last' | 'formerRotations'>

/**
 * No honest program refreshes more often than this within one window and then repeats a request from so many tokens
 * ago.
 */
const MOST_EARLIER = 16
/** The length of an entry: ten digits, which seconds have until 2286, and a space. */
const EACH = 11

const written = (at: Seconds) => `${String(at).padStart(EACH - 1, '0')} `
const instantAt = (times: string, at: number) => Number(times.slice(at, at + EACH))

/** When the token was used that `since` others have followed. */
function usedAt({ earlierRotations, current }: RefreshFamily, since: number): Seconds | null {
  const times = `${earlierRotations}${written(current.issuedAt)}`
  const at = times.length - since * EACH
  return at < 0 || at === times.length ? null : instantAt(times, at)
}

/** Clocks of nodes differ: a node that is ahead must not forget what is still within the window for another. */
const SLACK: Seconds = 60

/** What to store with a rotation now: the instants of those earlier rotations of which a repeat may still come. */
export function earlierRotations(family: RefreshFamily, now: Seconds, window: Seconds): string {
  if (family.rotations === 0) return ''
  const times = `${family.earlierRotations}${written(family.current.issuedAt)}`
  // Entries are counted from the end, so none may be left out in the middle.
  let from = Math.max(0, times.length - MOST_EARLIER * EACH)
  while (from < times.length && now - instantAt(times, from) > window + SLACK) from += EACH
  return times.slice(from)
}
