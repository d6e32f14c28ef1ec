// A new session of this browser, after a password was right: its cookies, and who else is signed in here.

import { sha256 } from '../../credentials/digest.ts'
import { DEVICE_LIFETIME } from '../../credentials/known-browsers.ts'
import { setCookie } from '../../http/cookies.ts'
import type { HttpRequest } from '../../http/message.ts'
import { browserKindOf } from '../../http/request/user-agent.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { Session } from '../../model/session.ts'
import type { User } from '../../model/user.ts'
import { newId, newSecret } from '../../platform/random.ts'
import type { SignedIn } from '../../store/verbs/sessions.ts'
import type { SignInParts } from '../parts.ts'
import { type Browser, MOST_SESSIONS, sessionCookie } from '../visit.ts'

export interface Entering<Other extends SignedIn = SignedIn> {
  readonly http: HttpRequest
  readonly browser: Browser
  /** Live sessions of this browser. */
  readonly signedIn: readonly Other[]
  /** With the generation that the session will have. */
  readonly user: User
  /** The session goes on with this id: the same person was signed in here. */
  readonly sessionId?: string
  readonly remember: boolean
  /** Writes the session, and the event with it. False: the user has changed meanwhile. */
  readonly begin: (session: Session, secretHash: Uint8Array, started: SecurityEvent) => Promise<boolean>
}

/** The result of a successful sign-in. */
export interface Entered<Other extends SignedIn = SignedIn> {
  readonly now: SignedIn
  /** The other people signed in in this browser. */
  readonly others: readonly Other[]
  /** The browser, with the new session secret. */
  readonly browser: Browser
  readonly cookies: readonly string[]
}

/** Null: the user has changed meanwhile, and nothing was written. */
export async function enter<Other extends SignedIn>(
  { clock, lifetimes, knownBrowsers }: SignInParts,
  { http, browser, signedIn, user, sessionId, remember, begin }: Entering<Other>,
): Promise<Entered<Other> | null> {
  const now = clock.now()
  const { userId } = user
  const session: Session = {
    sessionId: sessionId ?? newId('se'),
    userId,
    userGeneration: user.generation,
    authenticatedAt: now,
    amr: ['pwd'],
    lastUsedAt: now,
    expiresAt: now + lifetimes.sessionAbsolute,
    browser: browserKindOf(http.headers['user-agent']),
  }
  const secret = newSecret()
  const secretHash = sha256(secret)
  const event = { type: 'session_started' as const, at: now, userId, detail: { address: http.peer.address } }
  if (!(await begin(session, secretHash, event))) return null
  const others = signedIn.filter((each) => each.user.userId !== userId)
  // Secrets that no longer open anything would displace those of the other people in this browser.
  const isOthers = (each: string) => others.some((other) => Buffer.compare(other.secretHash, sha256(each)) === 0)
  const secrets = [secret, ...browser.sessionSecrets.filter(isOthers)].slice(0, MOST_SESSIONS)
  return {
    now: { secretHash, session, user },
    others,
    browser: { ...browser, sessionSecrets: secrets },
    cookies: [
      sessionCookie(browser, secrets, remember ? lifetimes.sessionAbsolute : null),
      setCookie('device', knownBrowsers.remember(browser.device, userId, now), {
        secure: browser.secure,
        maxAge: DEVICE_LIFETIME,
      }),
    ],
  }
}
