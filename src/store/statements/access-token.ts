// SQL about access tokens.

import { change, statement } from '../database/driver.ts'
import { CLIENT_KEY, CLIENT_OF_ID, type ClientKey } from './client.ts'
import {
  type AnsweringGrantRow,
  answeringGrantColumns,
  ENDINGS_OF_TOKEN,
  type PresentedGrantRow,
  presentedGrantColumns,
} from './grant.ts'
import { isGrantOfClaims, isToken, type TokenPlace } from './place.ts'
import { USER_COLUMNS, type UserRow, userOf } from './user.ts'

export interface TokenColumns {
  readonly token_client_id: string
  readonly token_scope: string
  readonly token_issued_at: number
  readonly token_expires_at: number
  readonly token_revoked_at: number | null
  readonly token_resource: string | null
  readonly token_key: string | null
  /** The state of the token's own client, which is all that matters for a token without a grant. */
  readonly token_client_live: number
}

const TOKEN_COLUMNS = `t.client_id AS token_client_id, t.scope AS token_scope, t.issued_at AS token_issued_at,
  t.expires_at AS token_expires_at, t.revoked_at AS token_revoked_at,
  t.resource AS token_resource, t.key_thumbprint AS token_key,
  CASE WHEN tc.enabled = 1 AND tc.removed_at IS NULL AND tc.generation = t.client_generation THEN 1 ELSE 0 END
    AS token_client_live`

/** Grant and user are null for a token from client credentials. */
export type AccessTokenRow = ClientKey & TokenColumns & ({ readonly grant_state: null } | (AnsweringGrantRow & UserRow))

/**
 * For user info: the token, its client and its user in one read. A token and its grant have the same client. The grant
 * itself matters only where single claims were asked for.
 */
export const findAccessToken = statement<TokenPlace, AccessTokenRow>(
  'find_access_token',
  `SELECT ${CLIENT_KEY}, ${TOKEN_COLUMNS.replaceAll('tc.', 'c.')}, ${answeringGrantColumns('c')}, ${USER_COLUMNS}
   FROM access_token t JOIN client c ON c.client_id = t.client_id
     LEFT JOIN ${userOf('t')}
     ${ENDINGS_OF_TOKEN}
     LEFT JOIN "grant" g ON ${isGrantOfClaims('g', 't')}
   WHERE ${isToken('t')}`,
)

/** Guard: the token is at none of its places. */
export const tokenIsNew = statement<TokenPlace, { is_new: number }>(
  'token_is_new',
  `SELECT 1 AS is_new FROM (SELECT 1 AS one) o WHERE NOT EXISTS (SELECT 1 FROM access_token t WHERE ${isToken('t')})`,
)

/**
 * What introspection and revocation find. Token and grant are null, and so is their state, if there is none; a token
 * from client credentials has no grant.
 */
export type PresentedRow = ClientKey &
  (TokenColumns | { readonly token_client_id: null }) &
  (PresentedGrantRow | { readonly grant_state: null }) & {
    readonly username: string | null
    /** For a token for a resource: whether the resource is enabled and of the same generation. */
    readonly resource_live: number
  }

/** A token and its grant have the same client. */
export const findClientWithToken = statement<TokenPlace & { client_id: string }, PresentedRow>(
  'find_client_with_token',
  `SELECT ${CLIENT_KEY}, ${TOKEN_COLUMNS}, ${presentedGrantColumns('tc')}, u.username,
     CASE WHEN t.resource IS NULL OR (rs.enabled = 1 AND rs.removed_at IS NULL
       AND rs.generation = t.resource_generation) THEN 1 ELSE 0 END AS resource_live
   FROM client c
     LEFT JOIN access_token t ON ${isToken('t')}
     LEFT JOIN resource rs ON rs.identifier = t.resource
     LEFT JOIN ${userOf('t')}
     ${ENDINGS_OF_TOKEN}
     LEFT JOIN client tc ON tc.client_id = t.client_id
   WHERE c.client_id = :client_id AND c.removed_at IS NULL`,
)

interface NewTokenBind extends TokenPlace {
  client_id: string
  client_generation: number
  scope: string
  resource: string | null
  resource_generation: number | null
  key_thumbprint: string | null
  now: number
  expires_at: number
}

export const insertAccessToken = statement<
  NewTokenBind & {
    grant_id: string | null
    user_id: string | null
    user_number: number | null
    user_generation: number | null
    session_id: string | null
    claims_place: bigint
  }
>(
  'insert_access_token',
  `INSERT INTO access_token (place, hash, grant_id, client_id, client_generation, scope, resource, resource_generation,
     user_id, user_number, user_generation, session_id, claims_place, key_thumbprint, issued_at, expires_at)
   VALUES (:place, :hash, :grant_id, :client_id, :client_generation, :scope, :resource, :resource_generation,
     :user_id, :user_number, :user_generation, :session_id, :claims_place, :key_thumbprint, :now, :expires_at)`,
)

/**
 * A token without a grant. Guard: the client is live and of this generation, and the resource, if any, has not changed
 * since what the token holds was decided.
 */
export const insertClientToken = change<NewTokenBind & { resource_version: number | null }>(
  'insert_client_token',
  `INSERT INTO access_token (place, hash, client_id, client_generation, scope, resource, resource_generation,
     claims_place, key_thumbprint, issued_at, expires_at)
   SELECT CAST(:place AS BIGINT), :hash, c.client_id, c.generation, :scope, :resource, :resource_generation, 0, :key_thumbprint, :now, :expires_at
   FROM ${CLIENT_OF_ID}
   WHERE c.generation = :client_generation AND c.enabled = 1 AND c.removed_at IS NULL
     AND (CAST(:resource AS TEXT) IS NULL OR EXISTS (
       SELECT 1 FROM resource r WHERE r.identifier = CAST(:resource AS TEXT) AND r.version = :resource_version
         AND r.enabled = 1 AND r.removed_at IS NULL))`,
)

/** Guard: the token was not revoked before. */
export const revokeAccessToken = statement<TokenPlace & { now: number }, { client_id: string }>(
  'revoke_access_token',
  `UPDATE access_token SET revoked_at = :now WHERE ${isToken('access_token')} AND revoked_at IS NULL RETURNING client_id`,
)
