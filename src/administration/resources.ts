// Operations on resources: the APIs that access tokens are meant for. Each leaves an event.

import type { EventType, SecurityEvent } from '../model/event.ts'
import {
  InvalidResource,
  parseResource,
  parseResourceAssignment,
  type Resource,
  type ResourceRecord,
} from '../model/resource.ts'
import type { Clock } from '../platform/clock.ts'
import type { ResourceVerbs } from '../store/verbs/resources.ts'
import { AdministrationError } from './errors.ts'

export interface ResourceParts {
  readonly store: ResourceVerbs
  readonly clock: Clock
}

/** `tokenFormat=jwt`, as the command line takes them; later ones win. */
type Assignments = readonly string[]

export async function addResource(
  { store, clock }: ResourceParts,
  identifier: string,
  assignments: Assignments,
): Promise<ResourceRecord> {
  const resource = mended(() => parseResource(identifier, requested(assignments)))
  const event = eventOf('resource_added', clock, identifier, { name: resource.name })
  if ((await store.addResource(resource, event)) === 'taken') {
    throw new AdministrationError(
      'resource_taken',
      `There is a resource ${identifier} already, in this or another spelling`,
      'Change its settings instead, or choose another identifier',
    )
  }
  return getResource(store, identifier)
}

/** Takes effect with the next token; tokens that were issued stay as they are. */
export async function updateResource(
  parts: ResourceParts,
  identifier: string,
  assignments: Assignments,
): Promise<ResourceRecord> {
  const changes = mended(() => requested(assignments))
  return change(parts, identifier, ({ resource: { identifier: same, ...settings }, enabled }) => ({
    resource: mended(() => parseResource(same, { ...settings, ...changes })),
    enabled,
    event: eventOf('resource_updated', parts.clock, same, { settings: Object.keys(changes).sort().join(' ') }),
  }))
}

/** Disabling kills the tokens for it that this server is asked about, for good. */
export async function setResourceEnabled(
  parts: ResourceParts,
  identifier: string,
  enabled: boolean,
): Promise<ResourceRecord> {
  const record = await getResource(parts.store, identifier)
  if (record.enabled === enabled) return record
  const type = enabled ? 'resource_enabled' : 'resource_disabled'
  return change(parts, identifier, ({ resource }) => ({
    resource,
    enabled,
    event: eventOf(type, parts.clock, resource.identifier),
  }))
}

export async function removeResource({ store, clock }: ResourceParts, identifier: string): Promise<void> {
  const { resource } = await getResource(store, identifier)
  const event = eventOf('resource_removed', clock, resource.identifier)
  if (!(await store.removeResource(resource.identifier, event))) throw notFound(identifier)
}

/** Throws `resource_not_found`. */
export async function getResource(store: ResourceVerbs, identifier: string): Promise<ResourceRecord> {
  const [record] = await store.findResources([identifier])
  if (record === undefined) throw notFound(identifier)
  return record
}

interface Change {
  readonly resource: Resource
  readonly enabled: boolean
  readonly event: SecurityEvent
}

/** Somebody else may change it in between: then the same change is applied to what is there now. */
async function change(
  { store }: ResourceParts,
  identifier: string,
  make: (record: ResourceRecord) => Change,
): Promise<ResourceRecord> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const former = await getResource(store, identifier)
    const { resource, enabled, event } = make(former)
    const state = { enabled, version: former.version, killIssued: former.enabled && !enabled }
    if ((await store.updateResource(resource, state, event)) === 'updated') return getResource(store, identifier)
  }
  throw new AdministrationError('resource_changed', 'The resource is being changed by somebody else', 'Try again')
}

function requested(assignments: Assignments): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...assignments.map(parseResourceAssignment))
}

function mended<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof InvalidResource)) throw error
    throw new AdministrationError('invalid_resource', error.message, null, { cause: error })
  }
}

function eventOf(
  type: EventType,
  clock: Clock,
  identifier: string,
  detail: NonNullable<SecurityEvent['detail']> = {},
): SecurityEvent {
  return { type, at: clock.now(), detail: { resource: identifier, ...detail } }
}

function notFound(identifier: string): AdministrationError {
  return new AdministrationError(
    'resource_not_found',
    `There is no resource ${JSON.stringify(identifier.slice(0, 200))}`,
    'See the list of resources for their identifiers',
  )
}
