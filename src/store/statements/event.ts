// SQL about security events.

import { statement } from '../database/driver.ts'

export const insertEvent = statement<{
  event_id: string
  type: string
  at: number
  client_id: string | null
  user_id: string | null
  detail: string
}>(
  'insert_event',
  `INSERT INTO event (event_id, type, at, client_id, user_id, detail)
   VALUES (:event_id, :type, :at, :client_id, :user_id, :detail)`,
)

export interface EventRow {
  readonly event_id: string
  readonly type: string
  readonly at: number
  readonly client_id: string | null
  readonly user_id: string | null
  readonly detail: string
}

/** Newest first; null: whichever client, or user. */
export const listEvents = statement<{ client_id: string | null; user_id: string | null; most: number }, EventRow>(
  'list_events',
  `SELECT event_id, type, at, client_id, user_id, detail FROM event
   WHERE (CAST(:client_id AS TEXT) IS NULL OR client_id = CAST(:client_id AS TEXT))
     AND (CAST(:user_id AS TEXT) IS NULL OR user_id = CAST(:user_id AS TEXT))
   ORDER BY at DESC, event_id LIMIT :most`,
)
