// SQL about authorization requests that clients push. Those of strangers, who can make them at will, are limited for each
// address and in all: only they have an address.

import { change, statement } from '../database/driver.ts'

export const insertPushedRequest = statement<{
  reference_hash: Uint8Array
  client_id: string
  address: string | null
  size: number
  parameters: string
  now: number
  valid_until: number
  expires_at: number
}>(
  'insert_pushed_request',
  `INSERT INTO pushed_request
     (reference_hash, client_id, address, size, parameters, created_at, valid_until, expires_at)
   VALUES (:reference_hash, :client_id, :address, :size, :parameters, :now, :valid_until, :expires_at)`,
)

/** Also one that is too old for a browser to bring it: a sign-in that began in time may still be answered. */
export const findPushedRequest = statement<
  { reference_hash: Uint8Array },
  { client_id: string; parameters: string; valid_until: number }
>(
  'find_pushed_request',
  'SELECT client_id, parameters, valid_until FROM pushed_request WHERE reference_hash = :reference_hash',
)

/** Guard: it is answered once. */
export const finishPushedRequest = change<{ reference_hash: Uint8Array }>(
  'finish_pushed_request',
  'DELETE FROM pushed_request WHERE reference_hash = :reference_hash',
)

/** Deletes what one address has beyond its newest `most`. */
export const deletePushedBeyondAddress = statement<{ address: string; newest: Uint8Array; most: number }>(
  'delete_pushed_requests_beyond_address',
  `DELETE FROM pushed_request WHERE reference_hash IN (
     SELECT reference_hash FROM pushed_request WHERE address = :address
     ORDER BY CASE WHEN reference_hash = :newest THEN 0 ELSE 1 END, created_at DESC, reference_hash
     LIMIT 1000 OFFSET :most)`,
)

export const measurePushedRequests = statement<object, { bytes: number }>(
  'measure_pushed_requests',
  'SELECT CAST(COALESCE(sum(size), 0) AS BIGINT) AS bytes FROM pushed_request WHERE address IS NOT NULL',
)

/** When there is no room left, the address that holds most loses its oldest, as with interactions. */
export const deleteOldestPushedOfHeaviest = statement<{ excess: number; newest: Uint8Array; most: number }>(
  'delete_oldest_pushed_of_heaviest',
  `DELETE FROM pushed_request WHERE reference_hash IN (
     SELECT reference_hash FROM (
       SELECT reference_hash, sum(size) OVER (ORDER BY held DESC, reference_hash ROWS UNBOUNDED PRECEDING) - size AS freed
       FROM (
         SELECT reference_hash, size, sum(size) OVER (
           PARTITION BY address
           ORDER BY CASE WHEN reference_hash = :newest THEN 0 ELSE 1 END, created_at DESC, reference_hash
           ROWS UNBOUNDED PRECEDING) AS held
         FROM pushed_request WHERE address IS NOT NULL) AS weighed
     ) AS ranked WHERE freed < CAST(:excess AS BIGINT) ORDER BY freed LIMIT :most)`,
)
