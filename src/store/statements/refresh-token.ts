// SQL about refresh tokens.

import { change, statement } from '../database/driver.ts'
import { CLIENT_KEY } from './client.ts'
import { type Found, GRANT_COLUMNS, type GrantRow, grantOf, liveGrantOf } from './grant.ts'
import { USER_COLUMNS, type UserRow } from './user.ts'

export interface PresentedRefreshColumns {
  readonly refresh_issued_at: number
  readonly refresh_expires_at: number
  readonly family_expires_at: number
  readonly rotated_at: number | null
}

/** The part of a refresh token that introspection answers from. */
export const PRESENTED_REFRESH_COLUMNS = `r.issued_at AS refresh_issued_at, r.expires_at AS refresh_expires_at,
  r.family_expires_at, r.rotated_at`

export interface RefreshColumns extends PresentedRefreshColumns {
  readonly rotation_salt: Uint8Array | null
  readonly rotation_digest: Uint8Array | null
  readonly rotation_scope: string | null
  readonly rotation_address: string | null
  readonly rotation_user_agent: string | null
  readonly rotation_access_token: Uint8Array | null
}

const REFRESH_COLUMNS = `${PRESENTED_REFRESH_COLUMNS}, r.rotation_salt, r.rotation_digest, r.rotation_scope, r.rotation_address, r.rotation_user_agent,
  r.rotation_access_token`

export type RefreshRow = GrantRow & UserRow & RefreshColumns

export const findClientWithRefreshToken = statement<{ client_id: string; hash: Uint8Array }, Found<RefreshRow>>(
  'find_client_with_refresh_token',
  `SELECT ${CLIENT_KEY}, ${REFRESH_COLUMNS}, ${GRANT_COLUMNS}, ${USER_COLUMNS}
   FROM client c LEFT JOIN refresh_token r ON r.hash = :hash ${grantOf('r.grant_id')}
   WHERE c.client_id = :client_id AND c.removed_at IS NULL`,
)

export const findRotation = statement<{ hash: Uint8Array }, RefreshColumns>(
  'find_rotation',
  `SELECT ${REFRESH_COLUMNS} FROM refresh_token r WHERE r.hash = :hash`,
)

export const insertRefreshToken = statement<{
  hash: Uint8Array
  grant_id: string
  now: number
  expires_at: number
  family_expires_at: number
}>(
  'insert_refresh_token',
  `INSERT INTO refresh_token (hash, grant_id, issued_at, expires_at, family_expires_at)
   VALUES (:hash, :grant_id, :now, :expires_at, :family_expires_at)`,
)

/** RFC 9700 §4.14.2: guard; holds for exactly one caller. */
export const rotateRefreshToken = change<{
  hash: Uint8Array
  now: number
  salt: Uint8Array
  digest: Uint8Array
  scope: string
  address: string
  user_agent: string
  access_token: Uint8Array | null
}>(
  'rotate_refresh_token',
  `UPDATE refresh_token SET rotated_at = :now, rotation_salt = :salt, rotation_digest = :digest,
     rotation_scope = :scope, rotation_address = :address, rotation_user_agent = :user_agent,
     rotation_access_token = :access_token
   WHERE hash = :hash AND rotated_at IS NULL AND expires_at > :now AND family_expires_at > :now
     AND ${liveGrantOf('refresh_token')}`,
)
