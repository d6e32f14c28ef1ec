// SQL about the origins of public clients.

import { statement } from '../driver.ts'

export const findClientOrigin = statement<{ origin: string }, { known: number }>(
  'find_client_origin',
  `SELECT 1 AS known FROM client_origin o JOIN client c ON c.client_id = o.client_id
   WHERE o.origin = :origin AND c.enabled = 1 AND c.removed_at IS NULL LIMIT 1`,
)

/** Only while the client is what its origins were read from. */
export const insertClientOrigin = statement<{ origin: string; client_id: string; version: number }>(
  'insert_client_origin',
  `INSERT INTO client_origin (origin, client_id)
   SELECT :origin, c.client_id FROM client c WHERE c.client_id = :client_id AND c.version = :version
   ON CONFLICT (origin, client_id) DO NOTHING`,
)

export const deleteClientOrigins = statement<{ client_id: string }>(
  'delete_client_origins',
  'DELETE FROM client_origin WHERE client_id = :client_id',
)
