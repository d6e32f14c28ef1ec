// Where records live: all verbs over one driver. Each verb is atomic; none is a transaction left open.

import { type AssertionVerbs, createAssertionVerbs } from './assertions.ts'
import { type ClientVerbs, createClientVerbs } from './clients.ts'
import type { Driver } from './driver.ts'
import { createEventVerbs, type EventVerbs } from './events.ts'
import { createGrantVerbs, type GrantVerbs } from './grants.ts'
import {
  type AttemptVerbs,
  createAttemptVerbs,
  createInstallationVerbs,
  createPruneVerbs,
  createSigningKeyVerbs,
  type InstallationVerbs,
  type PruneVerbs,
  type SigningKeyVerbs,
} from './installation.ts'
import { createInteractionVerbs, type InteractionVerbs } from './interactions.ts'
import { createSessionVerbs, type SessionVerbs } from './sessions.ts'
import { createClientReader } from './statements/client.ts'
import { createTicketVerbs, createTraceVerbs, type TicketVerbs, type TraceVerbs } from './traces.ts'
import { createUserVerbs, type UserVerbs } from './users.ts'

export interface Store
  extends ClientVerbs,
    UserVerbs,
    SessionVerbs,
    GrantVerbs,
    InteractionVerbs,
    SigningKeyVerbs,
    AttemptVerbs,
    AssertionVerbs,
    TicketVerbs,
    TraceVerbs,
    EventVerbs,
    InstallationVerbs,
    PruneVerbs {
  readonly driver: Driver
}

export function createStore(driver: Driver): Store {
  const readClient = createClientReader()
  return {
    driver,
    ...createClientVerbs(driver, readClient),
    ...createUserVerbs(driver),
    ...createSessionVerbs(driver, readClient),
    ...createGrantVerbs(driver, readClient),
    ...createInteractionVerbs(driver),
    ...createSigningKeyVerbs(driver),
    ...createAttemptVerbs(driver),
    ...createAssertionVerbs(driver),
    ...createTicketVerbs(driver),
    ...createTraceVerbs(driver),
    ...createEventVerbs(driver),
    ...createInstallationVerbs(driver),
    ...createPruneVerbs(driver),
  }
}
