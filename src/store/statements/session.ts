// SQL about sessions and consents: what the authorization endpoint reads at once.

import { change, statement } from '../database/driver.ts'
import { CLIENT_KEY, type ClientKey } from './client.ts'
import { isSession, isSessionOf, type SessionPlace } from './place.ts'
import { USER_COLUMNS, type UserRow, userOf } from './user.ts'

/** A session is live while it is neither ended nor idle nor too old, and its user may still sign in as before. */
const SESSION_IS_LIVE = 's.ended_at IS NULL AND s.expires_at > :now AND s.last_used_at > :idle_since'
const USER_OF_SESSION = `${userOf('s')} AND u.enabled = 1 AND u.removed_at IS NULL AND u.generation = s.user_generation`

export interface SessionRow {
  readonly session_id: string
  readonly amr: string
  readonly authenticated_at: number
  readonly last_used_at: number
  readonly session_expires_at: number
}

const SESSION_COLUMNS = 's.session_id, s.amr, s.authenticated_at, s.last_used_at, s.expires_at AS session_expires_at'

export interface ConsentRow {
  readonly consent_scope: string | null
  readonly consent_kinds: string | null
}

/** Session and user are null together: nobody is signed in. */
export type VisitRow = ClientKey & ConsentRow & ({ readonly user_id: null } | (LiveSessionRow & UserRow))

export type VisitOfOneRow = ClientKey & ConsentRow & ({ readonly user_id: null } | (SessionRow & UserRow))

export type LiveSessionRow = SessionRow & UserRow & { readonly hash: Uint8Array }

interface LivenessBind {
  now: number
  idle_since: number
}

/** Up to five session secrets of one browser; places that are not needed repeat the first. */
export interface HashBind extends LivenessBind {
  h1: Uint8Array
  h2: Uint8Array
  h3: Uint8Array
  h4: Uint8Array
  h5: Uint8Array
}

const visitBy = (sessions: string) => `${SESSION_COLUMNS}, ${USER_COLUMNS},
     k.scope AS consent_scope, k.kinds AS consent_kinds
   FROM client c
     LEFT JOIN session s ON ${sessions} AND ${SESSION_IS_LIVE}
     LEFT JOIN ${USER_OF_SESSION}
     LEFT JOIN consent k ON k.user_id = u.user_id AND k.client_id = c.client_id
   WHERE c.client_id = :client_id AND c.removed_at IS NULL`

/** One row for each session of this browser; at least one if the client exists. */
export const findVisit = statement<HashBind & { client_id: string }, VisitRow>(
  'find_visit',
  `SELECT ${CLIENT_KEY}, s.secret_hash AS hash, ${visitBy('s.secret_hash IN (:h1, :h2, :h3, :h4, :h5)')}`,
)

/**
 * The same for a browser with one session, as nearly all have: one look-up, where a list of five would first be sorted
 * into a table.
 */
export const findVisitOfOne = statement<LivenessBind & { hash: Uint8Array; client_id: string }, VisitOfOneRow>(
  'find_visit_of_one',
  `SELECT ${CLIENT_KEY}, ${visitBy('s.secret_hash = :hash')}`,
)

export const findSessions = statement<HashBind, LiveSessionRow>(
  'find_sessions',
  `SELECT s.secret_hash AS hash, ${SESSION_COLUMNS}, ${USER_COLUMNS}
   FROM session s JOIN ${USER_OF_SESSION}
   WHERE s.secret_hash IN (:h1, :h2, :h3, :h4, :h5) AND ${SESSION_IS_LIVE}`,
)

/** Writes nothing unless the user may still sign in as when the password was checked. */
export const insertSession = statement<
  SessionPlace & {
    secret_hash: Uint8Array
    user_id: string
    user_generation: number
    amr: string
    authenticated_at: number
    expires_at: number
    browser: string
  },
  { session_id: string }
>(
  'insert_session',
  `INSERT INTO session (place, secret_hash, session_id, user_id, user_number, user_generation, amr, authenticated_at, last_used_at,
     expires_at, browser)
   SELECT CAST(:session_place AS BIGINT), :secret_hash, :session_id, u.user_id, u.number, u.generation, :amr, :authenticated_at, :authenticated_at,
     :expires_at, :browser
   FROM "user" u
   WHERE u.user_id = :user_id AND u.generation = :user_generation AND u.enabled = 1 AND u.removed_at IS NULL
   RETURNING session_id`,
)

/** The same person has authenticated again: the session stays the same, but gets a new secret. */
export const renewSession = statement<
  SessionPlace & {
    secret_hash: Uint8Array
    user_id: string
    user_generation: number
    amr: string
    authenticated_at: number
    expires_at: number
    browser: string
  },
  { session_id: string }
>(
  'renew_session',
  `UPDATE session AS s SET secret_hash = :secret_hash, amr = :amr, authenticated_at = :authenticated_at,
     last_used_at = :authenticated_at, expires_at = :expires_at, browser = :browser
   WHERE ${isSession('s')} AND s.user_id = :user_id AND s.user_generation = :user_generation AND s.ended_at IS NULL
     AND EXISTS (SELECT 1 FROM "user" u WHERE u.user_id = :user_id AND u.generation = :user_generation
       AND u.enabled = 1 AND u.removed_at IS NULL)
   RETURNING session_id`,
)

export const touchSession = statement<SessionPlace & { now: number }>(
  'touch_session',
  `UPDATE session AS s SET last_used_at = :now WHERE ${isSession('s')} AND s.last_used_at < :now`,
)

export const endSession = statement<SessionPlace & { now: number }, { session_id: string }>(
  'end_session',
  `UPDATE session AS s SET ended_at = :now WHERE ${isSession('s')} AND s.ended_at IS NULL RETURNING session_id`,
)

/** Guard: the session is this user's, and was not ended before. */
export const endSessionOfUser = statement<SessionPlace & { user_id: string; now: number }, { session_id: string }>(
  'end_session_of_user',
  `UPDATE session AS s SET ended_at = :now
   WHERE ${isSession('s')} AND s.user_id = :user_id AND s.ended_at IS NULL RETURNING session_id`,
)

/** A session that is neither ended nor too old, and whose it is; also an idle one, under which tokens may be left. */
export const findEndableSession = statement<
  SessionPlace & { now: number },
  SessionRow & UserRow & { readonly browser: string }
>(
  'find_endable_session',
  `SELECT ${SESSION_COLUMNS}, s.browser, ${USER_COLUMNS} FROM session s JOIN ${userOf('s')}
   WHERE ${isSession('s')} AND s.ended_at IS NULL AND s.expires_at > :now AND u.removed_at IS NULL`,
)

/** The sessions that `listSessions` shows, except one. */
export const listOtherSessions = statement<
  { user_id: string; kept: string; now: number; idle_since: number },
  { session_id: string }
>(
  'list_other_sessions',
  `SELECT s.session_id FROM session s JOIN ${USER_OF_SESSION}
   WHERE s.user_id = :user_id AND s.session_id <> :kept AND ${SESSION_IS_LIVE}`,
)

export const endOtherSessionsOfUser = statement<{ user_id: string; kept: string; now: number }, { session_id: string }>(
  'end_other_sessions_of_user',
  `UPDATE session SET ended_at = :now
   WHERE user_id = :user_id AND session_id <> :kept AND ended_at IS NULL RETURNING session_id`,
)

export const endSessionsOfUser = statement<{ user_id: string; now: number }, { session_id: string }>(
  'end_sessions_of_user',
  'UPDATE session SET ended_at = :now WHERE user_id = :user_id AND ended_at IS NULL RETURNING session_id',
)

/** Guard: one of the sessions was not over yet. Those that were are left to `endSessionsOfUser`. */
export const endLastingSessionsOfUser = change<{ user_id: string; now: number }>(
  'end_lasting_sessions_of_user',
  'UPDATE session SET ended_at = :now WHERE user_id = :user_id AND ended_at IS NULL AND expires_at > CAST(:now AS BIGINT)',
)

/** How much signing the user out everywhere would end. */
export const countEndable = statement<
  { user_id: string; offline: number; now: number },
  { sessions: number; grants: number }
>(
  'count_endable',
  `SELECT (SELECT count(*) FROM session s WHERE s.user_id = :user_id AND s.ended_at IS NULL AND s.expires_at > :now) AS sessions,
     (SELECT count(*) FROM "grant" g WHERE g.user_id = :user_id AND g.revoked_at IS NULL
       AND g.expires_at > CAST(:now AS BIGINT) AND g.offline <= :offline) AS grants`,
)

/** The newest first. */
export const listSessions = statement<
  { user_id: string; now: number; idle_since: number },
  SessionRow & { readonly browser: string }
>(
  'list_sessions',
  `SELECT ${SESSION_COLUMNS}, s.browser FROM session s JOIN ${USER_OF_SESSION}
   WHERE s.user_id = :user_id AND ${SESSION_IS_LIVE} ORDER BY s.authenticated_at DESC, s.session_id`,
)

/** Clients with a grant of this session that still holds. */
export const findClientsOfSession = statement<SessionPlace & { now: number }, ClientKey>(
  'find_clients_of_session',
  `SELECT ${CLIENT_KEY}
   FROM (SELECT DISTINCT g.client_id, g.client_generation
     FROM session s JOIN "grant" g ON g.user_id = s.user_id AND g.session_id = s.session_id
     WHERE ${isSession('s')} AND g.revoked_at IS NULL AND g.expires_at > :now) t
     JOIN client c ON c.client_id = t.client_id
   WHERE c.enabled = 1 AND c.removed_at IS NULL AND c.generation = t.client_generation
   ORDER BY c.client_id`,
)

/** The same for every session of a user. */
export const findClientsOfSessions = statement<
  { user_id: string; now: number },
  ClientKey & { readonly session_id: string }
>(
  'find_clients_of_sessions',
  `SELECT t.session_id, ${CLIENT_KEY}
   FROM (SELECT DISTINCT g.session_id, g.client_id, g.client_generation
     FROM "grant" g JOIN session s ON ${isSessionOf('s', 'g')} AND s.ended_at IS NULL
     WHERE g.user_id = :user_id AND g.revoked_at IS NULL AND g.expires_at > :now) t
     JOIN client c ON c.client_id = t.client_id
   WHERE c.enabled = 1 AND c.removed_at IS NULL AND c.generation = t.client_generation
   ORDER BY t.session_id, c.client_id`,
)
