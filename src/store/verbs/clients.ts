// Verbs about clients.

import type { Client, ClientRecord } from '../../model/client/client.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { Seconds } from '../../model/time.ts'
import { asFlag } from '../column-values.ts'
import type { Driver } from '../database/driver.ts'
import { ConstraintViolated, step } from '../database/driver.ts'
import * as sql from '../statements/client.ts'
import { deleteConsentsOfClient } from '../statements/consent.ts'
import { endRegistration } from '../statements/registration.ts'
import { logoSteps } from './client-logos.ts'
import { deleteOriginsStep, insertOriginSteps, replaceOriginSteps } from './client-origins.ts'
import type { ClientReader } from './client-reader.ts'
import { eventSteps } from './events.ts'
import type { SealedWrites } from './sealed-writes.ts'

export interface ClientVerbs {
  findClient(clientId: string): Promise<ClientRecord | null>
  /** At most this many, in no particular order. */
  listClientIds(most: number): Promise<readonly string[]>
  /** Oldest first. */
  listClients(): Promise<readonly ClientRecord[]>
  /** `taken`: the id belongs to a client, removed ones included, or equals a user's id. */
  addClient(
    client: Client,
    secretHash: Uint8Array | null,
    event: SecurityEvent,
    sealedSecret?: Uint8Array | null,
  ): Promise<'added' | 'taken'>
  /** `changed`: somebody else changed it since `version` was read, or it is gone. Disabling kills what was issued. */
  updateClient(
    client: Client,
    state: { readonly enabled: boolean; readonly version: number; readonly killIssued: boolean },
    event: SecurityEvent,
  ): Promise<'updated' | 'changed'>
  /** Without `sealedSecret` a stored sealed secret is deleted too. */
  setClientSecret(
    clientId: string,
    secretHash: Uint8Array | null,
    event: SecurityEvent,
    sealedSecret?: Uint8Array | null,
  ): Promise<boolean>
  removeClient(clientId: string, event: SecurityEvent): Promise<boolean>
}

export function createClientVerbs(driver: Driver, clients: ClientReader, sealed: SealedWrites): ClientVerbs {
  return {
    async findClient(clientId) {
      const [row] = await driver.rows(sql.findClient, { client_id: clientId })
      return row === undefined ? null : await clients.known(row)
    },
    async listClientIds(most) {
      return (await driver.rows(sql.listClientIds, { most })).map(({ client_id }) => client_id)
    },
    async listClients() {
      return (await driver.rows(sql.listClients, {})).map(clients.parsed)
    },
    async addClient(client, secretHash, event, sealedSecret = null) {
      const now: Seconds = event.at
      try {
        const result = await (sealedSecret === null ? driver : sealed).atomic([
          step(sql.noUserHasId, { client_id: client.client_id }, 'taken'),
          step(sql.insertClient, {
            client_id: client.client_id,
            ...sql.clientColumns(client),
            enabled: 1,
            secret_hash: secretHash,
            sealed_secret: sealedSecret,
            now,
          }),
          ...insertOriginSteps(client),
          ...eventSteps([event]),
        ])
        return result.held ? 'added' : 'taken'
      } catch (error) {
        if (error instanceof ConstraintViolated) return 'taken'
        throw error
      }
    },
    async updateClient(client, { enabled, version, killIssued }, event) {
      const result = await driver.atomic([
        step(
          sql.updateClient,
          {
            client_id: client.client_id,
            ...sql.clientColumns(client),
            enabled: asFlag(enabled),
            bump: asFlag(killIssued),
            version,
            now: event.at,
          },
          'version',
        ),
        ...replaceOriginSteps(client),
        ...eventSteps([event]),
      ])
      return result.held ? 'updated' : 'changed'
    },
    async setClientSecret(clientId, secretHash, event, sealedSecret = null) {
      const bind = { client_id: clientId, secret_hash: secretHash, sealed_secret: sealedSecret, now: event.at }
      const steps = [step(sql.setClientSecret, bind, 'client'), ...eventSteps([event])]
      return (await (sealedSecret === null ? driver : sealed).atomic(steps)).held
    },
    async removeClient(clientId, event) {
      const result = await driver.atomic([
        step(sql.removeClient, { client_id: clientId, now: event.at }, 'client'),
        step(deleteConsentsOfClient, { client_id: clientId }),
        deleteOriginsStep(clientId),
        ...logoSteps(clientId, null, event.at),
        step(endRegistration, { client_id: clientId, now: event.at }),
        ...eventSteps([event]),
      ])
      return result.held
    },
  }
}
