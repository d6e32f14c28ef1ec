// SQL about consents: what people have agreed to.

import { statement } from '../database/driver.ts'
import { CLIENT_COLUMNS, type ClientRow } from './client.ts'

export const upsertConsent = statement<{
  user_id: string
  client_id: string
  scope: string
  kinds: string
  now: number
}>(
  'upsert_consent',
  `INSERT INTO consent (user_id, client_id, scope, kinds, given_at) VALUES (:user_id, :client_id, :scope, :kinds, :now)
   ON CONFLICT (user_id, client_id) DO UPDATE SET scope = excluded.scope, kinds = excluded.kinds,
     given_at = excluded.given_at`,
)

export const findConsent = statement<{ user_id: string; client_id: string }, { scope: string; kinds: string }>(
  'find_consent',
  'SELECT scope, kinds FROM consent WHERE user_id = :user_id AND client_id = :client_id',
)

/** The newest first. */
export const listConsents = statement<
  { user_id: string },
  { client_id: string; scope: string; kinds: string; given_at: number }
>(
  'list_consents',
  `SELECT client_id, scope, kinds, given_at FROM consent WHERE user_id = :user_id ORDER BY given_at DESC, client_id`,
)

/**
 * The same, each with its whole client: most of a person's clients are not parsed yet, and a read for each would be
 * many. Removed clients are left out.
 */
export const listConsentsWithClients = statement<
  { user_id: string },
  ClientRow & { scope: string; kinds: string; given_at: number }
>(
  'list_consents_with_clients',
  `SELECT k.scope, k.kinds, k.given_at, ${CLIENT_COLUMNS}
   FROM consent k JOIN client c ON c.client_id = k.client_id
   WHERE k.user_id = :user_id AND c.removed_at IS NULL ORDER BY k.given_at DESC, k.client_id`,
)

export const deleteConsent = statement<{ user_id: string; client_id: string }, { user_id: string }>(
  'delete_consent',
  'DELETE FROM consent WHERE user_id = :user_id AND client_id = :client_id RETURNING user_id',
)

/**
 * Guard: a remembered consent still stands. The row is written, not only read, so that a withdrawal at the same moment
 * comes either entirely before (no code is issued) or entirely after (the new grant is revoked with the others).
 */
export const holdConsent = statement<{ user_id: string; client_id: string }, { user_id: string }>(
  'hold_consent',
  `UPDATE consent SET given_at = given_at WHERE user_id = :user_id AND client_id = :client_id RETURNING user_id`,
)

export const deleteConsentsOfUser = statement<{ user_id: string }>(
  'delete_consents_of_user',
  'DELETE FROM consent WHERE user_id = :user_id',
)

export const deleteConsentsOfClient = statement<{ client_id: string }>(
  'delete_consents_of_client',
  'DELETE FROM consent WHERE client_id = :client_id',
)
