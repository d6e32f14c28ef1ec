// A running authorization server: opens what it is made of, composes it, and closes it again. Both the command line and
// the library start here.

import { createKeySightings, type KeySightingRecorder } from '../administration/key-sightings.ts'
import { createOperatorName, type OperatorName } from '../administration/operator-name.ts'
import { type RehearsalRequest, rehearsalRoutes, rehearse } from '../administration/rehearsal/index.ts'
import { setUpRoutes } from '../administration/set-up/routes.ts'
import { createSetUpWatch } from '../administration/set-up/watch.ts'
import { createTraceRecorder, type TraceRecorder } from '../administration/trace/recorder.ts'
import { keyCheck, type MasterKey, parseMasterKey } from '../credentials/master-key.ts'
import { createPasswordHasher } from '../credentials/password-hash.ts'
import { createSessionIdentifiers } from '../credentials/session-identifier.ts'
import { createSubjects } from '../credentials/subject.ts'
import { type FetchVisitor, toFetch } from '../http/fetch-adapter.ts'
import type { HttpReply, HttpRequest } from '../http/message.ts'
import { createOutboundClient } from '../http/outbound/client.ts'
import { createAddressProbe } from '../http/outbound/probe.ts'
import { createRequestMeter, type RequestMeter } from '../http/routing/request-meter.ts'
import type { Route } from '../http/routing/route.ts'
import { createNodeListener, type NodeListener } from '../http/server/node-adapter.ts'
import { watchStandstill } from '../http/standstill.ts'
import { createClientEncryption } from '../issuer/keys/client-encryption.ts'
import { createClientKeys } from '../issuer/keys/client-keys.ts'
import { openDecryptionKeys } from '../issuer/keys/decryption-keys.ts'
import { openKeyRing } from '../issuer/keys/ring.ts'
import { createLogoutDispatcher, type LogoutDispatcher } from '../issuer/logout/dispatcher.ts'
import { createRegistrationUse, type RegistrationUse } from '../issuer/registration/unused.ts'
import { createResponseSigners } from '../issuer/tokens/response-signer.ts'
import { DEFAULT_REGISTRATION } from '../model/client/registration-policy.ts'
import { NO_COMMAND_FLAGS } from '../model/commands/flags.ts'
import { METRIC_FAMILIES } from '../model/metrics.ts'
import { DEFAULT_KEYS, DEFAULT_LIFETIMES, DEFAULT_LIMITS } from '../options/defaults.ts'
import { settingsProblems } from '../options/program-settings.ts'
import { brandNow } from '../pages/index.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { type Log, silentLog } from '../platform/log.ts'
import { exposition } from '../platform/metrics/exposition.ts'
import { type Reading, Tally } from '../platform/metrics/reading.ts'
import { addressesOf } from '../protocol/addresses.ts'
import { CODE_ONLY, RESPONSE_TYPES } from '../protocol/response-type.ts'
import { type ClockOffset, createClockOffset } from '../store/database/postgres/clock-offset.ts'
import { migrate } from '../store/schema/migrate.ts'
import { migrations } from '../store/schema/migrations/index.ts'
import { createSchemaWatch, type SchemaWatch } from '../store/schema/watch.ts'
import { createStore, type Store } from '../store/store.ts'
import { createNoticePages } from '../visitor/notice-pages.ts'
import { claimIssuer, openByKey } from './installation.ts'
import { serverMetrics } from './metrics.ts'
import type { Parts } from './parts.ts'
import { readiness } from './readiness.ts'
import { rehearsalComposer } from './rehearsal-server.ts'
import { compose } from './server.ts'
import {
  type AuthorizationServerSettings,
  algorithmsOf,
  CannotStart,
  outboundAllow,
  warnOfPlainIssuer,
} from './settings.ts'
import { startUpkeep } from './upkeep.ts'

export interface AuthorizationServer {
  /** Plain objects in, plain objects out. */
  readonly handle: (request: HttpRequest) => Promise<HttpReply>
  /** For `http.createServer`, or any framework that mounts such listeners. */
  readonly node: NodeListener
  /** For hosts that speak the Fetch API. Without the visitor's address all visitors are counted as one. */
  readonly fetch: (request: Request, visitor?: FetchVisitor) => Promise<Response>
  readonly parts: Parts
  /** Tells clients of ended sessions, by itself. */
  readonly logout: LogoutDispatcher
  /**
   * Resolves to the reason when a newer release has changed the schema of the database under this server. From then on
   * requests are answered 503: close it, and start the newer release.
   */
  readonly outdated: Promise<string>
  /** What this server has counted, as text for Prometheus (version 0.0.4 of its format). Never rejects. */
  metrics(): Promise<string>
  /** The same as data, for whoever adds numbers of its own. */
  readings(): Promise<readonly Reading[]>
  /** Finishes what is in flight, writes what is pending, closes the database. */
  close(): Promise<void>
}

/** Throws `CannotStart` before anything is touched when a setting is unknown or wrong, and when it does not fit the database. */
export async function createAuthorizationServer(settings: AuthorizationServerSettings): Promise<AuthorizationServer> {
  const problems = settingsProblems(settings)
  if (problems.length > 0) throw new CannotStart(problems.join('\n'))
  const { database, log = silentLog } = settings
  const installation = await openInstallation(settings, log)
  const {
    parts: bare,
    trace,
    sightings,
    logout,
    use,
    operatorName,
    requests,
    logoutDeliveries,
  } = await openParts(settings, installation, log)
  const parts: Parts = { ...bare, pages: pagesOfOperators(bare, operatorName) }
  const { schema, offset } = installation
  // A release or a master key that came meanwhile ends this server before it writes anything.
  const renew = async () => {
    await schema.look()
    await parts.keys.refresh()
  }
  const standstill = watchStandstill(compose(parts), { renew, log })
  const { handle } = standstill
  const { waitForClients } = { ...DEFAULT_KEYS, ...settings.keys }
  const upkeep = startUpkeep({ parts, schema, offset, logout, sightings, use, waitForClients })
  const readings = () => serverMetrics({ ...parts, requests, logoutDeliveries })
  const { trustedProxies = [] } = settings
  const adapters = { largeBody: largeBody(parts), noticePages: createNoticePages(parts) }
  return {
    handle,
    node: createNodeListener(handle, { trustedProxies, ...adapters }, log),
    fetch: toFetch(handle, adapters),
    parts,
    logout,
    outdated: schema.outdated,
    metrics: async () => exposition(METRIC_FAMILIES, [{ labels: {}, readings: await readings() }]),
    readings,
    async close() {
      standstill.stop()
      await upkeep.stop()
      await trace.stop()
      await database.close()
    },
  }
}

/** A database with the schema of this release that agrees with the settings. */
interface Installation {
  readonly store: Store
  readonly master: MasterKey
  readonly clock: Clock
  /** Null: the clock is not to be corrected. */
  readonly offset: ClockOffset | null
  readonly schema: SchemaWatch
}

async function openInstallation(settings: AuthorizationServerSettings, log: Log): Promise<Installation> {
  const { database, issuer, cachedClients, masterKey } = settings
  const own = systemClock()
  const clock = settings.clock ?? own
  // An embedded database has this machine's clock, and a clock that was handed in must not be corrected.
  const isFollowed = database.dialect === 'postgres' && settings.clock === undefined
  const offset = isFollowed ? createClockOffset(database, own, log) : null
  await offset?.measure()
  const given = typeof masterKey === 'string' ? parseMasterKey(masterKey, 'masterKey') : masterKey
  await migrate(database, migrations, { clock, log })
  const store = createStore(database, cachedClients === undefined ? {} : { cachedClients })
  const master = await openByKey(store, given)
  await claimIssuer(store, issuer, settings.acceptNewIssuer ?? false)
  await store.fillClientOrigins()
  return { store, master, clock, offset, schema: createSchemaWatch(database, keyCheck(given), log) }
}

/** The parts, and those of them that also work by themselves. */
interface OpenedParts {
  /** Without the pages of operators, which are made from these parts. */
  readonly parts: Parts
  readonly trace: TraceRecorder
  readonly sightings: KeySightingRecorder
  readonly logout: LogoutDispatcher
  readonly use: RegistrationUse
  readonly operatorName: OperatorName
  readonly requests: RequestMeter
  readonly logoutDeliveries: Tally
}

async function openParts(
  settings: AuthorizationServerSettings,
  { store, master, clock, offset, schema }: Installation,
  log: Log,
): Promise<OpenedParts> {
  const { issuer, workers = 1, unsignedJwt = false, brand: given = {}, commandFlags = NO_COMMAND_FLAGS } = settings
  warnOfPlainIssuer(settings, log)
  const lifetimes = { ...DEFAULT_LIFETIMES, ...settings.lifetimes }
  const { rotateEvery } = { ...DEFAULT_KEYS, ...settings.keys }
  const algorithms = algorithmsOf(settings)
  const keys = await openKeyRing({ store, master, clock, log, lifetimes, algorithms, rotateEvery })
  const trace = createTraceRecorder({ store, clock, log })
  const use = createRegistrationUse(store, clock)
  const requests = createRequestMeter()
  const addresses = addressesOf(issuer, settings.endpointPrefix ?? '/sso')
  const digest = (address: string) => master.hmac('key-sightings', address)
  const sightings = createKeySightings({ store, clock, digest, path: addresses.path })
  const allow = outboundAllow(settings, log)
  const { outboundAllowStrangers: allowStrangers = false } = settings
  const outbound = createOutboundClient({ allow, allowStrangers, clock, workers })
  const known = { subjects: createSubjects(master), sessionIdentifiers: createSessionIdentifiers(master) }
  const signers = createResponseSigners({ keys, master, unsigned: unsignedJwt })
  const clientKeys = createClientKeys(outbound, clock)
  const encryption = createClientEncryption(clientKeys, master)
  const logoutDeliveries = new Tally()
  const attempted = (state: string) => logoutDeliveries.add(state)
  const told = { ...known, signers, encryption, keys, outbound, attempted }
  const logout = createLogoutDispatcher({ issuer, ...told, store, clock, log })
  const frontPage = settings.frontPage === true ? createSetUpWatch(store) : null
  await frontPage?.look()
  const operatorName = createOperatorName(store, given.operatorName ?? null)
  await operatorName.look()
  const decryption = settings.encryptedRequests === true ? await openDecryptionKeys({ store, master, clock }) : null
  const parts: Parts = {
    addresses,
    alternativeOrigins: settings.alternativeOrigins ?? [],
    store,
    master,
    keys,
    clientKeys,
    ...known,
    hasher: createPasswordHasher({ workers }),
    outbound,
    clock,
    log,
    brand: brandNow(given, operatorName.current),
    commandFlags,
    defaultLocale: settings.defaultLocale ?? 'zh-CN',
    lifetimes,
    limits: {
      guessing: { ...DEFAULT_LIMITS.guessing, ...settings.limits?.guessing },
      interactions: { ...DEFAULT_LIMITS.interactions, ...settings.limits?.interactions },
    },
    responseTypes: settings.implicitAndHybrid === true ? RESPONSE_TYPES : CODE_ONLY,
    unsignedJwt,
    decryption,
    registration: { ...DEFAULT_REGISTRATION, ...settings.registration },
    unverifiedErrors: settings.unverifiedErrors ?? 'ask',
    use,
    proofFolder: settings.proofFolder ?? null,
    trace: {
      record(entry) {
        trace.record(entry)
        sightings.record(entry)
      },
    },
    requests,
    logout,
    frontChannelLogout: settings.frontChannelLogout ?? false,
    sessionManagement: settings.sessionManagement ?? false,
    accountPage: settings.accountPage !== 'off',
    operatorName,
    frontPage,
    pages: [],
    workers,
    unready: readiness(store, { schema, offset, log }),
  }
  return { parts, trace, sightings, logout, use, operatorName, requests, logoutDeliveries }
}

/** Set-up and rehearsal, which need a whole server and are pages of it. */
function pagesOfOperators(parts: Parts, operatorName: OperatorName): readonly Route[] {
  const rehearsal = { ...parts, composeRehearsal: rehearsalComposer(parts) }
  const setUp = {
    ...parts,
    operatorName,
    csrfKey: parts.master.key('csrf'),
    rehearse: (request: RehearsalRequest) => rehearse(rehearsal, request),
    // Takes effect at the next start; this server goes on under the issuer that it was started with.
    storeIssuer: (issuer: string) => parts.store.putFact('issuer', issuer),
    probe: createAddressProbe(),
  }
  return [...rehearsalRoutes(rehearsal), ...setUpRoutes(setUp)]
}

/** Only the set-up accepts a list of people as a file. */
export function largeBody({ addresses }: Parts): (path: string) => number | undefined {
  return (path) => (path.startsWith(`${addresses.path['set-up']}/`) ? 16 * 1024 * 1024 : undefined)
}
