// Verbs about access and refresh tokens, found by what was presented.

import type { ClientRecord } from '../../model/client/client.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { AccessToken, CarriedGrant, RefreshFamily, Rotation } from '../../model/grant.ts'
import type { ResourceRecord } from '../../model/resource.ts'
import type { Seconds } from '../../model/time.ts'
import { flag } from '../column-values.ts'
import type { Driver, Step } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import * as sql from '../statements/access-token.ts'
import {
  type AnsweringGrant,
  type FoundGrant,
  type GrantState,
  toAnsweringGrant,
  toFoundGrant,
} from '../statements/grant.ts'
import { grantPlaced, placed } from '../statements/place.ts'
import * as refreshSql from '../statements/refresh-token.ts'
import { resourceIsUnchanged } from '../statements/resource.ts'
import type { ClientReader } from './client-reader.ts'
import { eventSteps } from './events.ts'
import { heldAtFreePlaces } from './places.ts'

export type { AnsweringGrant, FoundGrant } from '../statements/grant.ts'

export interface NewAccessToken extends Omit<AccessToken, 'resource'> {
  readonly hash: Uint8Array
  readonly clientGeneration: number
  /** Null for client credentials: no user stands behind it. */
  readonly grant: CarriedGrant | null
  /**
   * The resource that the token is meant for, as it was when the token was made; a guard checks that it has not
   * changed.
   */
  readonly resource: ResourceRecord | null
}

/** A refresh token that begins a family. */
export interface NewRefreshToken {
  readonly hash: Uint8Array
  readonly grantId: string
  readonly issuedAt: Seconds
  readonly expiresAt: Seconds
  readonly familyExpiresAt: Seconds
  /** For `RefreshFamily.keyThumbprint`. */
  readonly keyThumbprint: string | null
}

/** A refresh token: the grant that it names, or its hash where it names none. */
export interface RefreshTokenKey {
  readonly hash: Uint8Array
  readonly grantId: string | null
}

export interface FoundAccessToken {
  readonly client: ClientRecord
  readonly token: AccessToken
  readonly revoked: boolean
  /** For tokens without a grant: the client is enabled and of the same generation. */
  readonly clientLive: boolean
  readonly granted: AnsweringGrant | null
}

/** An access token as introspection and revocation find it. */
export interface PresentedAccessToken {
  readonly token: AccessToken
  readonly revoked: boolean
  readonly clientLive: boolean
  readonly resourceLive: boolean
  readonly grant: PresentedGrant | null
}

export interface PresentedGrant {
  readonly grantId: string
  readonly clientId: string
  readonly userId: string
  readonly username: string | null
  readonly state: GrantState
}

/** The family of a refresh token that was presented. */
export interface FoundFamily extends FoundGrant {
  readonly family: RefreshFamily
  /** Whether the presented token is the current one. */
  readonly isCurrent: boolean
  /**
   * The rotation that made the current token; null: the presented token is the current one, or there was no rotation.
   */
  readonly last: LastRotation | null
  /** How many tokens of the family came before the presented one, where its text does not tell; else null. */
  readonly formerRotations: number | null
}

export interface LastRotation extends Rotation {
  /** Whether the presented token is the one that this rotation replaced. */
  readonly isOfPresented: boolean
  /** The hash of the current token. */
  readonly successor: Uint8Array
}

export interface TokenVerbs {
  /** Returns the token's family whichever client it belongs to, and whether or not the token is really one of it. */
  findClientWithRefreshToken(
    clientId: string,
    key: RefreshTokenKey,
  ): Promise<{
    readonly client: ClientRecord
    readonly refresh: FoundFamily | null
  } | null>
  /** True for exactly one caller. `hash` is that of the token which the successor replaces. */
  rotateRefreshToken(
    hash: Uint8Array,
    rotation: Rotation,
    accessToken: NewAccessToken,
    successor: NewRefreshToken & Pick<RefreshFamily, 'rotations' | 'earlierRotations'>,
  ): Promise<boolean>
  /** Stores a token for the client itself. False: the client was disabled meanwhile, or the resource changed. */
  issueClientToken(accessToken: NewAccessToken): Promise<boolean>
  /** Stores one more token of a grant. False: the resource changed. */
  addAccessToken(accessToken: NewAccessToken): Promise<boolean>
  findAccessToken(hash: Uint8Array): Promise<FoundAccessToken | null>
  findClientWithAccessToken(
    clientId: string,
    hash: Uint8Array,
  ): Promise<{ readonly client: ClientRecord; readonly presented: PresentedAccessToken | null } | null>
  revokeAccessToken(hash: Uint8Array, event: SecurityEvent): Promise<void>
}

export function createTokenVerbs(driver: Driver, clients: ClientReader): TokenVerbs {
  return {
    async findClientWithRefreshToken(clientId, { hash, grantId }) {
      const [row] =
        grantId === null
          ? await driver.rows(refreshSql.findClientWithFamilyOfFormer, { client_id: clientId, hash })
          : await driver.rows(refreshSql.findClientWithFamily, { client_id: clientId, hash, ...grantPlaced(grantId) })
      if (row === undefined) return null
      const client = await clients.known(row)
      if (row.grant_state === null || row.refresh_issued_at === null) return { client, refresh: null }
      return { client, refresh: { ...toFoundGrant(row), ...toFoundFamily(row) } }
    },

    async rotateRefreshToken(hash, rotation, accessToken, successor) {
      const bind = {
        ...grantPlaced(successor.grantId),
        replaced: hash,
        hash: successor.hash,
        rotations: successor.rotations,
        now: rotation.rotatedAt,
        expires_at: successor.expiresAt,
        earlier: successor.earlierRotations === '' ? null : successor.earlierRotations,
        salt: rotation.salt,
        digest: rotation.requestDigest,
        scope: rotation.scope,
        address: rotation.address,
        user_agent: rotation.userAgent,
        access_token: rotation.sealedAccessToken,
        key_thumbprint: successor.keyThumbprint,
        rotation_key_thumbprint: rotation.keyThumbprint,
      }
      return await heldAtFreePlaces(driver, [
        step(refreshSql.rotateRefreshToken, bind, 'refresh_token'),
        ...accessTokenSteps(accessToken),
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
        key_thumbprint: accessToken.keyThumbprint,
        now: accessToken.issuedAt,
        expires_at: accessToken.expiresAt,
      }
      return await heldAtFreePlaces(driver, [step(sql.insertClientToken, bind, 'live')])
    },

    async addAccessToken(accessToken) {
      // Whether its grant still holds is asked whenever it is presented.
      return await heldAtFreePlaces(driver, [...accessTokenSteps(accessToken)])
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

    async findClientWithAccessToken(clientId, hash) {
      const [row] = await driver.rows(sql.findClientWithToken, { client_id: clientId, ...placed(hash) })
      if (row === undefined) return null
      const client = await clients.known(row)
      if (row.token_client_id === null) return { client, presented: null }
      const grant: PresentedGrant | null =
        row.grant_state === null
          ? null
          : {
              grantId: row.grant_id,
              clientId: row.grant_client_id,
              userId: row.grant_user_id,
              username: row.username,
              state: row.grant_state,
            }
      return {
        client,
        presented: {
          token: toAccessToken(row),
          revoked: row.token_revoked_at !== null,
          clientLive: flag(row.token_client_live),
          resourceLive: flag(row.resource_live),
          grant,
        },
      }
    },

    async revokeAccessToken(hash, event) {
      await driver.atomic([
        step(sql.revokeAccessToken, { ...placed(hash), now: event.at }, 'live'),
        ...eventSteps([event]),
      ])
    },
  }
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
    claims_place: grant?.claimsAsked === true ? grantPlaced(grant.grantId).grant_place : 0n,
    client_id: token.clientId,
    client_generation: token.clientGeneration,
    scope: token.scope,
    resource: resource?.resource.identifier ?? null,
    resource_generation: resource?.generation ?? null,
    key_thumbprint: token.keyThumbprint,
    now: token.issuedAt,
    expires_at: token.expiresAt,
  })
  if (resource === null) return [insert]
  const bind = { identifier: resource.resource.identifier, version: resource.version }
  return [step(resourceIsUnchanged, bind, 'resource'), insert]
}

/** Guard `refresh_token`: the grant is there and has no family yet. */
export function familyStep(first: NewRefreshToken): Step {
  const bind = {
    ...grantPlaced(first.grantId),
    hash: first.hash,
    now: first.issuedAt,
    expires_at: first.expiresAt,
    family_expires_at: first.familyExpiresAt,
    key_thumbprint: first.keyThumbprint,
  }
  return step(refreshSql.beginFamily, bind, 'refresh_token')
}

function toAccessToken(row: sql.TokenColumns): AccessToken {
  return {
    clientId: row.token_client_id,
    scope: row.token_scope,
    resource: row.token_resource,
    keyThumbprint: row.token_key,
    issuedAt: row.token_issued_at,
    expiresAt: row.token_expires_at,
  }
}

type FamilyRow = Extract<refreshSql.FamilyRow, { refresh_issued_at: number }>

function toFoundFamily(row: FamilyRow): Omit<FoundFamily, keyof FoundGrant> {
  return {
    family: {
      grantId: row.grant_id,
      current: { issuedAt: row.refresh_issued_at, expiresAt: row.refresh_expires_at },
      expiresAt: row.family_expires_at,
      rotations: row.refresh_rotations,
      earlierRotations: row.earlier_rotations ?? '',
      keyThumbprint: row.refresh_key_thumbprint,
    },
    isCurrent: flag(row.is_current),
    last: toLastRotation(row),
    formerRotations: row.former_rotations,
  }
}

function toLastRotation(row: FamilyRow): LastRotation | null {
  const { refresh_hash: successor, rotation_salt: salt, rotation_digest: requestDigest } = row
  if (successor === null || salt === null || requestDigest === null) return null
  return {
    isOfPresented: flag(row.is_replaced),
    successor,
    rotatedAt: row.refresh_issued_at,
    salt,
    requestDigest,
    scope: row.rotation_scope ?? '',
    address: row.rotation_address ?? '',
    userAgent: row.rotation_user_agent ?? '',
    keyThumbprint: row.rotation_key_thumbprint,
    sealedAccessToken: row.rotation_access_token,
  }
}
