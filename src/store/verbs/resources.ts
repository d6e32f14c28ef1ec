// Verbs about resources: the APIs that tokens are meant for.

import type { SecurityEvent } from '../../model/event.ts'
import type { Resource, ResourceRecord } from '../../model/resource.ts'
import { resourceKey } from '../../protocol/resource.ts'
import { asFlag } from '../column-values.ts'
import type { Driver } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import * as sql from '../statements/resource.ts'
import { eventSteps } from './events.ts'

export interface ResourceVerbs {
  /**
   * Finds at most five resources, whichever way their identifiers are spelled; unknown ones are left out, the order is
   * not kept.
   */
  findResources(identifiers: readonly string[]): Promise<readonly ResourceRecord[]>
  /** Whether there is any resource at all. */
  hasResources(): Promise<boolean>
  /** Oldest first. */
  listResources(): Promise<readonly ResourceRecord[]>
  /** `taken`: there is a resource with this identifier already, perhaps spelled in another way. */
  addResource(resource: Resource, event: SecurityEvent): Promise<'added' | 'taken'>
  /** `changed`: somebody else changed it since `version` was read, or it is gone. */
  updateResource(
    resource: Resource,
    state: { readonly enabled: boolean; readonly version: number; readonly killIssued: boolean },
    event: SecurityEvent,
  ): Promise<'updated' | 'changed'>
  removeResource(identifier: string, event: SecurityEvent): Promise<boolean>
}

export function createResourceVerbs(driver: Driver): ResourceVerbs {
  const read = sql.createResourceReader()
  return {
    async findResources(identifiers) {
      if (identifiers.length === 1) {
        const [only = ''] = identifiers
        return (await driver.rows(sql.findResource, { key: resourceKey(only) })).map(read)
      }
      const [k1, k2 = k1, k3 = k1, k4 = k1, k5 = k1] = identifiers.map(resourceKey)
      if (k1 === undefined || k2 === undefined || k3 === undefined || k4 === undefined || k5 === undefined) return []
      return (await driver.rows(sql.findResources, { k1, k2, k3, k4, k5 })).map(read)
    },
    async hasResources() {
      return (await driver.rows(sql.anyResource, {})).length > 0
    },
    async listResources() {
      return (await driver.rows(sql.listResources, {})).map(read)
    },
    async addResource(resource, event) {
      const { identifier } = resource
      const bind = {
        identifier,
        resource_key: resourceKey(identifier),
        settings: JSON.stringify(resource),
        now: event.at,
      }
      const result = await driver.atomic([step(sql.insertResource, bind, 'taken'), ...eventSteps([event])])
      return result.held ? 'added' : 'taken'
    },
    async updateResource(resource, { enabled, version, killIssued }, event) {
      const bind = {
        identifier: resource.identifier,
        settings: JSON.stringify(resource),
        enabled: asFlag(enabled),
        bump: asFlag(killIssued),
        version,
        now: event.at,
      }
      const result = await driver.atomic([step(sql.updateResource, bind, 'version'), ...eventSteps([event])])
      return result.held ? 'updated' : 'changed'
    },
    async removeResource(identifier, event) {
      const bind = { identifier, now: event.at }
      return (await driver.atomic([step(sql.removeResource, bind, 'resource'), ...eventSteps([event])])).held
    },
  }
}
