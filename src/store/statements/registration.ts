// SQL about clients that registered themselves. The row outlives its client for a while, so that registering and
// removing in turn still counts.

import { statement } from '../database/driver.ts'
import { CLIENT_COLUMNS, type ClientRow } from './client.ts'

export interface RegistrationRow extends ClientRow {
  readonly token_hash: Uint8Array | null
  readonly policy: string
  readonly software_statement: string | null
  readonly initial_token_id: string | null
}

export const findRegistration = statement<{ client_id: string }, RegistrationRow>(
  'find_registration',
  `SELECT ${CLIENT_COLUMNS}, r.token_hash, r.policy, r.software_statement, r.initial_token_id
   FROM client_registration r JOIN client c ON c.client_id = r.client_id
   WHERE r.client_id = :client_id AND r.removed_at IS NULL AND c.removed_at IS NULL`,
)

export const insertRegistration = statement<{
  client_id: string
  token_hash: Uint8Array
  policy: string
  software_statement: string | null
  initial_token_id: string | null
  address: string
  now: number
}>(
  'insert_registration',
  `INSERT INTO client_registration (client_id, token_hash, policy, software_statement, initial_token_id, address,
     created_at, last_used_at)
   VALUES (:client_id, :token_hash, :policy, :software_statement, :initial_token_id, :address, :now, :now)`,
)

export const countRegistrations = statement<{ address: string; since: number }, { count: number }>(
  'count_registrations',
  'SELECT count(*) AS count FROM client_registration WHERE address = :address AND created_at > :since',
)

/** Guard: the address has registered fewer clients since `since` than it may. */
export const addressMayRegister = statement<{ address: string; since: number; most: number }, { free: number }>(
  'address_may_register',
  `SELECT 1 AS free FROM (SELECT 1 AS one) o WHERE (SELECT count(*) FROM client_registration
     WHERE address = :address AND created_at > :since) < :most`,
)

/**
 * Guard: there are fewer clients without an initial access token than there may be; those known by a document have an
 * address as id.
 */
export const moreMayRegister = statement<{ most: number; documents: number }, { free: number }>(
  'more_may_register',
  `SELECT 1 AS free FROM (SELECT 1 AS one) o WHERE (SELECT count(*) FROM client_registration
     WHERE removed_at IS NULL AND initial_token_id IS NULL
       AND CASE WHEN client_id LIKE 'http%://%' THEN 1 ELSE 0 END = CAST(:documents AS INTEGER)) < :most`,
)

/** Guard: of two changes under the same token the second one finds it replaced. */
export const rotateRegistrationToken = statement<
  {
    client_id: string
    former_hash: Uint8Array
    token_hash: Uint8Array
    software_statement: string | null
    now: number
  },
  { client_id: string }
>(
  'rotate_registration_token',
  `UPDATE client_registration SET token_hash = :token_hash, software_statement = :software_statement,
     last_used_at = :now
   WHERE client_id = :client_id AND token_hash = :former_hash AND removed_at IS NULL RETURNING client_id`,
)

export const endRegistration = statement<{ client_id: string; now: number }>(
  'end_registration',
  `UPDATE client_registration SET token_hash = NULL, software_statement = NULL, removed_at = :now
   WHERE client_id = :client_id AND removed_at IS NULL`,
)

export const returnRegistration = statement<
  { client_id: string; token_hash: Uint8Array; address: string; now: number },
  { client_id: string }
>(
  'return_registration',
  `UPDATE client_registration SET token_hash = :token_hash, address = :address, created_at = :now, last_used_at = :now,
     removed_at = NULL
   WHERE client_id = :client_id AND removed_at IS NOT NULL RETURNING client_id`,
)

export const noteRegistrationUse = statement<{ client_id: string; now: number }>(
  'note_registration_use',
  'UPDATE client_registration SET last_used_at = :now WHERE client_id = :client_id AND last_used_at < :now',
)

export const listUnusedRegistrations = statement<{ before: number; after_id: string; most: number }, ClientRow>(
  'list_unused_registrations',
  `SELECT ${CLIENT_COLUMNS} FROM client_registration r JOIN client c ON c.client_id = r.client_id
   WHERE r.last_used_at < :before AND r.removed_at IS NULL AND c.removed_at IS NULL AND r.client_id > :after_id
   ORDER BY r.client_id LIMIT :most`,
)
