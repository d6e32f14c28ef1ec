// SQL about what has ended while access tokens of it may still be presented: revoked grants, and ended sessions. A
// token names both its grant and its session, so looking into this short table saves reading their rows.

import { statement } from '../database/driver.ts'

/**
 * When a note may be deleted: at `expires_at`, or when the last token that now exists has expired, whichever is later.
 * Then even a clock that was set back cannot make the note go before the tokens it ends.
 */
const LATEST = '(SELECT MAX(t.expires_at) FROM access_token t)'
const KEPT_UNTIL = `CASE WHEN ${LATEST} > CAST(:expires_at AS BIGINT) THEN ${LATEST} ELSE CAST(:expires_at AS BIGINT) END`

// Each runs after the change it follows, in the same transaction. `expires_at`: when every token that it ends has
// expired.

export const insertEnding = statement<{ id: string; expires_at: number }>(
  'insert_ending',
  `INSERT INTO ending (id, expires_at) VALUES (:id, ${KEPT_UNTIL}) ON CONFLICT (id) DO NOTHING`,
)

/** `now`: the instant with which they were revoked. */
export const insertEndingsOfGrants = statement<{ user_id: string; now: number; expires_at: number }>(
  'insert_endings_of_grants',
  `INSERT INTO ending (id, expires_at)
   SELECT g.grant_id, ${KEPT_UNTIL} FROM "grant" g WHERE g.user_id = :user_id AND g.revoked_at = :now
   ON CONFLICT (id) DO NOTHING`,
)

/** `now`: the instant with which they were ended. */
export const insertEndingsOfSessions = statement<{ user_id: string; now: number; expires_at: number }>(
  'insert_endings_of_sessions',
  `INSERT INTO ending (id, expires_at)
   SELECT s.session_id, ${KEPT_UNTIL} FROM session s WHERE s.user_id = :user_id AND s.ended_at = :now
   ON CONFLICT (id) DO NOTHING`,
)
