// SQL about signing keys.

import { statement } from '../database/driver.ts'

export interface SigningKeyRow {
  readonly key_id: string
  readonly algorithm: string
  readonly turn: number | null
  readonly public_jwk: string
  readonly sealed_private_key: Uint8Array
  readonly created_at: number
  readonly active_at: number
  readonly retired_at: number | null
  readonly revoked_at: number | null
  readonly token_lifetime: number
}

export const listSigningKeys = statement<object, SigningKeyRow>(
  'list_signing_keys',
  `SELECT key_id, algorithm, turn, public_jwk, sealed_private_key, created_at, active_at, retired_at, revoked_at,
     token_lifetime
   FROM signing_key ORDER BY created_at, key_id`,
)

/** Yields no row when the turn is taken: another node or a command was faster. */
export const insertSigningKey = statement<{
  key_id: string
  algorithm: string
  turn: number | null
  public_jwk: string
  sealed_private_key: Uint8Array
  created_at: number
  active_at: number
}>(
  'insert_signing_key',
  `INSERT INTO signing_key (key_id, algorithm, turn, public_jwk, sealed_private_key, created_at, active_at)
   VALUES (:key_id, :algorithm, :turn, :public_jwk, :sealed_private_key, :created_at, :active_at)
   ON CONFLICT (algorithm, turn) DO NOTHING RETURNING key_id`,
)

/** A retirement can be brought forward, but never put off. */
export const retireSigningKey = statement<{ key_id: string; at: number }>(
  'retire_signing_key',
  'UPDATE signing_key SET retired_at = :at WHERE key_id = :key_id AND (retired_at IS NULL OR retired_at > :at)',
)

export const revokeSigningKey = statement<{ key_id: string; at: number }>(
  'revoke_signing_key',
  `UPDATE signing_key SET revoked_at = :at WHERE key_id = :key_id AND (revoked_at IS NULL OR revoked_at > :at)
   RETURNING key_id`,
)

/** For a waiting key; `was` is when it was to begin. */
export const moveSigningKey = statement<{ key_id: string; was: number; at: number; now: number }>(
  'move_signing_key',
  `UPDATE signing_key SET active_at = :at
   WHERE key_id = :key_id AND active_at = :was AND active_at > :now AND (retired_at IS NULL OR retired_at > :at)
   RETURNING key_id`,
)

/** For the keys that hand over to it: it begins at another time now, or (null) not at all. */
export const moveHandover = statement<{ algorithm: string; was: number; at: number | null }>(
  'move_handover',
  `UPDATE signing_key SET retired_at = :at
   WHERE algorithm = :algorithm AND retired_at = :was AND revoked_at IS NULL AND active_at < :was`,
)

export const undoSigningKey = statement<{ key_id: string; was: number; now: number }>(
  'undo_signing_key',
  'DELETE FROM signing_key WHERE key_id = :key_id AND active_at = :was AND active_at > :now RETURNING key_id',
)

export const noteTokenLifetime = statement<{ key_id: string; token_lifetime: number }>(
  'note_token_lifetime',
  `UPDATE signing_key SET token_lifetime = :token_lifetime
   WHERE key_id = :key_id AND token_lifetime < :token_lifetime`,
)

export const deleteSigningKey = statement<{ key_id: string }>(
  'delete_signing_key',
  'DELETE FROM signing_key WHERE key_id = :key_id',
)
