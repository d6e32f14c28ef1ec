// Verbs about interactions, with the limits that keep strangers from filling the store.

import type { SecurityEvent } from '../../model/event.ts'
import type { AuthorizationRequest, Interaction } from '../../model/interaction.ts'
import type { Seconds } from '../../model/time.ts'
import type { Driver } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import * as sql from '../statements/interaction.ts'
import { eventSteps } from './events.ts'
import { keepRoom } from './room.ts'

export interface InteractionLimits {
  readonly perBrowser: number
  readonly perAddress: number
  readonly totalBytes: number
}

export interface InteractionVerbs {
  /** `address` is the address bucket that the interaction counts against. */
  addInteraction(interaction: Interaction, address: string, limits: InteractionLimits): Promise<void>
  findInteraction(interactionId: string, now: Seconds): Promise<Interaction | null>
  /** Binds an unbound interaction to the first browser that continues it; for later browsers nothing changes. */
  bindInteraction(interactionId: string, browserHash: Uint8Array): Promise<void>
  setInteractionProgress(interaction: Interaction): Promise<boolean>
  /** True for exactly one caller. */
  finishInteraction(interactionId: string, events?: readonly SecurityEvent[]): Promise<boolean>
}

/** Browser hash of an interaction that came without cookies (a cross-site POST). */
export const UNBOUND_BROWSER = new Uint8Array(32)

export function createInteractionVerbs(driver: Driver): InteractionVerbs {
  const makeRoom = keepRoom<string>({
    measure: async () => (await driver.rows(sql.measureInteractions, {}))[0]?.bytes ?? 0,
    free: (freed) => driver.atomic([step(sql.deleteOldestOfHeaviest, freed)]),
  })
  return {
    async addInteraction(interaction, address, limits) {
      const request = JSON.stringify(interaction.request)
      const newest = interaction.interactionId
      await driver.atomic([
        step(sql.insertInteraction, {
          interaction_id: interaction.interactionId,
          browser_hash: interaction.browserHash,
          address,
          size: Buffer.byteLength(request),
          request,
          now: interaction.createdAt,
          expires_at: interaction.expiresAt,
        }),
        ...(interaction.browserHash === UNBOUND_BROWSER
          ? []
          : [
              step(sql.deleteBeyondBrowser, { browser_hash: interaction.browserHash, newest, most: limits.perBrowser }),
            ]),
        step(sql.deleteBeyondAddress, { address, newest, most: limits.perAddress }),
      ])
      await makeRoom(newest, limits.totalBytes)
    },
    async findInteraction(interactionId, now) {
      const [row] = await driver.rows(sql.findInteraction, { interaction_id: interactionId, now })
      if (row === undefined) return null
      return {
        interactionId: row.interaction_id,
        browserHash: row.browser_hash,
        request: JSON.parse(row.request) as AuthorizationRequest,
        authenticatedSessionId: row.authenticated_session_id,
        chosenSessionId: row.chosen_session_id,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
      }
    },
    async bindInteraction(interactionId, browserHash) {
      const bind = { interaction_id: interactionId, browser_hash: browserHash, unbound: UNBOUND_BROWSER }
      await driver.atomic([step(sql.bindInteraction, bind)])
    },
    async setInteractionProgress({ interactionId, authenticatedSessionId, chosenSessionId }) {
      const bind = {
        interaction_id: interactionId,
        authenticated_session_id: authenticatedSessionId,
        chosen_session_id: chosenSessionId,
      }
      return (await driver.atomic([step(sql.setInteractionProgress, bind, 'interaction')])).held
    },
    async finishInteraction(interactionId, events = []) {
      const bind = { interaction_id: interactionId }
      return (await driver.atomic([step(sql.finishInteraction, bind, 'once'), ...eventSteps(events)])).held
    },
  }
}
