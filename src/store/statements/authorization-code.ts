// SQL about authorization codes.

import { change, statement } from '../database/driver.ts'
import { CLIENT_KEY } from './client.ts'
import { type Found, GRANT_COLUMNS, type GrantRow, grantOf, liveGrantOf } from './grant.ts'
import type { GrantPlace } from './place.ts'
import { USER_COLUMNS, type UserRow } from './user.ts'

export type CodeRow = GrantRow &
  UserRow & {
    readonly redirect_uri: string
    readonly code_challenge: string | null
    readonly nonce: string | null
    readonly code_key: string | null
    readonly failures: number
    readonly code_issued_at: number
    readonly code_expires_at: number
    readonly consumed_at: number | null
  }

export const findClientWithCode = statement<{ client_id: string; hash: Uint8Array }, Found<CodeRow>>(
  'find_client_with_code',
  `SELECT ${CLIENT_KEY}, a.redirect_uri, a.code_challenge, a.nonce, a.key_thumbprint AS code_key, a.failures,
     a.issued_at AS code_issued_at, a.expires_at AS code_expires_at, a.consumed_at, ${GRANT_COLUMNS}, ${USER_COLUMNS}
   FROM client c LEFT JOIN authorization_code a ON a.hash = :hash ${grantOf('a')}
   WHERE c.client_id = :client_id AND c.removed_at IS NULL`,
)

export const insertCode = statement<
  GrantPlace & {
    hash: Uint8Array
    redirect_uri: string
    code_challenge: string | null
    nonce: string | null
    key_thumbprint: string | null
    now: number
    expires_at: number
  }
>(
  'insert_code',
  `INSERT INTO authorization_code (hash, grant_id, grant_place, redirect_uri, code_challenge, nonce, key_thumbprint, failures, issued_at, expires_at)
   VALUES (:hash, :grant_id, :grant_place, :redirect_uri, :code_challenge, :nonce, :key_thumbprint, 0, :now, :expires_at)`,
)

/** After this many wrong verifiers or redirect URIs from the right client a code is dead. */
export const MOST_CODE_FAILURES = 5

/** RFC 6749 §4.1.2: guard; holds for exactly one caller. */
export const consumeCode = change<{ hash: Uint8Array; now: number }>(
  'consume_code',
  `UPDATE authorization_code SET consumed_at = :now
   WHERE hash = :hash AND consumed_at IS NULL AND expires_at > :now AND failures < ${MOST_CODE_FAILURES}
     AND ${liveGrantOf('authorization_code')}`,
)

export const countCodeFailure = statement<{ hash: Uint8Array }>(
  'count_code_failure',
  'UPDATE authorization_code SET failures = failures + 1 WHERE hash = :hash',
)
