// SQL about clients. A removed client keeps its row, so that its id is never given out again.

import type { Client } from '../../model/client/client.ts'
import { toPlain } from '../../model/client/settings.ts'
import { statement } from '../database/driver.ts'

/** Names one version of a client: all that reads on the hot path bring of it. */
export interface ClientKey {
  readonly client_id: string
  readonly version: number
}

export interface ClientRow extends ClientKey {
  readonly settings: string
  readonly generation: number
  readonly enabled: number
  readonly secret_hash: Uint8Array | null
  readonly sealed_secret: Uint8Array | null
  readonly created_at: number
  readonly updated_at: number
}

/** The columns of `ClientKey` from a table aliased `c`. */
export const CLIENT_KEY = 'c.client_id, c.version'

/** The columns of `ClientRow` from a table aliased `c`. */
export const CLIENT_COLUMNS =
  'c.client_id, c.settings, c.version, c.generation, c.enabled, c.secret_hash, c.sealed_secret, c.created_at, c.updated_at'

// SQLite reads the index `client_state` alone only within a join; for a single row by its key it always goes to the
// table too.
export const CLIENT_OF_ID = '(SELECT 1 AS one) o JOIN client c ON c.client_id = :client_id'

export const findClient = statement<{ client_id: string }, ClientKey>(
  'find_client',
  `SELECT ${CLIENT_KEY} FROM ${CLIENT_OF_ID} WHERE c.removed_at IS NULL`,
)

/** Removed clients too: the id of what a client once was still names its tokens. */
export const readClient = statement<{ client_id: string }, ClientRow>(
  'read_client',
  `SELECT ${CLIENT_COLUMNS} FROM client c WHERE c.client_id = :client_id`,
)

export const listClientIds = statement<{ most: number }, { client_id: string }>(
  'list_client_ids',
  'SELECT client_id FROM client WHERE removed_at IS NULL LIMIT :most',
)

/** In the order of ids; `after` is exclusive, an empty string starts. */
export const listClientsAfter = statement<{ after: string; most: number }, ClientRow>(
  'list_clients_after',
  `SELECT ${CLIENT_COLUMNS} FROM client c WHERE c.client_id > :after AND c.removed_at IS NULL
   ORDER BY c.client_id LIMIT :most`,
)

export const listClients = statement<object, ClientRow>(
  'list_clients',
  `SELECT ${CLIENT_COLUMNS} FROM client c WHERE c.removed_at IS NULL ORDER BY c.created_at, c.client_id`,
)

/**
 * What is written of a client's settings: all of them, and a column of its own by which clients to be told of a
 * sign-out are found.
 */
export function clientColumns(client: Client): { settings: string; backchannel_logout: string | null } {
  const told = client.backchannel_logout_session_required ? 'session' : 'person'
  return { settings: toPlain(client), backchannel_logout: client.backchannel_logout_uri === null ? null : told }
}

export const insertClient = statement<{
  client_id: string
  settings: string
  backchannel_logout: string | null
  enabled: number
  secret_hash: Uint8Array | null
  sealed_secret: Uint8Array | null
  now: number
}>(
  'insert_client',
  `INSERT INTO client (client_id, settings, backchannel_logout, version, generation, enabled, secret_hash, sealed_secret,
     created_at, updated_at)
   VALUES (:client_id, :settings, :backchannel_logout, 1, 1, :enabled, :secret_hash, :sealed_secret, :now, :now)`,
)

/** RFC 9700 §4.15: a client id that equals a user's id would let a client's token pass for the user's. */
export const noUserHasId = statement<{ client_id: string }, { free: number }>(
  'no_user_has_id',
  `SELECT 1 AS free FROM (SELECT 1 AS one) o WHERE NOT EXISTS (SELECT 1 FROM "user" WHERE user_id = :client_id)`,
)

/** Guard: the client was removed. For clients whose id cannot belong to anybody else, because it is an address. */
export const returnClient = statement<
  { client_id: string; settings: string; backchannel_logout: string | null; now: number },
  { client_id: string }
>(
  'return_client',
  `UPDATE client SET settings = :settings, backchannel_logout = :backchannel_logout, enabled = 1, removed_at = NULL,
     generation = generation + 1, version = version + 1, created_at = :now, updated_at = :now
   WHERE client_id = :client_id AND removed_at IS NOT NULL RETURNING client_id`,
)

export const updateClient = statement<
  {
    client_id: string
    settings: string
    backchannel_logout: string | null
    enabled: number
    bump: number
    version: number
    now: number
  },
  { version: number }
>(
  'update_client',
  `UPDATE client SET settings = :settings, backchannel_logout = :backchannel_logout, enabled = :enabled, generation = generation + :bump,
     version = version + 1, updated_at = :now
   WHERE client_id = :client_id AND version = :version AND removed_at IS NULL RETURNING version`,
)

export const setClientSecret = statement<
  { client_id: string; secret_hash: Uint8Array | null; sealed_secret: Uint8Array | null; now: number },
  { version: number }
>(
  'set_client_secret',
  `UPDATE client SET secret_hash = :secret_hash, sealed_secret = :sealed_secret, version = version + 1,
     updated_at = :now
   WHERE client_id = :client_id AND removed_at IS NULL RETURNING version`,
)

export const removeClient = statement<{ client_id: string; now: number }, { client_id: string }>(
  'remove_client',
  `UPDATE client SET removed_at = :now, enabled = 0, secret_hash = NULL, sealed_secret = NULL,
     generation = generation + 1, version = version + 1, updated_at = :now
   WHERE client_id = :client_id AND removed_at IS NULL RETURNING client_id`,
)
