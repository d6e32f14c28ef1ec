// Where records live: all verbs over one driver. Each verb is atomic, and none leaves a transaction open.

import type { Driver } from './database/driver.ts'
import { type AssertionVerbs, createAssertionVerbs } from './verbs/assertions.ts'
import { type AttemptVerbs, createAttemptVerbs } from './verbs/attempts.ts'
import { type ClientLogoVerbs, createClientLogoVerbs } from './verbs/client-logos.ts'
import { type ClientOriginVerbs, createClientOriginVerbs } from './verbs/client-origins.ts'
import { createClientReader } from './verbs/client-reader.ts'
import { type ClientVerbs, createClientVerbs } from './verbs/clients.ts'
import { type ConsentVerbs, createConsentVerbs } from './verbs/consents.ts'
import { createDeviceRequestVerbs, type DeviceRequestVerbs } from './verbs/device-requests.ts'
import { createEventVerbs, type EventVerbs } from './verbs/events.ts'
import { createGrantVerbs, type GrantVerbs } from './verbs/grants.ts'
import { createInitialAccessTokenVerbs, type InitialAccessTokenVerbs } from './verbs/initial-access-tokens.ts'
import { createInstallationVerbs, type InstallationVerbs } from './verbs/installation.ts'
import { createInteractionVerbs, type InteractionVerbs } from './verbs/interactions.ts'
import { createKeySightingVerbs, type KeySightingVerbs } from './verbs/key-sightings.ts'
import { createLogoutVerbs, type LogoutVerbs } from './verbs/logout-deliveries.ts'
import { createMasterKeyVerbs, type MasterKeyVerbs } from './verbs/master-key.ts'
import { createPruneVerbs, type PruneVerbs } from './verbs/pruning.ts'
import { createPushedRequestVerbs, type PushedRequestVerbs } from './verbs/pushed-requests.ts'
import { createRegistrationVerbs, type RegistrationVerbs } from './verbs/registrations.ts'
import { createResourceVerbs, type ResourceVerbs } from './verbs/resources.ts'
import { createSealedWrites, type SealedWrites } from './verbs/sealed-writes.ts'
import { createSessionVerbs, type SessionVerbs } from './verbs/sessions.ts'
import { createSigningKeyVerbs, type SigningKeyVerbs } from './verbs/signing-keys.ts'
import { createTicketVerbs, type TicketVerbs } from './verbs/tickets.ts'
import { createTokenVerbs, type TokenVerbs } from './verbs/tokens.ts'
import { createTraceVerbs, type TraceVerbs } from './verbs/traces.ts'
import { createUserImportVerbs, type UserImportVerbs } from './verbs/user-imports.ts'
import { createUserVerbs, type UserVerbs } from './verbs/users.ts'

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
    PushedRequestVerbs,
    DeviceRequestVerbs,
    ResourceVerbs,
    SigningKeyVerbs,
    KeySightingVerbs,
    MasterKeyVerbs,
    Pick<SealedWrites, 'sealsUnder'>,
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
  /** Clients that stay parsed in memory; others are parsed again when they are next used. Default 10,000. */
  readonly cachedClients?: number
}

export function createStore(driver: Driver, options: StoreOptions = {}): Store {
  const clients = createClientReader(driver, options.cachedClients)
  const sealed = createSealedWrites(driver)
  const installation = createInstallationVerbs(driver, sealed)
  return {
    driver,
    sealsUnder: sealed.sealsUnder,
    ...createClientVerbs(driver, clients, sealed),
    ...createClientOriginVerbs(driver, installation),
    ...createClientLogoVerbs(driver),
    ...createRegistrationVerbs(driver, clients, sealed),
    ...createInitialAccessTokenVerbs(driver),
    ...createUserVerbs(driver),
    ...createUserImportVerbs(driver),
    ...createSessionVerbs(driver, clients),
    ...createConsentVerbs(driver, clients),
    ...createGrantVerbs(driver, clients),
    ...createTokenVerbs(driver, clients),
    ...createInteractionVerbs(driver),
    ...createPushedRequestVerbs(driver),
    ...createDeviceRequestVerbs(driver, clients),
    ...createResourceVerbs(driver),
    ...createSigningKeyVerbs(driver, sealed),
    ...createKeySightingVerbs(driver),
    ...createMasterKeyVerbs(driver),
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
