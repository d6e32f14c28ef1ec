// What `resource` in an authorization request asks for: the APIs that tokens of this grant may be meant for. RFC 8707
// §2.1.

import type { Client } from '../../model/client/client.ts'
import type { AuthorizationRequest } from '../../model/interaction.ts'
import { mayAskFor, type ResourceRecord, scopeFor } from '../../model/resource.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { invalidTarget, resourcesAsked } from '../../protocol/resource.ts'
import { type Target, targetsOf } from '../../protocol/resource-target.ts'
import { gives, type ResponseType } from '../../protocol/response-type.ts'
import { scopeWords } from '../../protocol/scope.ts'
import type { SignInParts } from '../parts.ts'

/** What a request names: this server, or an API. */
export type AskedTarget = Target<ResourceRecord>

const NONE: readonly AskedTarget[] = []

/** Reads once, and not at all without the parameter. Throws `invalid_target`, or what `assertKeySigns` throws. */
export async function targetsAsked(
  { store, addresses, assertKeySigns }: Pick<SignInParts, 'store' | 'addresses' | 'assertKeySigns'>,
  parameters: Parameters,
  client: Client,
): Promise<readonly AskedTarget[]> {
  const asked = resourcesAsked(parameters)
  if (asked.length === 0) return NONE
  const found = await store.findResources(asked)
  // RFC 6749 §3.1: a server without any resource has no use for the parameter, and common clients always send it.
  if (found.length === 0 && !(await store.hasResources())) return NONE
  const targets = targetsOf(asked, found, {
    issuer: addresses.issuer,
    mayAskFor: (resource: ResourceRecord['resource']) => mayAskFor(client, resource),
  })
  for (const { record } of targets) {
    if (record?.resource.tokenFormat === 'jwt') assertKeySigns(record.resource.signingAlgorithm)
  }
  return targets
}

/** The access token in the answer itself is meant for one resource, like every other. */
export function assertOneTarget(type: ResponseType, targets: readonly AskedTarget[]): void {
  if (targets.length < 2 || !gives(type, 'token')) return
  throw invalidTarget('resource_several', 'an access token is meant for one resource: name exactly one')
}

/** Scopes that any client may ask for, because their resource is open to all clients. */
export function openScopes(targets: readonly AskedTarget[]): readonly string[] {
  return targets.flatMap(({ record }) => (record?.resource.clients === 'all' ? scopeWords(record.resource.scope) : []))
}

export function resourcesOf(
  client: Client,
  targets: readonly AskedTarget[],
  granted: readonly string[],
): Pick<AuthorizationRequest, 'resources'> {
  if (targets.length === 0) return {}
  return {
    resources: targets.map(({ identifier, record }) => ({
      identifier,
      name: record?.resource.name ?? null,
      scope: record === null ? '' : scopeFor(client, record.resource, granted).join(' '),
    })),
  }
}
