// Verbs about security events, and the steps that other verbs append, so that a change and its event are written
// together.

import type { SecurityEvent } from '../../model/event.ts'
import { newId } from '../../platform/random.ts'
import type { Driver, Step } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import type { EventRow } from '../statements/event.ts'
import { insertEvent, listEvents } from '../statements/event.ts'

export type StoredEvent = SecurityEvent & { readonly eventId: string }

export interface EventFilter {
  readonly clientId?: string | undefined
  readonly userId?: string | undefined
}

export interface EventVerbs {
  appendEvents(events: readonly SecurityEvent[]): Promise<void>
  /** Newest first. */
  listEvents(most: number, filter?: EventFilter): Promise<readonly StoredEvent[]>
}

export function createEventVerbs(driver: Driver): EventVerbs {
  return {
    async appendEvents(events) {
      if (events.length > 0) await driver.atomic(eventSteps(events))
    },
    async listEvents(most, { clientId, userId } = {}) {
      const bind = { client_id: clientId ?? null, user_id: userId ?? null, most }
      return (await driver.rows(listEvents, bind)).map(toEvent)
    },
  }
}

export function eventSteps(events: readonly SecurityEvent[]): readonly Step[] {
  return events.map((event) =>
    step(insertEvent, {
      event_id: newId('ev'),
      type: event.type,
      at: event.at,
      client_id: event.clientId ?? null,
      user_id: event.userId ?? null,
      detail: JSON.stringify(event.detail ?? {}),
    }),
  )
}

function toEvent(row: EventRow): StoredEvent {
  return {
    eventId: row.event_id,
    type: row.type as SecurityEvent['type'],
    at: row.at,
    ...(row.client_id !== null && { clientId: row.client_id }),
    ...(row.user_id !== null && { userId: row.user_id }),
    detail: JSON.parse(row.detail) as NonNullable<SecurityEvent['detail']>,
  }
}
