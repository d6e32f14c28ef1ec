// Where records live: all verbs over one driver. Each verb is atomic; none is a transaction left open.

import { type AssertionVerbs, createAssertionVerbs } from './assertions.ts'
import { type AttemptVerbs, createAttemptVerbs } from './attempts.ts'
import { type ClientLogoVerbs, createClientLogoVerbs } from './client-logos.ts'
import { type ClientOriginVerbs, createClientOriginVerbs } from './client-origins.ts'
import { createClientReader } from './client-reader.ts'
import { type ClientVerbs, createClientVerbs } from './clients.ts'
import { type ConsentVerbs, createConsentVerbs } from './consents.ts'
import type { Driver } from './database/driver.ts'
import { createEventVerbs, type EventVerbs } from './events.ts'
import { createGrantVerbs, type GrantVerbs } from './grants.ts'
import { createInitialAccessTokenVerbs, type InitialAccessTokenVerbs } from './initial-access-tokens.ts'
import { createInstallationVerbs, type InstallationVerbs } from './installation.ts'
import { createInteractionVerbs, type InteractionVerbs } from './interactions.ts'
import { createKeySightingVerbs, type KeySightingVerbs } from './key-sightings.ts'
import { createLogoutVerbs, type LogoutVerbs } from './logout-deliveries.ts'
import { createPruneVerbs, type PruneVerbs } from './pruning.ts'
import { createRegistrationVerbs, type RegistrationVerbs } from './registrations.ts'
import { createResourceVerbs, type ResourceVerbs } from './resources.ts'
import { createSessionVerbs, type SessionVerbs } from './sessions.ts'
import { createSigningKeyVerbs, type SigningKeyVerbs } from './signing-keys.ts'
import { createTicketVerbs, type TicketVerbs } from './tickets.ts'
import { createTokenVerbs, type TokenVerbs } from './tokens.ts'
import { createTraceVerbs, type TraceVerbs } from './traces.ts'
import { createUserImportVerbs, type UserImportVerbs } from './user-imports.ts'
import { createUserVerbs, type UserVerbs } from './users.ts'

export interface Store
  extends ClientVerbs,
    ClientOriginVerbs,
    ClientLogoVerbs,
    RegistrationVerbs,
    InitialAccessTokenVerbs,
    UserVerbs,
    UserImportVerbs,
    SessionVerbs,
    ConsentVerbs,
    GrantVerbs,
    TokenVerbs,
    InteractionVerbs,
    ResourceVerbs,
    SigningKeyVerbs,
    KeySightingVerbs,
    AttemptVerbs,
    AssertionVerbs,
    TicketVerbs,
    LogoutVerbs,
    TraceVerbs,
    EventVerbs,
    InstallationVerbs,
    PruneVerbs {
  readonly driver: Driver
}

export interface StoreOptions {
  /** Clients that stay parsed; those beyond are parsed again when they come back. Default 10,000. */
  readonly cachedClients?: number
}

export function createStore(driver: Driver, options: StoreOptions = {}): Store {
  const clients = createClientReader(driver, options.cachedClients)
  const installation = createInstallationVerbs(driver)
  return {
    driver,
    ...createClientVerbs(driver, clients),
    ...createClientOriginVerbs(driver, installation),
    ...createClientLogoVerbs(driver),
    ...createRegistrationVerbs(driver, clients),
    ...createInitialAccessTokenVerbs(driver),
    ...createUserVerbs(driver),
    ...createUserImportVerbs(driver),
    ...createSessionVerbs(driver, clients),
    ...createConsentVerbs(driver, clients),
    ...createGrantVerbs(driver, clients),
    ...createTokenVerbs(driver, clients),
    ...createInteractionVerbs(driver),
    ...createResourceVerbs(driver),
    ...createSigningKeyVerbs(driver),
    ...createKeySightingVerbs(driver),
    ...createAttemptVerbs(driver),
    ...createAssertionVerbs(driver),
    ...createTicketVerbs(driver),
    ...createLogoutVerbs(driver),
    ...createTraceVerbs(driver),
    ...createEventVerbs(driver),
    ...installation,
    ...createPruneVerbs(driver),
  }
}
