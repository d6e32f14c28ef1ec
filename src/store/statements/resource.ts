// SQL about resources: the APIs that tokens are meant for.

import { type ResourceRecord, resourceFromStored } from '../../model/resource.ts'
import { resourceKey } from '../../protocol/resource.ts'
import { flag } from '../column-values.ts'
import { statement } from '../database/driver.ts'

export interface ResourceRow {
  readonly identifier: string
  readonly settings: string
  readonly version: number
  readonly generation: number
  readonly enabled: number
  readonly created_at: number
  readonly updated_at: number
}

const COLUMNS = 'r.identifier, r.settings, r.version, r.generation, r.enabled, r.created_at, r.updated_at'

/** As many as one request may name; places that are not needed repeat the first. */
export interface ResourceKeys {
  k1: string
  k2: string
  k3: string
  k4: string
  k5: string
}

/** For one resource, which is what nearly all requests ask for: it takes half the time. */
export const findResource = statement<{ key: string }, ResourceRow>(
  'find_resource',
  `SELECT ${COLUMNS} FROM resource r WHERE r.resource_key = :key AND r.removed_at IS NULL`,
)

export const findResources = statement<ResourceKeys, ResourceRow>(
  'find_resources',
  `SELECT ${COLUMNS} FROM resource r WHERE r.resource_key IN (:k1, :k2, :k3, :k4, :k5) AND r.removed_at IS NULL`,
)

/** One row, if there is any resource at all. */
export const anyResource = statement<object, { found: number }>(
  'any_resource',
  'SELECT 1 AS found FROM resource WHERE removed_at IS NULL LIMIT 1',
)

export const listResources = statement<object, ResourceRow>(
  'list_resources',
  `SELECT ${COLUMNS} FROM resource r WHERE r.removed_at IS NULL ORDER BY r.created_at, r.identifier`,
)

/** Guard: no resource is known under this key. A removed one comes back with a new generation. */
export const insertResource = statement<
  { identifier: string; resource_key: string; settings: string; now: number },
  { version: number }
>(
  'insert_resource',
  `INSERT INTO resource (identifier, resource_key, settings, version, generation, enabled, created_at, updated_at)
   VALUES (:identifier, :resource_key, :settings, 1, 1, 1, :now, :now)
   ON CONFLICT (resource_key) DO UPDATE SET identifier = excluded.identifier, settings = excluded.settings,
     version = resource.version + 1, generation = resource.generation + 1, enabled = 1, removed_at = NULL,
     created_at = excluded.created_at, updated_at = excluded.updated_at
   WHERE resource.removed_at IS NOT NULL
   RETURNING version`,
)

export const updateResource = statement<
  {
    identifier: string
    settings: string
    enabled: number
    bump: number
    version: number
    now: number
  },
  { version: number }
>(
  'update_resource',
  `UPDATE resource SET settings = :settings, enabled = :enabled, generation = generation + :bump, version = version + 1,
     updated_at = :now
   WHERE identifier = :identifier AND version = :version AND removed_at IS NULL RETURNING version`,
)

export const removeResource = statement<{ identifier: string; now: number }, { identifier: string }>(
  'remove_resource',
  `UPDATE resource SET removed_at = :now, enabled = 0, generation = generation + 1, version = version + 1,
     updated_at = :now
   WHERE identifier = :identifier AND removed_at IS NULL RETURNING identifier`,
)

/** Guard for tokens: the resource is as it was when their content was decided. */
export const resourceIsUnchanged = statement<{ identifier: string; version: number }, { identifier: string }>(
  'resource_is_unchanged',
  `SELECT identifier FROM resource WHERE identifier = :identifier AND version = :version AND enabled = 1
     AND removed_at IS NULL`,
)

const MOST_PARSED = 1_000

/** One record for each version of a resource; the version comes with every read, so a cached record is never stale. */
export function createResourceReader(): (row: ResourceRow) => ResourceRecord {
  const parsed = new Map<string, ResourceRecord>()
  return (row) => {
    const known = parsed.get(row.identifier)
    if (known !== undefined && known.version === row.version) return known
    const record: ResourceRecord = {
      resource: resourceFromStored(row.settings),
      key: resourceKey(row.identifier),
      version: row.version,
      generation: row.generation,
      enabled: flag(row.enabled),
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }
    if (parsed.size >= MOST_PARSED) parsed.clear()
    parsed.set(row.identifier, record)
    return record
  }
}
