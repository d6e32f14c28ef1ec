// The one way in which what a person typed is held against their password, wherever they typed it: limits, the verdict,
// and an event for each failure.

import type { HttpRequest } from '../../http/message.ts'
import type { Seconds } from '../../model/time.ts'
import type { AttemptGate } from '../authenticators/limits.ts'
import { type PasswordVerdict, verifyPassword } from '../authenticators/password.ts'
import type { SignInParts } from '../parts.ts'
import type { Browser } from '../visit.ts'

export interface Typed {
  readonly username: string
  readonly password: string
}

/** Where it was typed. `clientId`: noted in events; null: no client asks. */
export interface TypedAt {
  readonly http: HttpRequest
  readonly browser: Browser
  readonly clientId: string | null
}

export type PasswordCheck = (typed: Typed, at: TypedAt) => Promise<PasswordVerdict>

export function createPasswordCheck(parts: SignInParts, gate: AttemptGate): PasswordCheck {
  const announce = createAnnouncer()
  return async (typed, at) => {
    const { http, browser } = at
    const attempt = { ...typed, address: http.peer.address, visitHash: browser.hash(), device: browser.device }
    const verdict = await verifyPassword({ ...parts, gate }, attempt)
    await noteFailure(parts, announce, at, verdict)
    return verdict
  }
}

type Announcer = (now: Seconds) => boolean

/** Once a minute it is noted that failures are no longer listed one by one. */
function createAnnouncer(): Announcer {
  let next = 0
  return (now) => {
    if (now < next) return false
    next = now + 60
    return true
  }
}

/** A flood of failures becomes a few events and a number in the trace; otherwise strangers could fill the disk. */
async function noteFailure(
  { store, clock }: SignInParts,
  announce: Announcer,
  { http, clientId }: TypedAt,
  verdict: PasswordVerdict,
): Promise<void> {
  if (verdict.kind !== 'wrong' && verdict.kind !== 'disabled') return
  const at = clock.now()
  const { address } = http.peer
  const about = { at, ...(clientId !== null && { clientId }) }
  if (verdict.kind === 'disabled') {
    const detail = { address, disabled: true }
    await store.appendEvents([{ ...about, type: 'sign_in_failed', userId: verdict.user.userId, detail }])
  } else if (!verdict.crowded) {
    await store.appendEvents([{ ...about, type: 'sign_in_failed', detail: { address } }])
  } else if (announce(at)) {
    await store.appendEvents([{ ...about, type: 'sign_in_limited', detail: { address } }])
  }
}
