// Verbs about who has fetched the signing keys.

import type { Seconds } from '../../model/time.ts'
import type { Driver } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import * as sql from '../statements/key-sighting.ts'

export interface KeySightings {
  readonly fetches: readonly { readonly addressHash: Uint8Array; readonly at: Seconds }[]
  readonly addresses: readonly { readonly clientId: string; readonly addressHash: Uint8Array; readonly at: Seconds }[]
}

export interface KeySightingVerbs {
  noteKeySightings(sightings: KeySightings): Promise<void>
  /**
   * When each client last received a token, and when one of its addresses last fetched the keys; null: no known address
   * has.
   */
  listKeySightings(): Promise<
    readonly { readonly clientId: string; readonly seenAt: Seconds; readonly fetchedAt: Seconds | null }[]
  >
  /**
   * Deletes what is older than `before`, and all but the newest `keep` of the addresses that belong to no client; at
   * most `most` rows at a time.
   */
  pruneKeySightings(before: Seconds, keep: number, most: number): Promise<void>
}

export function createKeySightingVerbs(driver: Driver): KeySightingVerbs {
  return {
    async noteKeySightings({ fetches, addresses }) {
      const steps = [
        ...fetches.map(({ addressHash, at }) => step(sql.noteKeyFetch, { address_hash: addressHash, at })),
        ...addresses.map(({ clientId, addressHash, at }) =>
          step(sql.noteClientAddress, { client_id: clientId, address_hash: addressHash, at }),
        ),
      ]
      if (steps.length > 0) await driver.atomic(steps)
    },
    async listKeySightings() {
      return (await driver.rows(sql.listKeySightings, {})).map((row) => ({
        clientId: row.client_id,
        seenAt: row.seen_at,
        fetchedAt: row.fetched_at,
      }))
    },
    async pruneKeySightings(before, keep, most) {
      await driver.atomic([step(sql.pruneClientAddresses, { before, most })])
      await driver.atomic([step(sql.pruneKeyFetches, { before, most })])
      await driver.atomic([step(sql.pruneStrangersFetches, { keep, most })])
    },
  }
}
