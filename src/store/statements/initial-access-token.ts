// SQL about initial access tokens (RFC 7591 §1.2), which let somebody register clients. Only a hash is kept.

import { statement } from '../database/driver.ts'

export interface InitialAccessTokenRow {
  readonly token_id: string
  readonly note: string | null
  readonly policy: string
  readonly uses_left: number | null
  readonly created_at: number
  readonly expires_at: number
}

const COLUMNS = 'token_id, note, policy, uses_left, created_at, expires_at'

export const insertInitialAccessToken = statement<{
  token_id: string
  hash: Uint8Array
  note: string | null
  policy: string
  uses_left: number | null
  now: number
  expires_at: number
}>(
  'insert_initial_access_token',
  `INSERT INTO initial_access_token (token_id, hash, note, policy, uses_left, created_at, expires_at)
   VALUES (:token_id, :hash, :note, :policy, :uses_left, :now, :expires_at)`,
)

export const findInitialAccessToken = statement<{ hash: Uint8Array; now: number }, InitialAccessTokenRow>(
  'find_initial_access_token',
  `SELECT ${COLUMNS} FROM initial_access_token
   WHERE hash = :hash AND expires_at > :now AND (uses_left IS NULL OR uses_left > 0)`,
)

/** Guard: uses the token once. */
export const spendInitialAccessToken = statement<{ token_id: string; now: number }, { token_id: string }>(
  'spend_initial_access_token',
  `UPDATE initial_access_token SET uses_left = uses_left - 1
   WHERE token_id = :token_id AND expires_at > :now AND (uses_left IS NULL OR uses_left > 0) RETURNING token_id`,
)

export const listInitialAccessTokens = statement<{ now: number }, InitialAccessTokenRow>(
  'list_initial_access_tokens',
  `SELECT ${COLUMNS} FROM initial_access_token WHERE expires_at > :now ORDER BY created_at, token_id`,
)

export const deleteInitialAccessToken = statement<{ token_id: string }, { token_id: string }>(
  'delete_initial_access_token',
  'DELETE FROM initial_access_token WHERE token_id = :token_id RETURNING token_id',
)
