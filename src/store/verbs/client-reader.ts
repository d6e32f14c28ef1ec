// Clients as records, parsed once for each version. Parsing the settings, and even reading them from the database,
// costs more than everything else a token request does. So reads on the hot path only bring a client's version, and a
// client is read whole when that version is not known yet. The version is as fresh as the row it came with, so a cached
// record is never stale.

import type { ClientRecord } from '../../model/client/client.ts'
import { fromStored } from '../../model/client/settings.ts'
import { flag } from '../column-values.ts'
import type { Driver } from '../database/driver.ts'
import { type ClientKey, type ClientRow, readClient } from '../statements/client.ts'

export interface ClientReader {
  /** One record for each version, so that whatever is compiled from it (claim maps) can be kept with it. */
  parsed(row: ClientRow): ClientRecord
  /** A version that is not known yet costs one read. */
  known(key: ClientKey): Promise<ClientRecord>
}

/** This many of the clients in use stay parsed, and at most twice as many; each takes about 2 KB. */
const CACHED_CLIENTS = 10_000

export function createClientReader(driver: Driver, cachedClients = CACHED_CLIENTS): ClientReader {
  // Two generations: a client that is used moves to the young one; when that is full, the old one is dropped as a
  // whole.
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
