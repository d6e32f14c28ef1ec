// Verbs about consents.

import type { ClientRecord } from '../../model/client/client.ts'
import type { Consent } from '../../model/consent.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { Driver } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import * as sql from '../statements/consent.ts'
import type { ClientReader } from './client-reader.ts'
import { revokeGrantsSteps } from './endings.ts'
import { eventSteps } from './events.ts'

export type ConsentWithClient = Omit<Consent, 'userId' | 'clientId'> & { readonly client: ClientRecord }

export interface ConsentVerbs {
  findConsent(userId: string, clientId: string): Promise<Pick<Consent, 'scope' | 'kinds'> | null>
  /** The newest first. */
  listConsents(userId: string): Promise<readonly Omit<Consent, 'userId'>[]>
  /** The same with their clients, in one read however many there are. */
  listConsentsWithClients(userId: string): Promise<readonly ConsentWithClient[]>
  /** Forgets that the person has agreed, and revokes every grant given under that consent. False: there was none. */
  withdrawConsent(userId: string, clientId: string, event: SecurityEvent): Promise<boolean>
}

export function createConsentVerbs(driver: Driver, clients: ClientReader): ConsentVerbs {
  return {
    async findConsent(userId, clientId) {
      const [row] = await driver.rows(sql.findConsent, { user_id: userId, client_id: clientId })
      return row ?? null
    },
    async listConsents(userId) {
      const rows = await driver.rows(sql.listConsents, { user_id: userId })
      return rows.map(({ client_id, scope, kinds, given_at }) => ({
        clientId: client_id,
        scope,
        kinds,
        givenAt: given_at,
      }))
    },
    async listConsentsWithClients(userId) {
      const rows = await driver.rows(sql.listConsentsWithClients, { user_id: userId })
      return rows.map((row) => ({
        client: clients.parsed(row),
        scope: row.scope,
        kinds: row.kinds,
        givenAt: row.given_at,
      }))
    },
    async withdrawConsent(userId, clientId, event) {
      const bind = { user_id: userId, client_id: clientId }
      const result = await driver.atomic([
        step(sql.deleteConsent, bind, 'consent'),
        ...revokeGrantsSteps(userId, clientId, event.at),
        ...eventSteps([event]),
      ])
      return result.held
    },
  }
}
