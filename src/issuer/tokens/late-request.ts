// A request may have waited while this process stood still. What looks like a replay is then perhaps a request that its
// client has meanwhile sent to another node, so nothing is ended for it. A client that still waits asks again.

import { OAuthError } from '../../protocol/errors.ts'

/** Called before anything is ended because of a replay. Throws when `mayBeLate`. */
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
