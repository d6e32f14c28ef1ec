// SQL about what has ended while access tokens of it may still be presented: grants that were revoked, and sessions. A token
// names both and is looked at by itself, so that this short table stands for the rows that it came from.

import { statement } from '../database/driver.ts'

/**
 * When a note may go: at `expires_at`, or when the last token that there is now is over, whichever is later. A clock that is
 * set back while it is written must not make the note go before the tokens it ends.
 */
const LATEST = '(SELECT MAX(t.expires_at) FROM access_token t)'
const KEPT_UNTIL = `CASE WHEN ${LATEST} > CAST(:expires_at AS BIGINT) THEN ${LATEST} ELSE CAST(:expires_at AS BIGINT) END`

// Each is run after the change it follows, in the same transaction. `expires_at`: when every such token is over.

export const insertEnding = statement<{ id: string; expires_at: number }>(
  'insert_ending',
  `INSERT INTO ending (id, expires_at) VALUES (:id, ${KEPT_UNTIL}) ON CONFLICT (id) DO NOTHING`,
)

/** `now`: the instant they were revoked with. */
export const insertEndingsOfGrants = statement<{ user_id: string; now: number; expires_at: number }>(
  'insert_endings_of_grants',
  `INSERT INTO ending (id, expires_at)
   SELECT g.grant_id, ${KEPT_UNTIL} FROM "grant" g WHERE g.user_id = :user_id AND g.revoked_at = :now
   ON CONFLICT (id) DO NOTHING`,
)

/** `now`: the instant they were ended with. */
export const insertEndingsOfSessions = statement<{ user_id: string; now: number; expires_at: number }>(
  'insert_endings_of_sessions',
  `INSERT INTO ending (id, expires_at)
   SELECT s.session_id, ${KEPT_UNTIL} FROM session s WHERE s.user_id = :user_id AND s.ended_at = :now
   ON CONFLICT (id) DO NOTHING`,
)
