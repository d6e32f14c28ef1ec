// Which resource a token request is about. RFC 8707 §2.2: an access token is meant for one resource, so that no
// resource can use a token it was given at another one.

import type { ClientRecord } from '../../model/client/client.ts'
import { mayAskFor, type Resource, type ResourceRecord } from '../../model/resource.ts'
import type { OAuthError } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { invalidTarget, resourceKey, resourcesAsked } from '../../protocol/resource.ts'
import { targetsOf } from '../../protocol/resource-target.ts'
import type { ResourceVerbs } from '../../store/verbs/resources.ts'

/** `hasResources` is called only where the request would otherwise be refused. */
export type ResourceReads = Pick<ResourceVerbs, 'findResources' | 'hasResources'>

export interface ResourceParts {
  readonly store: ResourceReads
  readonly issuer: string
}

/**
 * `granted`: the resources that the grant covers; null: there is no grant, and the client's own right decides. Returns
 * null for a token for user info. Throws `invalid_target`.
 */
export async function resourceAsked(
  { store, issuer }: ResourceParts,
  client: ClientRecord,
  parameters: Parameters,
  granted: readonly string[] | null,
): Promise<ResourceRecord | null> {
  const asked = resourcesAsked(parameters)
  if (asked.length === 0 && (granted === null || granted.length === 0)) return null
  // The authorization request may have named a resource while this server had none: it was ignored then, and still is.
  if (granted?.length === 0 && !(await store.hasResources())) return null
  if (granted !== null) assertGranted(asked, granted)
  return resourceAmong({ store, issuer }, client, asked.length > 0 ? asked : (granted ?? []))
}

/** The resource that was named, if this client may ask for it now. */
export async function resourceAmong(
  { store, issuer }: ResourceParts,
  { client }: ClientRecord,
  named: readonly string[],
): Promise<ResourceRecord | null> {
  if (named.length > 1) {
    throw invalidTarget('resource_several', 'an access token is meant for one resource: name exactly one')
  }
  const found = await store.findResources(named)
  // RFC 6749 §3.1: a server without any resource has no use for the parameter, and common clients always send it.
  if (found.length === 0 && !(await store.hasResources())) return null
  const rights = { issuer, mayAskFor: (resource: Resource) => mayAskFor(client, resource) }
  const [target] = targetsOf(named, found, rights)
  return target?.record ?? null
}

/** Somebody changed it between the read and the guard; what was presented is still good. */
export function resourceChanged({ resource }: ResourceRecord): OAuthError {
  return invalidTarget('resource_changed', `the resource ${resource.identifier} was changed meanwhile: try again`)
}

/** RFC 8707 §2.2: only resources that the authorization request has named. */
function assertGranted(asked: readonly string[], granted: readonly string[]): void {
  const keys = granted.map(resourceKey)
  const wider = asked.find((each) => !keys.includes(resourceKey(each)))
  if (wider === undefined) return
  throw invalidTarget('resource_wider_than_granted', `the authorization request did not name the resource ${wider}`)
}
