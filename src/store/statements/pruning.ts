// SQL that deletes what has expired, a bounded number of rows at a time, so that nobody waits for it.

import { statement } from '../database/driver.ts'

interface PruneBind {
  before: number
  most: number
}

const prune = (name: string, table: string, key: string, condition = 'expires_at < :before') =>
  statement<PruneBind, { pruned: number }>(
    `prune_${name}`,
    `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${condition} LIMIT :most)
     RETURNING 1 AS pruned`,
  )

/**
 * Each is run again until it deletes fewer rows than `most`. Used codes and tokens stay until they expire, so that a
 * replay is noticed.
 */
export const prunings = [
  prune('interaction', 'interaction', 'interaction_id'),
  prune('pushed_request', 'pushed_request', 'reference_hash'),
  prune('device_request', 'device_request', 'device_hash'),
  prune('authorization_code', 'authorization_code', 'hash'),
  // Rows are found again by the place on SQLite, and by the hash or id on PostgreSQL.
  prune('access_token', 'access_token', 'place, hash'),
  prune('former_refresh_token', 'former_refresh_token', 'hash'),
  prune('assertion_jti', 'assertion_jti', 'hash'),
  prune('attempt', 'attempt', 'key_hash'),
  prune('ticket', 'ticket', 'hash'),
  prune('logout_delivery', 'logout_delivery', 'delivery_id', "expires_at < :before AND state <> 'waiting'"),
  prune('initial_access_token', 'initial_access_token', 'token_id'),
  prune('grant', '"grant"', 'place, grant_id'),
  prune('ending', 'ending', 'id'),
] as const

/** Of the sessions that have run out, the first: both statements look at the same ones, and at no more. */
const SESSIONS_RUN_OUT = `SELECT place, session_id FROM session WHERE expires_at < :before ORDER BY expires_at LIMIT :most`

/** An ended session is kept for as long as a grant given in it can live. */
export const pruneSessions = statement<{ before: number; ended_before: number; most: number }, { pruned: number }>(
  'prune_session',
  `DELETE FROM session WHERE (place, session_id) IN (${SESSIONS_RUN_OUT})
     AND (ended_at IS NULL OR ended_at < :ended_before)
   RETURNING 1 AS pruned`,
)

/**
 * Ended ones that have run out and are kept all the same are put off until they go: else each pruning would look at all
 * of them, half a year's sign-outs, twice a minute.
 */
export const putOffEndedSessions = statement<
  { before: number; ended_before: number; kept: number; most: number },
  { put_off: number }
>(
  'put_off_ended_session',
  `UPDATE session SET expires_at = ended_at + CAST(:kept AS BIGINT) WHERE (place, session_id) IN (${SESSIONS_RUN_OUT})
     AND ended_at >= :ended_before
   RETURNING 1 AS put_off`,
)

/**
 * Clients that registered themselves and are gone leave nothing behind once nothing issued to them can live:
 * registering and removing again and again must not fill the disk. The client goes first, then the row that counted it.
 */
export const pruneRegisteredClients = statement<{ ended_before: number; most: number }, { pruned: number }>(
  'prune_registered_client',
  `DELETE FROM client WHERE client_id IN (
     SELECT r.client_id FROM client_registration r JOIN client c ON c.client_id = r.client_id
     WHERE r.removed_at < :ended_before LIMIT :most)
   RETURNING 1 AS pruned`,
)

export const pruneRegistrations = statement<{ ended_before: number; most: number }, { pruned: number }>(
  'prune_client_registration',
  `DELETE FROM client_registration WHERE client_id IN (
     SELECT r.client_id FROM client_registration r LEFT JOIN client c ON c.client_id = r.client_id
     WHERE r.removed_at < :ended_before AND c.client_id IS NULL LIMIT :most)
   RETURNING 1 AS pruned`,
)

export const pruneEvents = statement<PruneBind, { pruned: number }>(
  'prune_event',
  `DELETE FROM event WHERE event_id IN (SELECT event_id FROM event WHERE at < :before LIMIT :most)
   RETURNING 1 AS pruned`,
)
