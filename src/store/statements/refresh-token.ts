// SQL about refresh tokens. A family is part of the row of its grant: a rotation changes that row and adds none.
// docs/decisions/0056

import { change, statement } from '../database/driver.ts'
import { CLIENT_KEY } from './client.ts'
import { type Found, GRANT_BOUND, GRANT_COLUMNS, type GrantRow, grantOf, IS_LIVE } from './grant.ts'
import { type GrantPlace, isGrant } from './place.ts'
import { USER_COLUMNS, type UserRow } from './user.ts'

interface CurrentColumns {
  readonly refresh_rotations: number
  readonly refresh_issued_at: number
  readonly refresh_expires_at: number
  readonly family_expires_at: number
  readonly earlier_rotations: string | null
  readonly refresh_key_thumbprint: string | null
}

/** Null where the presented token is the current one, or where there was no rotation. */
interface RotationColumns {
  readonly refresh_hash: Uint8Array | null
  readonly rotation_salt: Uint8Array | null
  readonly rotation_digest: Uint8Array | null
  readonly rotation_scope: string | null
  readonly rotation_address: string | null
  readonly rotation_user_agent: string | null
  readonly rotation_access_token: Uint8Array | null
  readonly rotation_key_thumbprint: string | null
}

/** A grant without a family has no `refresh_issued_at`. */
export type FamilyColumns = (CurrentColumns | { readonly refresh_issued_at: null }) &
  RotationColumns & {
    readonly former_rotations: number | null
    /** About the presented token. */
    readonly is_current: number
    readonly is_replaced: number
  }

// Nearly always the current token is presented and the rotation is not needed. So it is not read then: each value of
// bytes that is read costs memory of its own (docs/decisions/0038).
const otherwise = (column: string) => `CASE WHEN g.refresh_hash = :hash THEN NULL ELSE g.${column} END AS ${column}`

const FAMILY_COLUMNS = `CASE WHEN g.refresh_hash = :hash THEN 1 ELSE 0 END AS is_current,
  CASE WHEN g.replaced_hash = :hash THEN 1 ELSE 0 END AS is_replaced,
  g.refresh_rotations, g.refresh_issued_at, g.refresh_expires_at, g.family_expires_at, g.earlier_rotations, g.refresh_key_thumbprint,
  ${otherwise('refresh_hash')}, ${otherwise('rotation_salt')}, ${otherwise('rotation_digest')}, ${otherwise('rotation_scope')},
  ${otherwise('rotation_address')}, ${otherwise('rotation_user_agent')}, ${otherwise('rotation_access_token')},
  ${otherwise('rotation_key_thumbprint')}`

export type FamilyRow = GrantRow & UserRow & FamilyColumns

/** `rotations`: how many tokens came before the presented one, where only the database knows. */
const clientWithFamily = (grant: string, rotations: string) =>
  `SELECT ${CLIENT_KEY}, ${rotations} AS former_rotations, ${FAMILY_COLUMNS}, ${GRANT_COLUMNS}, ${USER_COLUMNS}
   FROM client c ${grant}
   WHERE c.client_id = :client_id AND c.removed_at IS NULL`

export const findClientWithFamily = statement<GrantPlace & { client_id: string; hash: Uint8Array }, Found<FamilyRow>>(
  'find_client_with_family',
  clientWithFamily(GRANT_BOUND, 'NULL'),
)

/** For a token of an older release, which names no grant and does not tell how many came before it. */
export const findClientWithFamilyOfFormer = statement<{ client_id: string; hash: Uint8Array }, Found<FamilyRow>>(
  'find_client_with_family_of_former',
  clientWithFamily(`LEFT JOIN former_refresh_token f ON f.hash = :hash ${grantOf('f')}`, 'f.rotations'),
)

/** Guard: the grant is there, and has no family. */
export const beginFamily = change<
  GrantPlace & {
    hash: Uint8Array
    now: number
    expires_at: number
    family_expires_at: number
    key_thumbprint: string | null
    rotation_key_thumbprint: string | null
  }
>(
  'begin_refresh_family',
  `UPDATE "grant" AS g SET refresh_hash = :hash, refresh_rotations = 0, refresh_issued_at = :now, refresh_expires_at = :expires_at,
     family_expires_at = :family_expires_at, refresh_key_thumbprint = :key_thumbprint
   WHERE ${isGrant('g')} AND g.refresh_hash IS NULL`,
)

/** RFC 9700 §4.14.2: guard; holds for exactly one caller. */
export const rotateRefreshToken = change<
  GrantPlace & {
    replaced: Uint8Array
    hash: Uint8Array
    rotations: number
    now: number
    expires_at: number
    earlier: string | null
    salt: Uint8Array
    digest: Uint8Array
    scope: string
    address: string
    user_agent: string
    access_token: Uint8Array | null
    key_thumbprint: string | null
  }
>(
  'rotate_refresh_token',
  `UPDATE "grant" AS g SET refresh_hash = :hash, refresh_rotations = :rotations, refresh_issued_at = :now,
     refresh_expires_at = :expires_at, replaced_hash = :replaced, earlier_rotations = :earlier, rotation_salt = :salt,
     rotation_digest = :digest, rotation_scope = :scope, rotation_address = :address, rotation_user_agent = :user_agent,
     rotation_access_token = :access_token, refresh_key_thumbprint = :key_thumbprint,
     rotation_key_thumbprint = :rotation_key_thumbprint
   WHERE ${isGrant('g')} AND g.refresh_hash = :replaced AND g.refresh_expires_at > :now AND g.family_expires_at > :now
     AND ${IS_LIVE}`,
)
