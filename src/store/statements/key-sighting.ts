// SQL about who has fetched the signing keys.

import { statement } from '../database/driver.ts'

export const noteKeyFetch = statement<{ address_hash: Uint8Array; at: number }>(
  'note_key_fetch',
  `INSERT INTO key_fetch (address_hash, fetched_at) VALUES (:address_hash, :at)
   ON CONFLICT (address_hash) DO UPDATE SET fetched_at = excluded.fetched_at
   WHERE key_fetch.fetched_at < excluded.fetched_at`,
)

export const noteClientAddress = statement<{ client_id: string; address_hash: Uint8Array; at: number }>(
  'note_client_address',
  `INSERT INTO client_address (client_id, address_hash, seen_at) VALUES (:client_id, :address_hash, :at)
   ON CONFLICT (client_id, address_hash) DO UPDATE SET seen_at = excluded.seen_at
   WHERE client_address.seen_at < excluded.seen_at`,
)

export interface KeySightingRow {
  readonly client_id: string
  readonly seen_at: number
  readonly fetched_at: number | null
}

export const listKeySightings = statement<object, KeySightingRow>(
  'list_key_sightings',
  `SELECT a.client_id, MAX(a.seen_at) AS seen_at, MAX(f.fetched_at) AS fetched_at
   FROM client_address a LEFT JOIN key_fetch f ON f.address_hash = a.address_hash GROUP BY a.client_id`,
)

export const pruneClientAddresses = statement<{ before: number; most: number }, { pruned: number }>(
  'prune_client_address',
  `DELETE FROM client_address WHERE seen_at < :before AND address_hash IN (
     SELECT address_hash FROM client_address WHERE seen_at < :before LIMIT :most)
   RETURNING 1 AS pruned`,
)

export const pruneKeyFetches = statement<{ before: number; most: number }, { pruned: number }>(
  'prune_key_fetch',
  `DELETE FROM key_fetch WHERE address_hash IN (
     SELECT address_hash FROM key_fetch WHERE fetched_at < :before LIMIT :most)
   RETURNING 1 AS pruned`,
)

/** Strangers displace only each other, never what is known of a client. */
export const pruneStrangersFetches = statement<{ keep: number; most: number }, { pruned: number }>(
  'prune_key_fetch_of_strangers',
  `DELETE FROM key_fetch WHERE address_hash IN (
     SELECT f.address_hash FROM key_fetch f LEFT JOIN client_address a ON a.address_hash = f.address_hash
     WHERE a.client_id IS NULL ORDER BY f.fetched_at DESC LIMIT :most OFFSET :keep)
   RETURNING 1 AS pruned`,
)
