// The steps that end grants and sessions, each with the note of it that access tokens are held against.

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

/** Clocks of nodes differ, and nothing is lost by a note that stays for longer. */
const SLACK: Seconds = 86_400

const over = (now: Seconds): Seconds => now + LONGEST_ACCESS_TOKEN + SLACK

/** Guard `live`: it was not revoked before. */
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
 * Without `offline` those grants live on that may be used while the person is away. Guard: `sessions`, one of them was neither
 * ended nor over before, or `grants`, a grant was neither; else another step has it.
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

/** Guard `session`: it was not ended before. */
export function endSessionSteps(sessionId: string, now: Seconds): readonly Step[] {
  return [
    step(endSession, { ...sessionPlaced(sessionId), now }, 'session'),
    step(insertEnding, { id: sessionId, expires_at: over(now) }),
  ]
}

/** Guard `session`: it is this user's, and was not ended before. */
export function endSessionOfUserSteps(userId: string, sessionId: string, now: Seconds): readonly Step[] {
  return [
    step(endSessionOfUser, { user_id: userId, ...sessionPlaced(sessionId), now }, 'session'),
    step(insertEnding, { id: sessionId, expires_at: over(now) }),
  ]
}

/**
 * What was given in a session that is not kept any more ends with the others. Guard: `sessions`, one of them was not ended
 * before, or `grants`, a grant of them was not revoked before.
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
