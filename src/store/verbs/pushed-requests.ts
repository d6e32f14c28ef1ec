// Verbs about authorization requests that clients push before they send a browser. RFC 9126.

import type { PushedRequest } from '../../model/pushed-request.ts'
import { type Driver, type Step, step } from '../database/driver.ts'
import * as sql from '../statements/pushed-request.ts'
import type { InteractionLimits } from './interactions.ts'
import { keepRoom } from './room.ts'

export interface PushedRequestVerbs {
  /** `address`: the address bucket that it counts against; null: its client has been verified, and has proven itself. */
  addPushedRequest(
    request: PushedRequest,
    address: string | null,
    limits: Pick<InteractionLimits, 'perAddress' | 'totalBytes'>,
  ): Promise<void>
  /** Null: there never was one, or it was answered. Also one that is too old for a browser to bring it. */
  findPushedRequest(
    referenceHash: Uint8Array,
  ): Promise<Pick<PushedRequest, 'clientId' | 'parameters' | 'validUntil'> | null>
}

export function createPushedRequestVerbs(driver: Driver): PushedRequestVerbs {
  const makeRoom = keepRoom<Uint8Array>({
    measure: async () => (await driver.rows(sql.measurePushedRequests, {}))[0]?.bytes ?? 0,
    free: (freed) => driver.atomic([step(sql.deleteOldestPushedOfHeaviest, freed)]),
  })
  return {
    async addPushedRequest(request, address, { perAddress, totalBytes }) {
      const parameters = JSON.stringify(request.parameters)
      const newest = request.referenceHash
      await driver.atomic([
        step(sql.insertPushedRequest, {
          reference_hash: newest,
          client_id: request.clientId,
          address,
          size: Buffer.byteLength(parameters),
          parameters,
          now: request.createdAt,
          valid_until: request.validUntil,
          expires_at: request.expiresAt,
        }),
        ...(address === null ? [] : [step(sql.deletePushedBeyondAddress, { address, newest, most: perAddress })]),
      ])
      if (address !== null) await makeRoom(newest, totalBytes)
    },
    async findPushedRequest(referenceHash) {
      const [row] = await driver.rows(sql.findPushedRequest, { reference_hash: referenceHash })
      if (row === undefined) return null
      return {
        clientId: row.client_id,
        parameters: JSON.parse(row.parameters) as PushedRequest['parameters'],
        validUntil: row.valid_until,
      }
    },
  }
}

/** Guard: it has not been answered before. */
export function finishPushedStep(reference: string): Step {
  return step(sql.finishPushedRequest, { reference_hash: Buffer.from(reference, 'base64url') }, 'pushed')
}
