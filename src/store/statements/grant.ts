// SQL about grants and what hangs on them: codes, access tokens, refresh tokens. Whether a grant still holds is
// written once, and used by every read and every guard.

import { statement } from '../driver.ts'
import { CLIENT_COLUMNS, type ClientRow } from './client.ts'
import { USER_COLUMNS, type UserRow } from './user.ts'

// Chains of LEFT JOINs, each by primary key, on purpose: a joined subquery may be materialised whole.

/** A grant `g` with its user `u`, client `gc` and session `s`, found through the artefact aliased `of`. */
const grantOf = (of: string) => `LEFT JOIN "grant" g ON g.grant_id = ${of}
  LEFT JOIN "user" u ON u.user_id = g.user_id
  LEFT JOIN client gc ON gc.client_id = g.client_id
  LEFT JOIN session s ON s.session_id = g.session_id`

/** The rule that a grant fails, or `live`; null without a grant. A pruned session ended nothing: it idled out. */
const GRANT_STATE = `CASE
  WHEN g.grant_id IS NULL THEN NULL
  WHEN g.revoked_at IS NOT NULL THEN 'grant_revoked'
  WHEN u.user_id IS NULL OR u.removed_at IS NOT NULL THEN 'user_removed'
  WHEN u.enabled = 0 THEN 'user_disabled'
  WHEN u.generation <> g.user_generation THEN 'user_changed'
  WHEN gc.client_id IS NULL OR gc.enabled = 0 OR gc.removed_at IS NOT NULL THEN 'client_disabled'
  WHEN gc.generation <> g.client_generation THEN 'client_changed'
  WHEN g.offline = 0 AND s.ended_at IS NOT NULL THEN 'session_ended'
  ELSE 'live' END`

export type GrantState =
  | 'live'
  | 'grant_revoked'
  | 'user_removed'
  | 'user_disabled'
  | 'user_changed'
  | 'client_disabled'
  | 'client_changed'
  | 'session_ended'

export interface GrantRow {
  readonly grant_id: string
  readonly grant_client_id: string
  readonly grant_user_id: string
  readonly grant_session_id: string
  readonly offline: number
  readonly scope_asked: string
  readonly grant_scope: string
  readonly grant_amr: string
  readonly grant_authenticated_at: number
  readonly grant_issued_at: number
  readonly grant_state: GrantState
}

const GRANT_COLUMNS = `g.grant_id, g.client_id AS grant_client_id, g.user_id AS grant_user_id,
  g.session_id AS grant_session_id, g.offline, g.scope_asked, g.scope AS grant_scope, g.amr AS grant_amr,
  g.authenticated_at AS grant_authenticated_at, g.issued_at AS grant_issued_at, ${GRANT_STATE} AS grant_state`

/** `hash` is null when there is no such artefact; then every other column of it is null too. */
type Found<Row> = ClientRow & ({ readonly hash: null } | ({ readonly hash: Uint8Array } & Row))

export type CodeRow = GrantRow &
  UserRow & {
    readonly redirect_uri: string
    readonly code_challenge: string | null
    readonly nonce: string | null
    readonly failures: number
    readonly code_issued_at: number
    readonly code_expires_at: number
    readonly consumed_at: number | null
  }

export const findClientWithCode = statement<{ client_id: string; hash: Uint8Array }, Found<CodeRow>>(
  'find_client_with_code',
  `SELECT ${CLIENT_COLUMNS}, a.hash, a.redirect_uri, a.code_challenge, a.nonce, a.failures,
     a.issued_at AS code_issued_at, a.expires_at AS code_expires_at, a.consumed_at, ${GRANT_COLUMNS}, ${USER_COLUMNS}
   FROM client c LEFT JOIN authorization_code a ON a.hash = :hash ${grantOf('a.grant_id')}
   WHERE c.client_id = :client_id AND c.removed_at IS NULL`,
)

export interface RefreshColumns {
  readonly refresh_issued_at: number
  readonly refresh_expires_at: number
  readonly family_expires_at: number
  readonly rotated_at: number | null
  readonly rotation_salt: Uint8Array | null
  readonly rotation_digest: Uint8Array | null
  readonly rotation_scope: string | null
  readonly rotation_address: string | null
  readonly rotation_user_agent: string | null
}

const REFRESH_COLUMNS = `r.issued_at AS refresh_issued_at, r.expires_at AS refresh_expires_at, r.family_expires_at,
  r.rotated_at, r.rotation_salt, r.rotation_digest, r.rotation_scope, r.rotation_address, r.rotation_user_agent`

export type RefreshRow = GrantRow & UserRow & RefreshColumns

export const findClientWithRefreshToken = statement<{ client_id: string; hash: Uint8Array }, Found<RefreshRow>>(
  'find_client_with_refresh_token',
  `SELECT ${CLIENT_COLUMNS}, r.hash, ${REFRESH_COLUMNS}, ${GRANT_COLUMNS}, ${USER_COLUMNS}
   FROM client c LEFT JOIN refresh_token r ON r.hash = :hash ${grantOf('r.grant_id')}
   WHERE c.client_id = :client_id AND c.removed_at IS NULL`,
)

export const findRotation = statement<{ hash: Uint8Array }, RefreshColumns>(
  'find_rotation',
  `SELECT ${REFRESH_COLUMNS} FROM refresh_token r WHERE r.hash = :hash`,
)

export interface TokenColumns {
  readonly token_client_id: string
  readonly token_scope: string
  readonly token_issued_at: number
  readonly token_expires_at: number
  readonly token_revoked_at: number | null
  /** The state of the token's own client: all there is to ask for a token without a grant. */
  readonly token_client_live: number
}

const TOKEN_COLUMNS = `t.client_id AS token_client_id, t.scope AS token_scope, t.issued_at AS token_issued_at,
  t.expires_at AS token_expires_at, t.revoked_at AS token_revoked_at,
  CASE WHEN tc.enabled = 1 AND tc.removed_at IS NULL AND tc.generation = t.client_generation THEN 1 ELSE 0 END
    AS token_client_live`

/** Grant and user are null for a token from client credentials. */
export type AccessTokenRow = ClientRow & TokenColumns & ({ readonly grant_state: null } | (GrantRow & UserRow))

/** User info: the token, its client, its grant and its user in one read. */
export const findAccessToken = statement<{ hash: Uint8Array }, AccessTokenRow>(
  'find_access_token',
  `SELECT ${CLIENT_COLUMNS}, ${TOKEN_COLUMNS.replaceAll('tc.', 'c.')}, ${GRANT_COLUMNS}, ${USER_COLUMNS}
   FROM access_token t JOIN client c ON c.client_id = t.client_id ${grantOf('t.grant_id')}
   WHERE t.hash = :hash`,
)

/** What introspection and revocation find under one hash. */
export type PresentedRow = ClientRow &
  TokenColumns &
  RefreshColumns &
  (GrantRow | { readonly grant_state: null }) & {
    readonly token_hash: Uint8Array | null
    readonly refresh_hash: Uint8Array | null
    readonly username: string | null
  }

export const findClientWithToken = statement<{ client_id: string; hash: Uint8Array }, PresentedRow>(
  'find_client_with_token',
  `SELECT ${CLIENT_COLUMNS}, t.hash AS token_hash, ${TOKEN_COLUMNS}, r.hash AS refresh_hash, ${REFRESH_COLUMNS},
     ${GRANT_COLUMNS}, u.username
   FROM client c
     LEFT JOIN access_token t ON t.hash = :hash
     LEFT JOIN client tc ON tc.client_id = t.client_id
     LEFT JOIN refresh_token r ON r.hash = :hash
     ${grantOf('COALESCE(t.grant_id, r.grant_id)')}
   WHERE c.client_id = :client_id AND c.removed_at IS NULL`,
)

export const insertGrant = statement<
  {
    grant_id: string
    client_id: string
    client_generation: number
    user_id: string
    session_id: string
    offline: number
    scope_asked: string
    scope: string
    expires_at: number
    now: number
  },
  { grant_id: string }
>(
  'insert_grant',
  `INSERT INTO "grant" (grant_id, client_id, client_generation, user_id, user_generation, session_id, offline,
     scope_asked, scope, amr, authenticated_at, issued_at, expires_at)
   SELECT :grant_id, c.client_id, c.generation, u.user_id, u.generation, s.session_id, :offline,
     :scope_asked, :scope, s.amr, s.authenticated_at, :now, :expires_at
   FROM session s JOIN "user" u ON u.user_id = s.user_id JOIN client c ON c.client_id = :client_id
   WHERE s.session_id = :session_id AND s.user_id = :user_id AND s.ended_at IS NULL AND s.expires_at > :now
     AND u.enabled = 1 AND u.removed_at IS NULL AND u.generation = s.user_generation
     AND c.enabled = 1 AND c.removed_at IS NULL AND c.generation = :client_generation
   RETURNING grant_id`,
)

export const insertCode = statement<{
  hash: Uint8Array
  grant_id: string
  redirect_uri: string
  code_challenge: string | null
  nonce: string | null
  now: number
  expires_at: number
}>(
  'insert_code',
  `INSERT INTO authorization_code (hash, grant_id, redirect_uri, code_challenge, nonce, failures, issued_at, expires_at)
   VALUES (:hash, :grant_id, :redirect_uri, :code_challenge, :nonce, 0, :now, :expires_at)`,
)

/** After five wrong verifiers or redirect URIs by the right client a code is dead. */
export const MOST_CODE_FAILURES = 5

const LIVE_GRANT_OF = (table: string) =>
  `EXISTS (SELECT 1 FROM (SELECT 1 AS one) o ${grantOf(`${table}.grant_id`)} WHERE ${GRANT_STATE} = 'live')`

/** RFC 6749 §4.1.2: guard; yields a row for exactly one caller. */
export const consumeCode = statement<{ hash: Uint8Array; now: number }, { grant_id: string }>(
  'consume_code',
  `UPDATE authorization_code SET consumed_at = :now
   WHERE hash = :hash AND consumed_at IS NULL AND expires_at > :now AND failures < ${MOST_CODE_FAILURES}
     AND ${LIVE_GRANT_OF('authorization_code')}
   RETURNING grant_id`,
)

export const countCodeFailure = statement<{ hash: Uint8Array }>(
  'count_code_failure',
  'UPDATE authorization_code SET failures = failures + 1 WHERE hash = :hash',
)

export const insertAccessToken = statement<{
  hash: Uint8Array
  grant_id: string | null
  client_id: string
  client_generation: number
  scope: string
  now: number
  expires_at: number
}>(
  'insert_access_token',
  `INSERT INTO access_token (hash, grant_id, client_id, client_generation, scope, issued_at, expires_at)
   VALUES (:hash, :grant_id, :client_id, :client_generation, :scope, :now, :expires_at)`,
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

/** RFC 9700 §4.14.2: guard; yields a row for exactly one caller. */
export const rotateRefreshToken = statement<
  {
    hash: Uint8Array
    now: number
    salt: Uint8Array
    digest: Uint8Array
    scope: string
    address: string
    user_agent: string
  },
  { grant_id: string }
>(
  'rotate_refresh_token',
  `UPDATE refresh_token SET rotated_at = :now, rotation_salt = :salt, rotation_digest = :digest,
     rotation_scope = :scope, rotation_address = :address, rotation_user_agent = :user_agent
   WHERE hash = :hash AND rotated_at IS NULL AND expires_at > :now AND family_expires_at > :now
     AND ${LIVE_GRANT_OF('refresh_token')}
   RETURNING grant_id`,
)

/** Guard for tokens without a grant. */
export const clientIsLive = statement<{ client_id: string; generation: number }, { client_id: string }>(
  'client_is_live',
  `SELECT client_id FROM client WHERE client_id = :client_id AND generation = :generation AND enabled = 1
     AND removed_at IS NULL`,
)

/** Guard: it was not revoked before. */
export const revokeGrant = statement<{ grant_id: string; now: number }, { grant_id: string }>(
  'revoke_grant',
  'UPDATE "grant" SET revoked_at = :now WHERE grant_id = :grant_id AND revoked_at IS NULL RETURNING grant_id',
)

export const revokeGrantsOf = statement<{ user_id: string; client_id: string; now: number }>(
  'revoke_grants_of',
  'UPDATE "grant" SET revoked_at = :now WHERE user_id = :user_id AND client_id = :client_id AND revoked_at IS NULL',
)

/** Guard: it was not revoked before. */
export const revokeAccessToken = statement<{ hash: Uint8Array; now: number }, { client_id: string }>(
  'revoke_access_token',
  'UPDATE access_token SET revoked_at = :now WHERE hash = :hash AND revoked_at IS NULL RETURNING client_id',
)
