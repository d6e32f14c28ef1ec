// SQL about signing keys.

import { statement } from '../driver.ts'

export interface SigningKeyRow {
  readonly key_id: string
  readonly algorithm: string
  readonly public_jwk: string
  readonly sealed_private_key: Uint8Array
  readonly created_at: number
  readonly active_at: number
  readonly retired_at: number | null
}

export const listSigningKeys = statement<object, SigningKeyRow>(
  'list_signing_keys',
  `SELECT key_id, algorithm, public_jwk, sealed_private_key, created_at, active_at, retired_at
   FROM signing_key ORDER BY created_at, key_id`,
)

export const insertSigningKey = statement<{
  key_id: string
  algorithm: string
  public_jwk: string
  sealed_private_key: Uint8Array
  created_at: number
  active_at: number
}>(
  'insert_signing_key',
  `INSERT INTO signing_key (key_id, algorithm, public_jwk, sealed_private_key, created_at, active_at)
   VALUES (:key_id, :algorithm, :public_jwk, :sealed_private_key, :created_at, :active_at)`,
)

/** A retirement can be brought forward, never put off. */
export const retireSigningKey = statement<{ key_id: string; at: number }>(
  'retire_signing_key',
  'UPDATE signing_key SET retired_at = :at WHERE key_id = :key_id AND (retired_at IS NULL OR retired_at > :at)',
)

export const deleteSigningKey = statement<{ key_id: string }>(
  'delete_signing_key',
  'DELETE FROM signing_key WHERE key_id = :key_id',
)
