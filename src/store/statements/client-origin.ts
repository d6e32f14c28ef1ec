// SQL about the origins of clients: of the pages from which they send people to sign in.

import { statement } from '../database/driver.ts'

const OF_ENABLED = `FROM client_origin o JOIN client c ON c.client_id = o.client_id
   WHERE c.enabled = 1 AND c.removed_at IS NULL`

/** With `scripts` 1 only origins of public clients, whose scripts may read our replies. */
export const findClientOrigin = statement<{ origin: string; scripts: number }, { known: number }>(
  'find_client_origin',
  `SELECT 1 AS known ${OF_ENABLED} AND o.origin = :origin AND o.runs_scripts >= :scripts LIMIT 1`,
)

/** Each origin once, in alphabetical order. */
export const listClientOrigins = statement<{ most: number }, { origin: string }>(
  'list_client_origins',
  `SELECT DISTINCT o.origin ${OF_ENABLED} ORDER BY o.origin LIMIT :most`,
)

/**
 * Only while the client has the version from which its origins were read; null: a step of this list has just written
 * it.
 */
export const insertClientOrigin = statement<{
  origin: string
  runs_scripts: number
  client_id: string
  version: number | null
}>(
  'insert_client_origin',
  `INSERT INTO client_origin (origin, client_id, runs_scripts)
   SELECT :origin, c.client_id, :runs_scripts FROM client c
   WHERE c.client_id = :client_id AND (CAST(:version AS BIGINT) IS NULL OR c.version = CAST(:version AS BIGINT))
   ON CONFLICT (origin, client_id) DO NOTHING`,
)

export const deleteClientOrigins = statement<{ client_id: string }>(
  'delete_client_origins',
  'DELETE FROM client_origin WHERE client_id = :client_id',
)
