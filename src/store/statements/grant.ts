// SQL about grants, and what reads and guards of codes and tokens need of them. Whether a grant still holds is written
// once, here.

import type { Grant } from '../../model/grant.ts'
import type { User } from '../../model/user.ts'
import type { ClaimsRequest } from '../../protocol/claims-request.ts'
import { flag, words } from '../column-values.ts'
import { change, statement } from '../database/driver.ts'
import type { ClientKey } from './client.ts'
import { type GrantPlace, isGrant, isGrantOf, isSession, isSessionToHold, type SessionPlace } from './place.ts'
import { toUser, type UserRow, userOf } from './user.ts'

// Chains of LEFT JOINs, each by primary key, on purpose: a joined subquery might be computed for the whole table first.

/** For a grant `g`: its user `u`, client `gc` and session `s`. */
const ABOUT_GRANT = `LEFT JOIN ${userOf('g')}
  LEFT JOIN session s ON ${isSessionToHold('s', 'g')}
  LEFT JOIN client gc ON gc.client_id = g.client_id`

/** A grant `g` with its user `u`, client `gc` and session `s`, found through the row aliased `of`. */
export const grantOf = (of: string) => `LEFT JOIN "grant" g ON ${isGrantOf('g', of)}
  ${ABOUT_GRANT}`

/** The same for the grant whose id is bound. */
export const GRANT_BOUND = `LEFT JOIN "grant" g ON ${isGrant('g')}
  ${ABOUT_GRANT}`

interface Terms {
  /** Null where there is no grant at all. */
  readonly id: string
  /** The alias of the grant's user. */
  readonly user: string
  readonly isRevoked: string
  readonly userGeneration: string
  /** The alias of the grant's client. */
  readonly client: string
  readonly clientGeneration: string
  readonly sessionHasEnded: string
}

/** `live`, or the rule that the grant fails; null without a grant. */
const stateBy = (of: Terms) => `CASE
  WHEN ${of.id} IS NULL THEN NULL
  WHEN ${of.isRevoked} THEN 'grant_revoked'
  WHEN ${of.user}.user_id IS NULL OR ${of.user}.removed_at IS NOT NULL THEN 'user_removed'
  WHEN ${of.user}.enabled = 0 THEN 'user_disabled'
  WHEN ${of.user}.generation <> ${of.userGeneration} THEN 'user_changed'
  WHEN ${of.client}.client_id IS NULL OR ${of.client}.enabled = 0 OR ${of.client}.removed_at IS NOT NULL THEN 'client_disabled'
  WHEN ${of.client}.generation <> ${of.clientGeneration} THEN 'client_changed'
  WHEN ${of.sessionHasEnded} THEN 'session_ended'
  ELSE 'live' END`

/**
 * For a grant `g` with its user `u`, client `gc` and session `s`. A session that was pruned has not ended the grant: it
 * was idle.
 */
const STATE_OF_GRANT = stateBy({
  id: 'g.grant_id',
  user: 'u',
  isRevoked: 'g.revoked_at IS NOT NULL',
  userGeneration: 'g.user_generation',
  client: 'gc',
  clientGeneration: 'g.client_generation',
  sessionHasEnded: 's.ended_at IS NOT NULL',
})

/**
 * For an access token `t`, from what it carries of its grant and from what has ended since. Its user is joined as `u`.
 */
const stateOfCarried = (client: string) =>
  stateBy({
    id: 't.grant_id',
    user: 'u',
    isRevoked: 'eg.id IS NOT NULL',
    userGeneration: 't.user_generation',
    client,
    clientGeneration: 't.client_generation',
    sessionHasEnded: 'es.id IS NOT NULL',
  })

/** Endings of the grant and the session that an access token `t` names. */
export const ENDINGS_OF_TOKEN = `LEFT JOIN ending eg ON eg.id = t.grant_id LEFT JOIN ending es ON es.id = t.session_id`

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
  readonly grant_claims: string | null
  readonly grant_resources: string | null
  readonly grant_amr: string
  readonly grant_authenticated_at: number
  readonly grant_issued_at: number
  readonly grant_expires_at: number
  readonly grant_state: GrantState
}

/** The columns of a grant that user info needs. */
export interface AnsweringGrantRow {
  readonly grant_claims: string | null
  readonly grant_state: GrantState
}

/** `client`: the alias of the token's client, which is its grant's. */
export const answeringGrantColumns = (client: string) =>
  `g.claims AS grant_claims, ${stateOfCarried(client)} AS grant_state`

/** The columns of a grant that introspection and revocation of an access token need. */
export type PresentedGrantRow = Pick<
  GrantRow,
  'grant_id' | 'grant_client_id' | 'grant_user_id' | 'grant_scope' | 'grant_state'
>

/** For an access token `t` with its user `u`; `client` is the alias of its client. */
export const presentedGrantColumns = (client: string) =>
  `t.grant_id, t.client_id AS grant_client_id, t.user_id AS grant_user_id, t.scope AS grant_scope,
  ${stateOfCarried(client)} AS grant_state`

export const GRANT_COLUMNS = `g.grant_id, g.client_id AS grant_client_id, g.user_id AS grant_user_id,
  g.session_id AS grant_session_id, g.offline, g.scope_asked, g.scope AS grant_scope, g.claims AS grant_claims,
  g.resources AS grant_resources,
  g.amr AS grant_amr, g.authenticated_at AS grant_authenticated_at, g.issued_at AS grant_issued_at,
  g.expires_at AS grant_expires_at,
  ${STATE_OF_GRANT} AS grant_state`

/** `grant_state` is null when there is no such code or token; then every other column of it is null too. */
export type Found<Row> = ClientKey & ({ readonly grant_state: null } | Row)

/** Condition for guards on a table whose rows belong to a grant. */
export const liveGrantOf = (table: string) =>
  `EXISTS (SELECT 1 FROM (SELECT 1 AS one) o ${grantOf(table)} WHERE ${STATE_OF_GRANT} = 'live')`

/** Condition for guards on a grant `g` itself. */
export const IS_LIVE = `EXISTS (SELECT 1 FROM (SELECT 1 AS one) o ${ABOUT_GRANT} WHERE ${STATE_OF_GRANT} = 'live')`

/**
 * Guard: session, user and client are what the decision was based on. The cast keeps SQLite from reading all sessions
 * of the user by their index, where the place leads to the one.
 */
export const insertGrant = change<
  GrantPlace &
    SessionPlace & {
      client_id: string
      client_generation: number
      user_id: string
      offline: number
      scope_asked: string
      scope: string
      claims: string | null
      resources: string | null
      expires_at: number
      now: number
    }
>(
  'insert_grant',
  `INSERT INTO "grant" (place, grant_id, client_id, client_generation, user_id, user_number, user_generation, session_id, session_place, offline,
     scope_asked, scope, claims, resources, amr, authenticated_at, issued_at, expires_at)
   SELECT CAST(:grant_place AS BIGINT), :grant_id, c.client_id, c.generation, u.user_id, u.number, u.generation, s.session_id, CAST(:session_place AS BIGINT), :offline,
     :scope_asked, :scope, :claims, :resources, s.amr, s.authenticated_at, :now, :expires_at
   FROM session s JOIN ${userOf('s')} JOIN client c ON c.client_id = :client_id
   WHERE ${isSession('s')} AND CAST(s.user_id AS TEXT) = :user_id AND s.ended_at IS NULL AND s.expires_at > :now
     AND u.enabled = 1 AND u.removed_at IS NULL AND u.generation = s.user_generation
     AND c.enabled = 1 AND c.removed_at IS NULL AND c.generation = :client_generation`,
)

/** The address of the last refresh was kept only for somebody who repeats it. */
const REVOKED = 'SET revoked_at = :now, rotation_address = NULL, rotation_user_agent = NULL'

/** Guard: the grant was not revoked before. */
export const revokeGrant = change<GrantPlace & { now: number }>(
  'revoke_grant',
  `UPDATE "grant" AS g ${REVOKED} WHERE ${isGrant('g')} AND g.revoked_at IS NULL`,
)

export const revokeGrantsOf = statement<{ user_id: string; client_id: string; now: number }>(
  'revoke_grants_of',
  `UPDATE "grant" ${REVOKED} WHERE user_id = :user_id AND client_id = :client_id AND revoked_at IS NULL`,
)

/** With `offline` 0, grants that may be used while the person is away live on. */
export const revokeGrantsOfUser = statement<{ user_id: string; offline: number; now: number }, { grant_id: string }>(
  'revoke_grants_of_user',
  `UPDATE "grant" ${REVOKED}
   WHERE user_id = :user_id AND revoked_at IS NULL AND expires_at > CAST(:now AS BIGINT) AND offline <= :offline
   RETURNING grant_id`,
)

/** Grants given in other sessions, except those that may be used while the person is away. */
export const revokeGrantsOfOtherSessions = change<{ user_id: string; kept: string; now: number }>(
  'revoke_grants_of_other_sessions',
  `UPDATE "grant" ${REVOKED}
   WHERE user_id = :user_id AND session_id <> :kept AND revoked_at IS NULL AND expires_at > CAST(:now AS BIGINT)
     AND offline = 0`,
)

/** The grant behind a redeemed code or token, as it is now. */
export interface FoundGrant {
  readonly grant: Pick<
    Grant,
    'grantId' | 'clientId' | 'userId' | 'sessionId' | 'offline' | 'scopeAsked' | 'scope' | 'claims' | 'resources'
  > &
    Pick<Grant, 'amr' | 'authenticatedAt' | 'issuedAt' | 'expiresAt'>
  readonly user: User
  /** `live`, or the rule that it fails. */
  readonly state: GrantState
}

/** The part of a grant that user info needs. */
export interface AnsweringGrant {
  readonly user: User
  /** Single claims granted beside the scope; null: none. */
  readonly claims: ClaimsRequest | null
  /** `live`, or the rule that it fails. */
  readonly state: GrantState
}

export function toAnsweringGrant(row: AnsweringGrantRow & UserRow): AnsweringGrant {
  return { user: toUser(row), claims: toClaimsRequest(row.grant_claims), state: row.grant_state }
}

export function toFoundGrant(row: GrantRow & UserRow): FoundGrant {
  return { grant: toGrant(row), user: toUser(row), state: row.grant_state }
}

function toGrant(row: GrantRow): FoundGrant['grant'] {
  return {
    grantId: row.grant_id,
    clientId: row.grant_client_id,
    userId: row.grant_user_id,
    sessionId: row.grant_session_id,
    offline: flag(row.offline),
    scopeAsked: row.scope_asked,
    scope: row.grant_scope,
    claims: toClaimsRequest(row.grant_claims),
    resources: words(row.grant_resources ?? ''),
    amr: words(row.grant_amr),
    authenticatedAt: row.grant_authenticated_at,
    issuedAt: row.grant_issued_at,
    expiresAt: row.grant_expires_at,
  }
}

function toClaimsRequest(text: string | null): ClaimsRequest | null {
  return text === null ? null : (JSON.parse(text) as ClaimsRequest)
}
