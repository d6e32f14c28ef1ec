// Clients as records, parsed once a version. Parsing the settings, and even carrying them from the database, costs more
// than all else a token request does; so the reads of the hot path bring a client's version, and only one that is new
// is read whole. The version is as fresh as the row it came with, so a hit is never stale.

import type { ClientRecord } from '../../model/client.ts'
import { fromStored } from '../../model/client-settings.ts'
import { flag } from '../column-values.ts'
import type { Driver } from '../database/driver.ts'
import { type ClientKey, type ClientRow, readClient } from '../statements/client.ts'

export interface ClientReader {
  /** One record a version, so that what is compiled from it (claim maps) can be kept with it. */
  parsed(row: ClientRow): ClientRecord
  /** A version that is not known yet costs one read. */
  known(key: ClientKey): Promise<ClientRecord>
}

/** Of the clients in use so many, and at most twice as many, stay parsed; about 2 KB each. */
const CACHED_CLIENTS = 10_000

export function createClientReader(driver: Driver, cachedClients = CACHED_CLIENTS): ClientReader {
  // Two generations: whoever is used moves to the young one, and the old one goes as a whole when that is full.
  let young = new Map<string, ClientRecord>()
  let old = new Map<string, ClientRecord>()

  const keep = (clientId: string, record: ClientRecord): ClientRecord => {
    if (young.size >= cachedClients) {
      old = young
      young = new Map()
    }
    young.set(clientId, record)
    return record
  }

  const find = ({ client_id, version }: ClientKey): ClientRecord | undefined => {
    const recent = young.get(client_id)
    if (recent !== undefined) return recent.version === version ? recent : undefined
    const earlier = old.get(client_id)
    return earlier?.version === version ? keep(client_id, earlier) : undefined
  }

  const parsed = (row: ClientRow): ClientRecord => find(row) ?? keep(row.client_id, toRecord(row))

  return {
    parsed,
    async known(key) {
      const record = find(key)
      if (record !== undefined) return record
      const [row] = await driver.rows(readClient, { client_id: key.client_id })
      if (row === undefined) throw new Error('A client has lost its row: removed ones keep theirs')
      return parsed(row)
    },
  }
}

function toRecord(row: ClientRow): ClientRecord {
  return {
    client: fromStored(row.settings),
    version: row.version,
    generation: row.generation,
    enabled: flag(row.enabled),
    secretHash: row.secret_hash,
    sealedSecret: row.sealed_secret,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
