// A request that may have waited while this process stood still: what looks like a replay may be one that its client has meanwhile
// asked of another node. Nothing is ended for it; whoever is still there asks again.

import { OAuthError } from '../../protocol/errors.ts'

/** Before what a replay ends is ended. Throws when `mayBeLate`. */
export function assertNotLate(mayBeLate: boolean): void {
  if (!mayBeLate) return
  throw new OAuthError({
    error: 'temporarily_unavailable',
    status: 503,
    headers: { 'retry-after': '1' },
    description: 'The server stood still, try again',
    rule: 'stood_still',
    clause: 'RFC 9700 §4.14.2',
    reason: 'it would be a replay, but may have waited here while its client asked another node',
  })
}
