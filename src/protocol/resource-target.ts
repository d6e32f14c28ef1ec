// From the resources that a request names to those that this client may have a token for. RFC 8707 §2.

import { invalidTarget, resourceKey } from './resource.ts'

/** A stored resource, as far as it matters here. */
interface Kept {
  readonly resource: { readonly identifier: string }
  /** The `resourceKey` of its identifier. */
  readonly key: string
  readonly enabled: boolean
}

export interface Target<Found extends Kept> {
  readonly identifier: string
  /**
   * Null: this server itself, named by its issuer, which means a token for user info, as without any resource. A record
   * may say what such a token is like.
   */
  readonly record: Found | null
}

interface Rights<Found extends Kept> {
  readonly issuer: string
  readonly mayAskFor: (resource: Found['resource']) => boolean
}

/** `found`: the stored ones among those asked for, in any order. Throws `invalid_target`. */
export function targetsOf<Found extends Kept>(
  asked: readonly string[],
  found: readonly Found[],
  { issuer, mayAskFor }: Rights<Found>,
): readonly Target<Found>[] {
  const byKey = new Map(found.map((record) => [record.key, record]))
  const targets = asked.map((each): Target<Found> => {
    const key = resourceKey(each)
    const record = byKey.get(key)
    const isOwn = () => key === resourceKey(issuer)
    if (record === undefined) {
      if (isOwn()) return { identifier: issuer, record: null }
      throw invalidTarget('resource_unknown', `there is no resource ${each}`)
    }
    const { identifier } = record.resource
    if (!record.enabled) throw invalidTarget('resource_disabled', `the resource ${identifier} is disabled`)
    if (!mayAskFor(record.resource) && !isOwn()) {
      throw invalidTarget('resource_not_allowed', `the client's setting resources does not name ${identifier}`)
    }
    return { identifier, record }
  })
  return targets.filter((target, index) => targets.findIndex((one) => one.identifier === target.identifier) === index)
}
