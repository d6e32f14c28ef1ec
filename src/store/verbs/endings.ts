// The steps that end grants and sessions. Each also writes an ending, the note against which access tokens are checked.

import { LONGEST_ACCESS_TOKEN } from '../../model/grant.ts'
import type { Seconds } from '../../model/time.ts'
import { asFlag } from '../column-values.ts'
import { type Step, step } from '../database/driver.ts'
import { insertEnding, insertEndingsOfGrants, insertEndingsOfSessions } from '../statements/ending.ts'
import { revokeGrant, revokeGrantsOf, revokeGrantsOfOtherSessions, revokeGrantsOfUser } from '../statements/grant.ts'
import { grantPlaced, sessionPlaced } from '../statements/place.ts'
import {
  endLastingSessionsOfUser,
  endOtherSessionsOfUser,
  endSession,
  endSessionOfUser,
  endSessionsOfUser,
} from '../statements/session.ts'

/** Clocks of nodes differ, and a note that stays for longer does no harm. */
const SLACK: Seconds = 86_400

const over = (now: Seconds): Seconds => now + LONGEST_ACCESS_TOKEN + SLACK

/** Guard `live`: the grant was not revoked before. */
export function revokeGrantSteps(grantId: string, now: Seconds): readonly Step[] {
  return [
    step(revokeGrant, { ...grantPlaced(grantId), now }, 'live'),
    step(insertEnding, { id: grantId, expires_at: over(now) }),
  ]
}

export function revokeGrantsSteps(userId: string, clientId: string, now: Seconds): readonly Step[] {
  return [
    step(revokeGrantsOf, { user_id: userId, client_id: clientId, now }),
    step(insertEndingsOfGrants, { user_id: userId, now, expires_at: over(now) }),
  ]
}

/**
 * Unless `offline`, grants that may be used while the person is away live on. Guards: `sessions` holds if one of the
 * sessions was neither ended nor over before, `grants` if a grant was neither revoked nor over; `clients` puts the
 * guard on another step.
 */
export function signOutUserSteps(
  userId: string,
  offline: boolean,
  now: Seconds,
  guard: 'sessions' | 'grants' | 'clients',
): readonly Step[] {
  const bind = { user_id: userId, now }
  return [
    step(revokeGrantsOfUser, { ...bind, offline: asFlag(offline) }, guard === 'grants' ? guard : undefined),
    step(endLastingSessionsOfUser, bind, guard === 'sessions' ? guard : undefined),
    step(endSessionsOfUser, bind),
    step(insertEndingsOfGrants, { ...bind, expires_at: over(now) }),
    step(insertEndingsOfSessions, { ...bind, expires_at: over(now) }),
  ]
}

/** Guard `session`: the session was not ended before. */
export function endSessionSteps(sessionId: string, now: Seconds): readonly Step[] {
  return [
    step(endSession, { ...sessionPlaced(sessionId), now }, 'session'),
    step(insertEnding, { id: sessionId, expires_at: over(now) }),
  ]
}

/** Guard `session`: the session is this user's, and was not ended before. */
export function endSessionOfUserSteps(userId: string, sessionId: string, now: Seconds): readonly Step[] {
  return [
    step(endSessionOfUser, { user_id: userId, ...sessionPlaced(sessionId), now }, 'session'),
    step(insertEnding, { id: sessionId, expires_at: over(now) }),
  ]
}

/**
 * Grants whose session has been deleted already end with the others. Guards: `sessions` holds if one of the sessions
 * was not ended before, `grants` if one of their grants was not revoked before.
 */
export function endOtherSessionsOfUserSteps(
  userId: string,
  kept: string,
  now: Seconds,
  guard: 'sessions' | 'grants',
): readonly Step[] {
  return [
    step(endOtherSessionsOfUser, { user_id: userId, kept, now }, guard === 'sessions' ? guard : undefined),
    step(revokeGrantsOfOtherSessions, { user_id: userId, kept, now }, guard === 'grants' ? guard : undefined),
    step(insertEndingsOfSessions, { user_id: userId, now, expires_at: over(now) }),
    step(insertEndingsOfGrants, { user_id: userId, now, expires_at: over(now) }),
  ]
}
