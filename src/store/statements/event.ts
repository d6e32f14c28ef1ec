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

/** Newest first. */
export const listEvents = statement<{ most: number }, EventRow>(
  'list_events',
  'SELECT event_id, type, at, client_id, user_id, detail FROM event ORDER BY at DESC, event_id LIMIT :most',
)
