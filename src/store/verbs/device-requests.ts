// Verbs about requests of devices without a browser. RFC 8628.

import type { ClientRecord } from '../../model/client/client.ts'
import type { DeviceRequest } from '../../model/device-request.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { AuthorizationRequest } from '../../model/interaction.ts'
import type { Seconds } from '../../model/time.ts'
import { type Driver, type Step, step } from '../database/driver.ts'
import * as sql from '../statements/device-request.ts'
import { type FoundGrant, toFoundGrant } from '../statements/grant.ts'
import { grantPlaced } from '../statements/place.ts'
import type { ClientReader } from './client-reader.ts'
import { eventSteps } from './events.ts'
import type { InteractionLimits } from './interactions.ts'
import { heldAtFreePlaces } from './places.ts'
import { keepRoom } from './room.ts'
import { accessTokenSteps, familyStep, type NewAccessToken, type NewRefreshToken } from './tokens.ts'

/** What a device has asked for and may still be answered. */
export interface OpenDeviceRequest {
  readonly deviceHash: Uint8Array
  readonly request: AuthorizationRequest
}

/** What a device finds with its code. */
export interface FoundDeviceRequest {
  readonly clientId: string
  readonly deniedAt: Seconds | null
  readonly consumedAt: Seconds | null
  readonly validUntil: Seconds
  /** Null: nobody has allowed it. */
  readonly allowed: FoundGrant | null
}

export interface DeviceRequestVerbs {
  /**
   * `address`: the address bucket that it counts against; null: its client has been verified, and has proven itself.
   * False: another request has the same user code.
   */
  addDeviceRequest(
    request: DeviceRequest,
    address: string | null,
    limits: Pick<InteractionLimits, 'perAddress' | 'totalBytes'>,
  ): Promise<boolean>
  /** Null: there is none, it was answered, or it is too old. */
  findOpenDeviceRequest(userCodeHash: Uint8Array, now: Seconds): Promise<OpenDeviceRequest | null>
  isDeviceRequestOpen(deviceHash: Uint8Array, now: Seconds): Promise<boolean>
  /** False: it was answered before, or is too old. */
  denyDeviceRequest(deviceHash: Uint8Array, now: Seconds, events: readonly SecurityEvent[]): Promise<boolean>
  /** Null: no such client. The request is returned whichever client it belongs to. */
  findClientWithDeviceCode(
    clientId: string,
    hash: Uint8Array,
  ): Promise<{ readonly client: ClientRecord; readonly device: FoundDeviceRequest | null } | null>
  /** True for exactly one caller. False: it is consumed or too old, or its grant no longer holds. */
  redeemDeviceCode(
    hash: Uint8Array,
    accessToken: NewAccessToken,
    refreshToken: NewRefreshToken | null,
    now: Seconds,
  ): Promise<boolean>
}

export function createDeviceRequestVerbs(driver: Driver, clients: ClientReader): DeviceRequestVerbs {
  const makeRoom = keepRoom<Uint8Array>({
    measure: async () => (await driver.rows(sql.measureDeviceRequests, {}))[0]?.bytes ?? 0,
    free: (freed) => driver.atomic([step(sql.deleteOldestDeviceRequestsOfHeaviest, freed)]),
  })
  return {
    async addDeviceRequest(device, address, { perAddress, totalBytes }) {
      const request = JSON.stringify(device.request)
      const newest = device.deviceHash
      const { held } = await driver.atomic([
        step(
          sql.insertDeviceRequest,
          {
            device_hash: newest,
            user_code_hash: device.userCodeHash,
            client_id: device.request.clientId,
            address,
            size: Buffer.byteLength(request),
            request,
            now: device.createdAt,
            valid_until: device.validUntil,
            expires_at: device.expiresAt,
          },
          'user_code',
        ),
        ...(address === null
          ? []
          : [step(sql.deleteDeviceRequestsBeyondAddress, { address, newest, most: perAddress })]),
      ])
      if (held && address !== null) await makeRoom(newest, totalBytes)
      return held
    },

    async findOpenDeviceRequest(userCodeHash, now) {
      const [row] = await driver.rows(sql.findOpenDeviceRequest, { user_code_hash: userCodeHash, now })
      if (row === undefined) return null
      return { deviceHash: row.device_hash, request: JSON.parse(row.request) as AuthorizationRequest }
    },

    async isDeviceRequestOpen(deviceHash, now) {
      return (await driver.rows(sql.isDeviceRequestOpen, { device_hash: deviceHash, now })).length > 0
    },

    async denyDeviceRequest(deviceHash, now, events) {
      const deny = step(sql.denyDeviceRequest, { device_hash: deviceHash, now }, 'device')
      return (await driver.atomic([deny, ...eventSteps(events)])).held
    },

    async findClientWithDeviceCode(clientId, hash) {
      const [row] = await driver.rows(sql.findClientWithDeviceCode, { client_id: clientId, hash })
      if (row === undefined) return null
      const client = await clients.known(row)
      if (row.device_client_id === null) return { client, device: null }
      return {
        client,
        device: {
          clientId: row.device_client_id,
          deniedAt: row.denied_at,
          consumedAt: row.consumed_at,
          validUntil: row.valid_until,
          allowed: row.grant_state === null ? null : toFoundGrant(row),
        },
      }
    },

    async redeemDeviceCode(hash, accessToken, refreshToken, now) {
      return await heldAtFreePlaces(driver, [
        step(sql.consumeDeviceRequest, { hash, now }, 'device'),
        ...accessTokenSteps(accessToken),
        ...(refreshToken === null ? [] : [familyStep(refreshToken)]),
      ])
    },
  }
}

/** Guard: it has not been answered before, and is not too old. */
export function allowDeviceStep(device: string, grantId: string, now: Seconds): Step {
  const deviceHash = Buffer.from(device, 'base64url')
  return step(sql.allowDeviceRequest, { ...grantPlaced(grantId), device_hash: deviceHash, now }, 'device')
}
