// SQL about interactions: limited for each browser, for each address and in all, because strangers can make them.

import { statement } from '../database/driver.ts'

export interface InteractionRow {
  readonly interaction_id: string
  readonly browser_hash: Uint8Array
  readonly request: string
  readonly authenticated_session_id: string | null
  readonly chosen_session_id: string | null
  readonly created_at: number
  readonly expires_at: number
}

export const insertInteraction = statement<{
  interaction_id: string
  browser_hash: Uint8Array
  address: string
  size: number
  request: string
  now: number
  expires_at: number
}>(
  'insert_interaction',
  `INSERT INTO interaction (interaction_id, browser_hash, address, size, request, created_at, expires_at)
   VALUES (:interaction_id, :browser_hash, :address, :size, :request, :now, :expires_at)`,
)

/**
 * Deletes what one browser has beyond its newest `most`; among those of one second, the one just added counts as the
 * newest.
 */
export const deleteBeyondBrowser = statement<{ browser_hash: Uint8Array; newest: string; most: number }>(
  'delete_interactions_beyond_browser',
  `DELETE FROM interaction WHERE interaction_id IN (
     SELECT interaction_id FROM interaction WHERE browser_hash = :browser_hash
     ORDER BY CASE WHEN interaction_id = :newest THEN 0 ELSE 1 END, created_at DESC, interaction_id LIMIT 1000 OFFSET :most)`,
)

/** Deletes what one address has beyond its newest `most`. */
export const deleteBeyondAddress = statement<{ address: string; newest: string; most: number }>(
  'delete_interactions_beyond_address',
  `DELETE FROM interaction WHERE interaction_id IN (
     SELECT interaction_id FROM interaction WHERE address = :address
     ORDER BY CASE WHEN interaction_id = :newest THEN 0 ELSE 1 END, created_at DESC, interaction_id LIMIT 1000 OFFSET :most)`,
)

export const measureInteractions = statement<object, { bytes: number }>(
  'measure_interactions',
  'SELECT CAST(COALESCE(sum(size), 0) AS BIGINT) AS bytes FROM interaction',
)

/**
 * When there is no room left, the address that holds most loses its oldest: rows are ranked by how much their address
 * holds in them and all newer ones, and the highest go until enough is free.
 */
export const deleteOldestOfHeaviest = statement<
  { excess: number; newest: string; most: number },
  { interaction_id: string }
>(
  'delete_oldest_of_heaviest',
  `DELETE FROM interaction WHERE interaction_id IN (
     SELECT interaction_id FROM (
       SELECT interaction_id, sum(size) OVER (ORDER BY held DESC, interaction_id ROWS UNBOUNDED PRECEDING) - size AS freed
       FROM (
         SELECT interaction_id, size, sum(size) OVER (
           PARTITION BY address
           ORDER BY CASE WHEN interaction_id = :newest THEN 0 ELSE 1 END, created_at DESC, interaction_id
           ROWS UNBOUNDED PRECEDING) AS held
         FROM interaction) AS weighed
     ) AS ranked WHERE freed < CAST(:excess AS BIGINT) ORDER BY freed LIMIT :most) RETURNING interaction_id`,
)

export const findInteraction = statement<{ interaction_id: string; now: number }, InteractionRow>(
  'find_interaction',
  `SELECT interaction_id, browser_hash, request, authenticated_session_id, chosen_session_id, created_at, expires_at
   FROM interaction WHERE interaction_id = :interaction_id AND expires_at > :now`,
)

/** For a request that came without cookies: it is bound to the first browser that continues it. */
export const bindInteraction = statement<{
  interaction_id: string
  browser_hash: Uint8Array
  unbound: Uint8Array
}>(
  'bind_interaction',
  `UPDATE interaction SET browser_hash = :browser_hash
   WHERE interaction_id = :interaction_id AND browser_hash = :unbound`,
)

export const setInteractionProgress = statement<
  { interaction_id: string; authenticated_session_id: string | null; chosen_session_id: string | null },
  { interaction_id: string }
>(
  'set_interaction_progress',
  `UPDATE interaction SET authenticated_session_id = :authenticated_session_id, chosen_session_id = :chosen_session_id
   WHERE interaction_id = :interaction_id RETURNING interaction_id`,
)

/** Guard: an interaction ends only once. */
export const finishInteraction = statement<{ interaction_id: string }, { interaction_id: string }>(
  'finish_interaction',
  'DELETE FROM interaction WHERE interaction_id = :interaction_id RETURNING interaction_id',
)
