// A browser as every page sees it, recognised by the visit cookie, to which tickets, interactions and forms are bound.
// Nothing here knows who is signed in.

import { sha256 } from '../credentials/digest.ts'
import { readCookie, setCookie } from '../http/cookies.ts'
import type { HttpRequest } from '../http/message.ts'
import { isSecret, newSecret } from '../platform/random.ts'

export interface Visitor {
  /** Secret of the pre-session cookie; fresh when the browser had none. */
  readonly visit: string
  /** The hash under which the visit is stored; made only for the few steps that bind something to the browser. */
  hash(): Uint8Array
  /** The browser sent no cookie, so nothing can be bound to it yet. */
  readonly isNew: boolean
  readonly secure: boolean
}

export function readVisitor(request: HttpRequest): Visitor {
  const cookie = readCookie(request, 'visit')
  const known = cookie !== undefined && isSecret(cookie) ? cookie : null
  const visit = known ?? newSecret()
  return { visit, hash: () => sha256(visit), isNew: known === null, secure: request.peer.secure }
}

/** Set-Cookie values by which this browser is recognised next time; none when it already is. */
export function visitCookies({ visit, isNew, secure }: Visitor): readonly string[] {
  return isNew ? [setCookie('visit', visit, { secure })] : []
}
