// From the resources that a request names to those that this client may have a token for. RFC 8707 §2.

import { invalidTarget, resourceKey } from '../protocol/resource.ts'
import type { Client } from './client.ts'
import { mayAskFor, type ResourceRecord } from './resource.ts'

export interface Target {
  readonly identifier: string
  /** Null: this server itself, by its issuer: a token for user info, as one without any resource. */
  readonly record: ResourceRecord | null
}

/** `found`: what is stored of those asked for, in any order. Throws `invalid_target`. */
export function targetsOf(
  asked: readonly string[],
  found: readonly ResourceRecord[],
  client: Client,
  issuer: string,
): readonly Target[] {
  const byKey = new Map(found.map((record) => [resourceKey(record.resource.identifier), record]))
  const targets = asked.map((each): Target => {
    const key = resourceKey(each)
    if (key === resourceKey(issuer)) return { identifier: issuer, record: null }
    const record = byKey.get(key)
    if (record === undefined) throw invalidTarget('resource_unknown', `there is no resource ${each}`)
    const { identifier } = record.resource
    if (!record.enabled) throw invalidTarget('resource_disabled', `the resource ${identifier} is disabled`)
    if (!mayAskFor(client, record.resource)) {
      throw invalidTarget('resource_not_allowed', `the client's setting resources does not name ${identifier}`)
    }
    return { identifier, record }
  })
  return targets.filter((target, index) => targets.findIndex((one) => one.identifier === target.identifier) === index)
}
