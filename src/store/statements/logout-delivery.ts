// SQL about ended sessions of which clients are still to be told. The list that ends a session writes the rows; every
// node may deliver them, and the first to move `due_at` makes the attempt.

import type { LogoutDelivery, LogoutState } from '../../model/logout-delivery.ts'
import { change, statement } from '../database/driver.ts'
import { isSession, isSessionOf, type SessionPlace } from './place.ts'
import { userOf } from './user.ts'

interface TellBind {
  /** The beginning of the new ids. */
  batch: string
  /** The client to which the browser is still on its way back; null: none. */
  initiator: string | null
  now: number
  initiator_due_at: number
  expires_at: number
}

const INSERT = `INSERT INTO logout_delivery
     (delivery_id, client_id, user_id, session_id, state, attempts, created_at, due_at, expires_at)
   SELECT CAST(:batch AS TEXT) || '.' || CAST(row_number() OVER (ORDER BY t.client_id, t.session_id) AS TEXT),
     t.client_id, t.user_id, t.session_id, 'waiting', 0, CAST(:now AS BIGINT),
     CASE WHEN t.client_id = CAST(:initiator AS TEXT) THEN CAST(:initiator_due_at AS BIGINT)
       ELSE CAST(:now AS BIGINT) END, CAST(:expires_at AS BIGINT)`

/** A grant `g` that holds, of a client `c` that wants to be told. */
const TOLD = `g.revoked_at IS NULL AND g.expires_at > CAST(:now AS BIGINT) AND c.backchannel_logout IS NOT NULL
  AND c.enabled = 1 AND c.removed_at IS NULL AND c.generation = g.client_generation`

/** Goes before the statement that ends the session: OpenID Connect Back-Channel Logout §2.3. */
export const tellOfSession = statement<TellBind & SessionPlace>(
  'tell_of_session',
  `${INSERT}
   FROM (SELECT DISTINCT g.client_id, g.user_id, g.session_id
     FROM session s
       JOIN "grant" g ON g.user_id = s.user_id AND g.session_id = s.session_id
       JOIN client c ON c.client_id = g.client_id
     WHERE ${isSession('s')} AND s.ended_at IS NULL AND ${TOLD}) t`,
)

/**
 * Goes before the statements that end all sessions of a user and raise the generation. Sessions of clients may outlive
 * ours, so a client with any grant that holds is told once, about the person; a client that insists on `sid` is told of
 * each session.
 */
export const tellOfUser = change<TellBind & { user_id: string }>(
  'tell_of_user',
  `${INSERT}
   FROM (SELECT DISTINCT g.client_id, g.user_id,
       CASE WHEN c.backchannel_logout = 'session' THEN g.session_id END AS session_id
     FROM "grant" g
       JOIN ${userOf('g')} AND u.generation = g.user_generation
       JOIN client c ON c.client_id = g.client_id
       LEFT JOIN session s ON ${isSessionOf('s', 'g')}
     WHERE g.user_id = :user_id AND ${TOLD} AND s.ended_at IS NULL
       AND (s.session_id IS NOT NULL OR c.backchannel_logout <> 'session')) t`,
)

/**
 * Goes before the statements that end all sessions of a user but one. Each client is told of each session, never of the
 * person, because what it knows from the session that is kept goes on.
 */
export const tellOfOtherSessions = statement<TellBind & { user_id: string; kept: string }>(
  'tell_of_other_sessions',
  `${INSERT}
   FROM (SELECT DISTINCT g.client_id, g.user_id, g.session_id
     FROM "grant" g
       JOIN session s ON ${isSessionOf('s', 'g')} AND s.ended_at IS NULL
       JOIN client c ON c.client_id = g.client_id
     WHERE g.user_id = :user_id AND g.session_id <> :kept AND ${TOLD}) t`,
)

/**
 * Goes from one client to the next: a client with a hundred thousand waiting rows costs no more than one with a single
 * row.
 */
export const findWaitingClients = statement<object, { client_id: string; due_at: number }>(
  'find_waiting_clients',
  `WITH RECURSIVE hop(client_id) AS (
     SELECT min(client_id) FROM logout_delivery WHERE state = 'waiting'
     UNION ALL
     SELECT (SELECT min(d.client_id) FROM logout_delivery d WHERE d.state = 'waiting' AND d.client_id > hop.client_id)
     FROM hop WHERE hop.client_id IS NOT NULL)
   SELECT hop.client_id, (SELECT min(d.due_at) FROM logout_delivery d
     WHERE d.state = 'waiting' AND d.client_id = hop.client_id) AS due_at
   FROM hop WHERE hop.client_id IS NOT NULL`,
)

export interface DeliveryRow {
  readonly delivery_id: string
  readonly client_id: string
  readonly user_id: string
  readonly session_id: string | null
  readonly state: string
  readonly attempts: number
  readonly created_at: number
  readonly due_at: number
  readonly expires_at: number
  readonly last_attempt_at: number | null
  readonly last_reason: string | null
}

const COLUMNS = `d.delivery_id, d.client_id, d.user_id, d.session_id, d.state, d.attempts, d.created_at, d.due_at,
  d.expires_at, d.last_attempt_at, d.last_reason`

export const findDueDeliveries = statement<{ client_id: string; now: number; most: number }, DeliveryRow>(
  'find_due_deliveries',
  `SELECT ${COLUMNS} FROM logout_delivery d
   WHERE d.state = 'waiting' AND d.client_id = :client_id AND d.due_at <= :now ORDER BY d.due_at LIMIT :most`,
)

/** Yields the row to exactly one caller: until the lease ends nobody else begins. */
export const takeDelivery = statement<
  { delivery_id: string; attempts: number; now: number; leased_until: number },
  { delivery_id: string }
>(
  'take_delivery',
  `UPDATE logout_delivery SET attempts = attempts + 1, last_attempt_at = :now, due_at = :leased_until
   WHERE delivery_id = :delivery_id AND state = 'waiting' AND attempts = :attempts AND due_at <= :now
   RETURNING delivery_id`,
)

/** Changes nothing when another attempt has taken the lease meanwhile. */
export const settleDelivery = statement<{
  delivery_id: string
  attempts: number
  counted: number
  state: string
  due_at: number
  last_reason: string | null
  expires_at: number | null
}>(
  'settle_delivery',
  `UPDATE logout_delivery SET state = :state, attempts = CAST(:counted AS BIGINT), due_at = :due_at,
     last_reason = :last_reason, expires_at = COALESCE(CAST(:expires_at AS BIGINT), expires_at)
   WHERE delivery_id = :delivery_id AND state = 'waiting' AND attempts = CAST(:attempts AS BIGINT)`,
)

/** Deliveries that no attempt reached in time. */
export const findOverdueDeliveries = statement<{ before: number; most: number }, DeliveryRow>(
  'find_overdue_deliveries',
  `SELECT ${COLUMNS} FROM logout_delivery d WHERE d.state = 'waiting' AND d.expires_at < :before LIMIT :most`,
)

/** What has not arrived becomes due again, as if it were new. */
export const resendDeliveries = statement<
  { client_id: string | null; user_id: string | null; now: number; expires_at: number },
  { delivery_id: string }
>(
  'resend_deliveries',
  `UPDATE logout_delivery SET state = 'waiting', attempts = 0, due_at = :now, expires_at = :expires_at
   WHERE state IN ('waiting', 'abandoned')
     AND (CAST(:client_id AS TEXT) IS NULL OR client_id = CAST(:client_id AS TEXT))
     AND (CAST(:user_id AS TEXT) IS NULL OR user_id = CAST(:user_id AS TEXT))
   RETURNING delivery_id`,
)

const NARROWED = `(CAST(:client_id AS TEXT) IS NULL OR d.client_id = CAST(:client_id AS TEXT))
     AND (CAST(:user_id AS TEXT) IS NULL OR d.user_id = CAST(:user_id AS TEXT))`

/** Newest first. */
export const listDeliveries = statement<
  { client_id: string | null; user_id: string | null; state: string | null; most: number },
  DeliveryRow & { readonly username: string | null }
>(
  'list_deliveries',
  `SELECT ${COLUMNS}, u.username FROM logout_delivery d LEFT JOIN "user" u ON u.user_id = d.user_id
   WHERE ${NARROWED} AND (CAST(:state AS TEXT) IS NULL OR d.state = CAST(:state AS TEXT))
   ORDER BY d.created_at DESC, d.delivery_id LIMIT :most`,
)

export const summarizeDeliveries = statement<
  { client_id: string | null; user_id: string | null },
  { client_id: string; waiting: number; delivered: number; abandoned: number; next_attempt_at: number | null }
>(
  'summarize_deliveries',
  `SELECT d.client_id,
     CAST(sum(CASE WHEN d.state = 'waiting' THEN 1 ELSE 0 END) AS BIGINT) AS waiting,
     CAST(sum(CASE WHEN d.state = 'delivered' THEN 1 ELSE 0 END) AS BIGINT) AS delivered,
     CAST(sum(CASE WHEN d.state = 'abandoned' THEN 1 ELSE 0 END) AS BIGINT) AS abandoned,
     min(CASE WHEN d.state = 'waiting' THEN d.due_at END) AS next_attempt_at
   FROM logout_delivery d WHERE ${NARROWED} GROUP BY d.client_id ORDER BY d.client_id`,
)

export function toDelivery(row: DeliveryRow): LogoutDelivery {
  return {
    deliveryId: row.delivery_id,
    clientId: row.client_id,
    userId: row.user_id,
    sessionId: row.session_id,
    state: row.state as LogoutState,
    attempts: row.attempts,
    createdAt: row.created_at,
    dueAt: row.due_at,
    expiresAt: row.expires_at,
    lastAttemptAt: row.last_attempt_at,
    lastReason: row.last_reason,
  }
}
