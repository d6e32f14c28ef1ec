// Verbs about access and refresh tokens, found by the hash of what was presented.

import type { ClientRecord } from '../model/client.ts'
import type { SecurityEvent } from '../model/event.ts'
import type { AccessToken, CarriedGrant, RefreshToken, Rotation } from '../model/grant.ts'
import type { ResourceRecord } from '../model/resource.ts'
import type { ClientReader } from './client-reader.ts'
import type { Driver, Step } from './database/driver.ts'
import { step } from './database/driver.ts'
import { eventSteps } from './events.ts'
import { asFlag, flag } from './rows.ts'
import * as sql from './statements/access-token.ts'
import {
  type AnsweringGrant,
  type FoundGrant,
  type GrantState,
  toAnsweringGrant,
  toFoundGrant,
} from './statements/grant.ts'
import * as refreshSql from './statements/refresh-token.ts'
import { resourceIsUnchanged } from './statements/resource.ts'
import { placed } from './statements/token-place.ts'
import { heldWithToken } from './token-places.ts'

export type { AnsweringGrant, FoundGrant } from './statements/grant.ts'

export interface NewAccessToken extends Omit<AccessToken, 'resource'> {
  readonly hash: Uint8Array
  readonly clientGeneration: number
  /** Null for client credentials: no user stands behind it. */
  readonly grant: CarriedGrant | null
  /** What it is meant for, as it was when the token was made: a guard repeats that. */
  readonly resource: ResourceRecord | null
}

export interface NewRefreshToken extends Omit<RefreshToken, 'rotation'> {
  readonly hash: Uint8Array
}

export interface FoundAccessToken {
  readonly client: ClientRecord
  readonly token: AccessToken
  readonly revoked: boolean
  /** For tokens without a grant: the client is enabled and of the same generation. */
  readonly clientLive: boolean
  readonly granted: AnsweringGrant | null
}

/** A token as introspection and revocation find it. */
export type PresentedToken =
  | {
      readonly kind: 'access_token'
      readonly token: AccessToken
      readonly revoked: boolean
      readonly clientLive: boolean
      readonly resourceLive: boolean
      readonly grant: PresentedGrant | null
    }
  | {
      readonly kind: 'refresh_token'
      readonly token: Omit<RefreshToken, 'rotation'> & { readonly rotated: boolean }
      readonly grant: PresentedGrant
    }

export interface PresentedGrant {
  readonly grantId: string
  readonly clientId: string
  readonly userId: string
  readonly username: string | null
  readonly scope: string
  readonly state: GrantState
}

export interface TokenVerbs {
  findClientWithRefreshToken(
    clientId: string,
    hash: Uint8Array,
  ): Promise<{
    readonly client: ClientRecord
    readonly refresh: (FoundGrant & { readonly token: RefreshToken }) | null
  } | null>
  /** How far a refresh token has come: for the successor of a repeated one. */
  findRotation(hash: Uint8Array): Promise<RefreshToken['rotation'] | 'unused' | null>
  /** True for exactly one caller. */
  rotateRefreshToken(
    hash: Uint8Array,
    rotation: Rotation,
    accessToken: NewAccessToken,
    successor: NewRefreshToken,
  ): Promise<boolean>
  /** A token for the client itself. False: it was disabled meanwhile, or the resource changed. */
  issueClientToken(accessToken: NewAccessToken): Promise<boolean>
  findAccessToken(hash: Uint8Array): Promise<FoundAccessToken | null>
  findClientWithToken(
    clientId: string,
    hash: Uint8Array,
  ): Promise<{ readonly client: ClientRecord; readonly presented: PresentedToken | null } | null>
  revokeAccessToken(hash: Uint8Array, event: SecurityEvent): Promise<void>
}

export function createTokenVerbs(driver: Driver, clients: ClientReader): TokenVerbs {
  return {
    async findClientWithRefreshToken(clientId, hash) {
      const [row] = await driver.rows(refreshSql.findClientWithRefreshToken, { client_id: clientId, hash })
      if (row === undefined) return null
      if (row.grant_state === null) return { client: await clients.known(row), refresh: null }
      return {
        client: await clients.known(row),
        refresh: { token: toRefreshToken(row.grant_id, row), ...toFoundGrant(row) },
      }
    },

    async findRotation(hash) {
      const [row] = await driver.rows(refreshSql.findRotation, { hash })
      return row === undefined ? null : (toRotation(row) ?? 'unused')
    },

    async rotateRefreshToken(hash, rotation, accessToken, successor) {
      const bind = {
        hash,
        now: rotation.rotatedAt,
        salt: rotation.salt,
        digest: rotation.requestDigest,
        scope: rotation.scope,
        address: rotation.address,
        user_agent: rotation.userAgent,
        access_token: rotation.sealedAccessToken,
      }
      return await heldWithToken(driver, [
        step(refreshSql.rotateRefreshToken, bind, 'refresh_token'),
        ...accessTokenSteps(accessToken),
        refreshTokenStep(successor),
      ])
    },

    async issueClientToken(accessToken) {
      const { resource } = accessToken
      const bind = {
        ...placed(accessToken.hash),
        client_id: accessToken.clientId,
        client_generation: accessToken.clientGeneration,
        scope: accessToken.scope,
        resource: resource?.resource.identifier ?? null,
        resource_version: resource?.version ?? null,
        resource_generation: resource?.generation ?? null,
        now: accessToken.issuedAt,
        expires_at: accessToken.expiresAt,
      }
      return await heldWithToken(driver, [step(sql.insertClientToken, bind, 'live')])
    },

    async findAccessToken(hash) {
      const [row] = await driver.rows(sql.findAccessToken, placed(hash))
      if (row === undefined) return null
      const granted = row.grant_state === null ? null : toAnsweringGrant(row)
      return {
        client: await clients.known(row),
        token: toAccessToken(row),
        revoked: row.token_revoked_at !== null,
        clientLive: flag(row.token_client_live),
        granted,
      }
    },

    async findClientWithToken(clientId, hash) {
      const [row] = await driver.rows(sql.findClientWithToken, { client_id: clientId, ...placed(hash) })
      if (row === undefined) return null
      const grant: PresentedGrant | null =
        row.grant_state === null
          ? null
          : {
              grantId: row.grant_id,
              clientId: row.grant_client_id,
              userId: row.grant_user_id,
              username: row.username,
              scope: row.grant_scope,
              state: row.grant_state,
            }
      return { client: await clients.known(row), presented: toPresented(row, grant) }
    },

    async revokeAccessToken(hash, event) {
      await driver.atomic([
        step(sql.revokeAccessToken, { ...placed(hash), now: event.at }, 'live'),
        ...eventSteps([event]),
      ])
    },
  }
}

function toPresented(row: sql.PresentedRow, grant: PresentedGrant | null): PresentedToken | null {
  if (row.token_client_id !== null) {
    return {
      kind: 'access_token',
      token: toAccessToken(row),
      revoked: row.token_revoked_at !== null,
      clientLive: flag(row.token_client_live),
      resourceLive: flag(row.resource_live),
      grant,
    }
  }
  if (row.refresh_issued_at === null || grant === null) return null
  const token = { ...asIssued(grant.grantId, row), rotated: row.rotated_at !== null }
  return { kind: 'refresh_token', token, grant }
}

export function accessTokenSteps(token: NewAccessToken): readonly Step[] {
  const { resource, grant } = token
  const insert = step(sql.insertAccessToken, {
    ...placed(token.hash),
    grant_id: grant?.grantId ?? null,
    user_id: grant?.userId ?? null,
    user_number: grant?.userNumber ?? null,
    user_generation: grant?.userGeneration ?? null,
    session_id: grant?.sessionId ?? null,
    claims_asked: asFlag(grant?.claimsAsked ?? false),
    client_id: token.clientId,
    client_generation: token.clientGeneration,
    scope: token.scope,
    resource: resource?.resource.identifier ?? null,
    resource_generation: resource?.generation ?? null,
    now: token.issuedAt,
    expires_at: token.expiresAt,
  })
  if (resource === null) return [insert]
  const bind = { identifier: resource.resource.identifier, version: resource.version }
  return [step(resourceIsUnchanged, bind, 'resource'), insert]
}

export function refreshTokenStep(token: NewRefreshToken): Step {
  return step(refreshSql.insertRefreshToken, {
    hash: token.hash,
    grant_id: token.grantId,
    now: token.issuedAt,
    expires_at: token.expiresAt,
    family_expires_at: token.familyExpiresAt,
  })
}

function toAccessToken(row: sql.TokenColumns): AccessToken {
  return {
    clientId: row.token_client_id,
    scope: row.token_scope,
    resource: row.token_resource,
    issuedAt: row.token_issued_at,
    expiresAt: row.token_expires_at,
  }
}

function toRefreshToken(grantId: string, row: refreshSql.RefreshColumns): RefreshToken {
  return { ...asIssued(grantId, row), rotation: toRotation(row) }
}

function asIssued(grantId: string, row: refreshSql.PresentedRefreshColumns): Omit<RefreshToken, 'rotation'> {
  return {
    grantId,
    issuedAt: row.refresh_issued_at,
    familyExpiresAt: row.family_expires_at,
    expiresAt: row.refresh_expires_at,
  }
}

function toRotation(row: refreshSql.RefreshColumns): Rotation | null {
  if (row.rotated_at === null || row.rotation_salt === null || row.rotation_digest === null) return null
  return {
    rotatedAt: row.rotated_at,
    salt: row.rotation_salt,
    requestDigest: row.rotation_digest,
    scope: row.rotation_scope ?? '',
    address: row.rotation_address ?? '',
    userAgent: row.rotation_user_agent ?? '',
    sealedAccessToken: row.rotation_access_token,
  }
}
