// Verbs about clients that registered themselves: adding one, changing it under its registration access token, and
// knowing which are used.

import type { Client, ClientRecord } from '../../model/client/client.ts'
import { type NarrowPolicy, parseNarrowPolicy } from '../../model/client/registration-policy.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { Seconds } from '../../model/time.ts'
import { isDocumentId } from '../../protocol/client-document.ts'
import { asFlag } from '../column-values.ts'
import { type Driver, type Step, step } from '../database/driver.ts'
import * as clients from '../statements/client.ts'
import { deleteConsentsOfClient } from '../statements/consent.ts'
import { spendInitialAccessToken } from '../statements/initial-access-token.ts'
import * as sql from '../statements/registration.ts'
import { type ClientLogo, logoSteps } from './client-logos.ts'
import { insertOriginSteps, replaceOriginSteps } from './client-origins.ts'
import type { ClientReader } from './client-reader.ts'
import { eventSteps } from './events.ts'
import type { SealedWrites } from './sealed-writes.ts'

interface KeptSecret {
  readonly hash: Uint8Array | null
  readonly sealed: Uint8Array | null
}

export interface NewRegistration {
  readonly client: Client
  readonly secret: KeptSecret
  readonly logo: ClientLogo | null
  /** The hash of the registration access token. */
  readonly tokenHash: Uint8Array
  readonly policy: NarrowPolicy
  readonly softwareStatement: string | null
  /** The initial access token that this registration uses up; null: none was presented, so limits apply. */
  readonly initialTokenId: string | null
  /** The network that the registration came from. */
  readonly address: string
}

export interface RegistrationLimits {
  readonly since: Seconds
  readonly mostOfAddress: number
  /** Limit for its kind: registered clients and those known by a document are counted separately. */
  readonly mostOpen: number
}

export interface Registration {
  readonly record: ClientRecord
  readonly tokenHash: Uint8Array | null
  readonly policy: NarrowPolicy
  readonly softwareStatement: string | null
  /** Null: no initial access token let it register. */
  readonly initialTokenId: string | null
}

export interface RegistrationChange {
  readonly client: Client
  readonly version: number
  readonly formerTokenHash: Uint8Array
  readonly tokenHash: Uint8Array
  readonly softwareStatement: string | null
  /** Undefined: the secret stays as it is. */
  readonly secret?: KeptSecret
  /** Undefined: the picture stays as it is. */
  readonly logo?: ClientLogo | null
  readonly killIssued: boolean
  /** The client is no longer what people have agreed to. */
  readonly forgetConsents: boolean
}

export interface RegistrationVerbs {
  /** `token`: the initial access token has been used up meanwhile. `address`, `open`: that limit is reached. */
  addRegistration(
    registration: NewRegistration,
    limits: RegistrationLimits,
    event: SecurityEvent,
  ): Promise<'added' | 'token' | 'address' | 'open'>
  /**
   * Brings a removed client back under its id; what was issued before stays dead. `client`: there is no such client.
   */
  returnRegistration(
    registration: NewRegistration,
    limits: RegistrationLimits,
    event: SecurityEvent,
  ): Promise<'added' | 'client' | 'address' | 'open'>
  /** Registrations from one network, including those of removed clients. */
  countRegistrations(address: string, since: Seconds): Promise<number>
  findRegistration(clientId: string): Promise<Registration | null>
  /** `changed`: the client or its token is no longer the one that was read. */
  updateRegistration(change: RegistrationChange, event: SecurityEvent): Promise<'updated' | 'changed'>
  noteRegistrationUse(clientIds: readonly string[], now: Seconds): Promise<void>
  /** Registered clients that have not been used since `before`, in the order of their ids, after `afterId`. */
  listUnusedRegistrations(before: Seconds, afterId: string, most: number): Promise<readonly ClientRecord[]>
}

export function createRegistrationVerbs(
  driver: Driver,
  { parsed }: ClientReader,
  sealed: SealedWrites,
): RegistrationVerbs {
  return {
    async addRegistration({ client, secret, logo, initialTokenId, address, ...rest }, limits, event) {
      const { client_id } = client
      const now = event.at
      const admission: Step[] =
        initialTokenId === null
          ? [
              step(sql.addressMayRegister, { address, since: limits.since, most: limits.mostOfAddress }, 'address'),
              step(sql.moreMayRegister, { most: limits.mostOpen, documents: documentFlag(client_id) }, 'open'),
            ]
          : [step(spendInitialAccessToken, { token_id: initialTokenId, now }, 'token')]
      const result = await (secret.sealed === null ? driver : sealed).atomic([
        ...admission,
        step(clients.insertClient, {
          client_id,
          ...clients.clientColumns(client),
          enabled: 1,
          secret_hash: secret.hash,
          sealed_secret: secret.sealed,
          now,
        }),
        ...insertOriginSteps(client),
        step(sql.insertRegistration, {
          client_id,
          token_hash: rest.tokenHash,
          policy: JSON.stringify(rest.policy),
          software_statement: rest.softwareStatement,
          initial_token_id: initialTokenId,
          address,
          now,
        }),
        ...logoSteps(client_id, logo, now),
        ...eventSteps([event]),
      ])
      return result.held ? 'added' : (result.guard as 'token' | 'address' | 'open')
    },
    async returnRegistration({ client, tokenHash, address }, limits, event) {
      const { client_id } = client
      const result = await driver.atomic([
        step(clients.returnClient, { client_id, ...clients.clientColumns(client), now: event.at }, 'client'),
        step(sql.addressMayRegister, { address, since: limits.since, most: limits.mostOfAddress }, 'address'),
        step(sql.moreMayRegister, { most: limits.mostOpen, documents: documentFlag(client_id) }, 'open'),
        step(sql.returnRegistration, { client_id, token_hash: tokenHash, address, now: event.at }, 'client'),
        ...insertOriginSteps(client),
        ...eventSteps([event]),
      ])
      return result.held ? 'added' : (result.guard as 'client' | 'address' | 'open')
    },
    async countRegistrations(address, since) {
      const [row] = await driver.rows(sql.countRegistrations, { address, since })
      return row?.count ?? 0
    },
    async findRegistration(clientId) {
      const [row] = await driver.rows(sql.findRegistration, { client_id: clientId })
      if (row === undefined) return null
      return {
        record: parsed(row),
        tokenHash: row.token_hash,
        policy: parseNarrowPolicy(JSON.parse(row.policy) as Readonly<Record<string, unknown>>),
        softwareStatement: row.software_statement,
        initialTokenId: row.initial_token_id,
      }
    },
    async updateRegistration(change, event) {
      const { client, version, formerTokenHash, tokenHash, softwareStatement, secret, logo, killIssued } = change
      const { client_id } = client
      const now = event.at
      const bind = { client_id, ...clients.clientColumns(client), enabled: 1, bump: asFlag(killIssued), version, now }
      const token = { client_id, former_hash: formerTokenHash, token_hash: tokenHash, now }
      const kept = secret && { client_id, secret_hash: secret.hash, sealed_secret: secret.sealed, now }
      const writes = secret === undefined || secret.sealed === null ? driver : sealed
      const result = await writes.atomic([
        step(sql.rotateRegistrationToken, { ...token, software_statement: softwareStatement }, 'token'),
        step(clients.updateClient, bind, 'version'),
        ...replaceOriginSteps(client),
        ...(kept === undefined ? [] : [step(clients.setClientSecret, kept, 'client')]),
        ...(logo === undefined ? [] : logoSteps(client_id, logo, now)),
        ...(change.forgetConsents ? [step(deleteConsentsOfClient, { client_id })] : []),
        ...eventSteps([event]),
      ])
      return result.held ? 'updated' : 'changed'
    },
    async noteRegistrationUse(clientIds, now) {
      if (clientIds.length === 0) return
      await driver.atomic(clientIds.map((client_id) => step(sql.noteRegistrationUse, { client_id, now })))
    },
    async listUnusedRegistrations(before, after_id, most) {
      return (await driver.rows(sql.listUnusedRegistrations, { before, after_id, most })).map(parsed)
    },
  }
}

function documentFlag(clientId: string): number {
  return asFlag(isDocumentId(clientId))
}
