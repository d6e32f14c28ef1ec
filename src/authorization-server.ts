// A running authorization server: opens what it is made of, composes it, and closes it again. Both the
// command line and the library start here.

import { createKeySightings } from './administration/key-sightings.ts'
import { createOperatorName } from './administration/operator-name.ts'
import { type RehearsalRequest, rehearsalRoutes, rehearse } from './administration/rehearsal/index.ts'
import { setUpRoutes } from './administration/set-up/routes.ts'
import { createSetUpWatch } from './administration/set-up/watch.ts'
import { createTraceRecorder } from './administration/trace/recorder.ts'
import { keyCheck, type MasterKey, parseMasterKey } from './credentials/master-key.ts'
import { createPasswordHasher, type PasswordHasher } from './credentials/password-hash.ts'
import { createSessionIdentifiers } from './credentials/session-identifier.ts'
import { createSubjects } from './credentials/subject.ts'
import { type FetchVisitor, toFetch } from './http/fetch-adapter.ts'
import type { HttpReply, HttpRequest } from './http/message.ts'
import { createOutboundClient } from './http/outbound/client.ts'
import { createAddressProbe } from './http/outbound/probe.ts'
import { createNodeListener, type NodeListener } from './http/server/node-adapter.ts'
import { watchStandstill } from './http/standstill.ts'
import { createClientEncryption } from './issuer/keys/client-encryption.ts'
import { createClientKeys } from './issuer/keys/client-keys.ts'
import { openDecryptionKeys } from './issuer/keys/decryption-keys.ts'
import { openKeyRing } from './issuer/keys/ring.ts'
import { createLogoutDispatcher, type LogoutDispatcher } from './issuer/logout/dispatcher.ts'
import { createRegistrationUse } from './issuer/registration/unused.ts'
import { createResponseSigners } from './issuer/tokens/response-signer.ts'
import { type CommandFlags, NO_COMMAND_FLAGS } from './model/command-flags.ts'
import { DEFAULT_REGISTRATION, type RegistrationRules } from './model/registration-policy.ts'
import {
  DEFAULT_KEYS,
  DEFAULT_LIFETIMES,
  DEFAULT_LIMITS,
  type KeyOptions,
  type Lifetimes,
  type Limits,
} from './options/defaults.ts'
import { isLoopback } from './options/issuer.ts'
import { hostsWithPorts, signingAlgorithms } from './options/kinds.ts'
import { settingsProblems } from './options/program-settings.ts'
import { type Brand, brandOf, type Locale } from './pages/index.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import { type Log, silentLog } from './platform/log.ts'
import { newId } from './platform/random.ts'
import { addressesOf } from './protocol/addresses.ts'
import { CODE_ONLY, RESPONSE_TYPES } from './protocol/response-type.ts'
import { rehearsalComposer } from './rehearsal-server.ts'
import { compose, type Parts } from './server.ts'
import type { Driver } from './store/database/driver.ts'
import { type ClockOffset, createClockOffset } from './store/database/postgres/clock-offset.ts'
import { isBeingFilled, NOT_ALL_THERE } from './store/moving.ts'
import { migrate } from './store/schema/migrate.ts'
import { migrations } from './store/schema/migrations/index.ts'
import { createSchemaWatch, type SchemaWatch } from './store/schema/watch.ts'
import { createStore, type Store } from './store/store.ts'
import { startUpkeep } from './upkeep.ts'

export interface AuthorizationServerSettings {
  /** Where clients and browsers find it: `https://sso.example.com`, no slash at the end. */
  readonly issuer: string
  /** `await sqlite({ file })` or `await postgres({ url })`. The server closes it. */
  readonly database: Driver
  /** 32 bytes as base64url text, or a key that was loaded. Whoever has it can open everything that is sealed. */
  readonly masterKey: string | MasterKey
  /** Default `/sso`. */
  readonly endpointPrefix?: string
  /** Further origins at which requests are answered, such as an internal name. */
  readonly alternativeOrigins?: readonly string[]
  readonly brand?: Partial<Brand>
  /** What commands on pages end with, so that they find this installation. Default: nothing. */
  readonly commandFlags?: CommandFlags
  /** Default `zh-CN`. */
  readonly defaultLocale?: Locale
  readonly lifetimes?: Partial<Lifetimes>
  readonly limits?: { readonly [Name in keyof Limits]?: Partial<Limits[Name]> }
  /** Default: keys for ES256 and RS256, each replaced after 90 days. */
  readonly keys?: Partial<KeyOptions>
  /** Lets clients be registered for tokens from the authorization endpoint (`id_token`, `code id_token`, …). Default false. */
  readonly implicitAndHybrid?: boolean
  /** Lets clients with a `frontchannel_logout_uri` be told of a sign-out in frames of the page that follows it. Default false. */
  readonly frontChannelLogout?: boolean
  /** Lets pages of clients ask a frame whether the login state has changed. Default false. */
  readonly sessionManagement?: boolean
  /** Gives people a page on which they see and end what they have let in, and where they are signed in. Default `on`. */
  readonly accountPage?: 'on' | 'off'
  /**
   * Lets clients that are registered for it send unsigned request objects, which whoever knows the client_id can make,
   * and get unsigned ID tokens at the token endpoint. Default false.
   */
  readonly unsignedJwt?: boolean
  /** Publishes keys that clients may encrypt their request objects with. Default false. */
  readonly encryptedRequests?: boolean
  /** Whether clients may register themselves (RFC 7591), and what they may have. Default: off. */
  readonly registration?: Partial<RegistrationRules>
  /**
   * Authorization errors for a visitor who is not signed in, of a client that nobody has verified: `ask` shows a page
   * with a link, `redirect` sends them there at once. Default `ask`.
   */
  readonly unverifiedErrors?: 'ask' | 'redirect'
  /** Proxies of the Node listener whose forwarded headers are believed (addresses or networks). */
  readonly trustedProxies?: readonly string[]
  /**
   * `host:port` that may be asked for keys and documents of clients although they are not public, or without TLS. Not
   * for unverified clients: those that registered themselves, or are known by a document. Default: none.
   */
  readonly outboundAllow?: readonly string[]
  /** Lets unverified clients have the hosts of `outboundAllow` asked too: whoever can make a client can. Default false. */
  readonly outboundAllowStrangers?: boolean
  /** Folder of domain proof files (`MP_verify_….txt`). */
  readonly proofFolder?: string
  /** Clients that are kept in memory as they are used, about 3 KB each, at most twice as many. Default 10,000. */
  readonly cachedClients?: number
  /**
   * Answers at the issuer's own address with a page that says whose sign-in service this is. Default false: that address
   * is usually the host application's.
   */
  readonly frontPage?: boolean
  /** Processes of this machine that share the work: bounds that each keeps in memory are divided by it. Default 1. */
  readonly workers?: number
  /** Default: nothing is logged. */
  readonly log?: Log
  readonly clock?: Clock
  /** Lets an issuer that differs from the stored one replace it. */
  readonly acceptNewIssuer?: boolean
}

export interface AuthorizationServer {
  /** Plain objects in, plain objects out. */
  readonly handle: (request: HttpRequest) => Promise<HttpReply>
  /** For `http.createServer`, or any framework that mounts such listeners. */
  readonly node: NodeListener
  /** For hosts that speak the Fetch API; without the visitor's address everybody is counted as one. */
  readonly fetch: (request: Request, visitor?: FetchVisitor) => Promise<Response>
  readonly parts: Parts
  /** What tells clients of ended sessions, by itself. */
  readonly logout: LogoutDispatcher
  /**
   * Resolves, to the reason, when a newer release has changed the schema of the database under this server. From then on
   * requests are answered 503: close it, and start the newer release.
   */
  readonly outdated: Promise<string>
  /** Finishes what is in flight, writes what is pending, closes the database. */
  close(): Promise<void>
}

/** The settings are wrong, or do not fit what is stored; the message says what to do. */
export class CannotStart extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CannotStart'
  }
}

/** Throws `CannotStart` before anything is touched when a setting is unknown or wrong, and when it does not fit the database. */
export async function createAuthorizationServer(settings: AuthorizationServerSettings): Promise<AuthorizationServer> {
  const problems = settingsProblems(settings)
  if (problems.length > 0) throw new CannotStart(problems.join('\n'))
  const { database, cachedClients, log = silentLog } = settings
  const own = systemClock()
  const clock = settings.clock ?? own
  // An embedded database has this machine's clock, and a clock that was handed in is nobody's to correct.
  const offset =
    database.dialect === 'postgres' && settings.clock === undefined ? createClockOffset(database, own, log) : null
  await offset?.measure()
  const master =
    typeof settings.masterKey === 'string' ? parseMasterKey(settings.masterKey, 'masterKey') : settings.masterKey
  await migrate(database, migrations, { clock, log })
  const store = createStore(database, cachedClients === undefined ? {} : { cachedClients })
  await assertSameKey(store, master)
  await claimIssuer(store, settings.issuer, settings.acceptNewIssuer ?? false)
  await store.fillClientOrigins()
  const schema = createSchemaWatch(database, log)

  warnOfPlainIssuer(settings, log)

  const lifetimes = { ...DEFAULT_LIFETIMES, ...settings.lifetimes }
  const { rotateEvery, waitForClients } = { ...DEFAULT_KEYS, ...settings.keys }
  const algorithms = algorithmsOf(settings)
  const keys = await openKeyRing({ store, master, clock, log, lifetimes, algorithms, rotateEvery })
  const trace = createTraceRecorder({ store, clock, log })
  const use = createRegistrationUse(store, clock)
  const { brand: given = {}, commandFlags = NO_COMMAND_FLAGS, workers = 1 } = settings
  const hasher: PasswordHasher = createPasswordHasher({ workers })
  const addresses = addressesOf(settings.issuer, settings.endpointPrefix ?? '/sso')
  const sightings = createKeySightings({
    store,
    clock,
    digest: (address) => master.hmac('key-sightings', address),
    path: addresses.path,
  })
  const outbound = createOutboundClient({
    allow: outboundAllow(settings, log),
    allowStrangers: settings.outboundAllowStrangers ?? false,
    clock,
    workers: settings.workers ?? 1,
  })
  const known = { subjects: createSubjects(master), sessionIdentifiers: createSessionIdentifiers(master) }
  const signers = createResponseSigners({ keys, master, unsigned: settings.unsignedJwt ?? false })
  const clientKeys = createClientKeys(outbound, clock)
  const encryption = createClientEncryption(clientKeys, master)
  const told = { issuer: settings.issuer, keys, signers, encryption, ...known }
  const logout = createLogoutDispatcher({ ...told, store, outbound, clock, log })
  const frontPage = settings.frontPage === true ? createSetUpWatch(store) : null
  await frontPage?.look()
  const operatorName = createOperatorName(store, given.operatorName ?? null)
  await operatorName.look()
  const decryption = settings.encryptedRequests === true ? await openDecryptionKeys({ store, master, clock }) : null
  const bare: Parts = {
    addresses,
    alternativeOrigins: settings.alternativeOrigins ?? [],
    store,
    master,
    keys,
    clientKeys,
    ...known,
    hasher,
    outbound,
    clock,
    log,
    brand: () => brandOf(given, operatorName.current()),
    commandFlags,
    defaultLocale: settings.defaultLocale ?? 'zh-CN',
    lifetimes,
    limits: {
      guessing: { ...DEFAULT_LIMITS.guessing, ...settings.limits?.guessing },
      interactions: { ...DEFAULT_LIMITS.interactions, ...settings.limits?.interactions },
    },
    responseTypes: settings.implicitAndHybrid === true ? RESPONSE_TYPES : CODE_ONLY,
    unsignedJwt: settings.unsignedJwt ?? false,
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
  const rehearsal = { ...bare, composeRehearsal: rehearsalComposer(bare) }
  const setUp = {
    ...bare,
    operatorName,
    csrfKey: master.key('csrf'),
    rehearse: (request: RehearsalRequest) => rehearse(rehearsal, request),
    // What the next start reads; this server goes on under the one it was made with.
    storeIssuer: (issuer: string) => store.putFact('issuer', issuer),
    probe: createAddressProbe(),
  }
  const parts: Parts = { ...bare, pages: [...rehearsalRoutes(rehearsal), ...setUpRoutes(setUp)] }
  const standstill = watchStandstill(compose(parts), { renew: keys.refresh, log })
  const { handle } = standstill

  const upkeep = startUpkeep({ parts, schema, offset, logout, sightings, use, waitForClients })

  return {
    handle,
    node: createNodeListener(
      handle,
      { trustedProxies: settings.trustedProxies ?? [], largeBody: largeBody(parts) },
      log,
    ),
    fetch: toFetch(handle, { largeBody: largeBody(parts) }),
    parts,
    logout,
    outdated: schema.outdated,
    async close() {
      standstill.stop()
      await upkeep.stop()
      await trace.stop()
      await database.close()
    },
  }
}

function outboundAllow(settings: AuthorizationServerSettings, log: Log): readonly string[] {
  const { outboundAllow: allow = [] } = settings
  const parsed = hostsWithPorts.parse([...allow])
  if ('problem' in parsed) throw new CannotStart(`outboundAllow ${parsed.problem}`)
  if (parsed.value.length > 0) {
    log.warn(
      'outboundAllow is set: these hosts are asked although they may be private, and without TLS where a client says so',
      {
        hosts: parsed.value.join(' '),
      },
    )
    if (settings.outboundAllowStrangers === true) {
      log.warn('outboundAllowStrangers is on: whoever can make a client can have the hosts of outboundAllow asked')
    }
  }
  return parsed.value
}

/** Somebody else listens here, so that it is not known who speaks TLS. RFC 6749 §3.1, §3.2 */
function warnOfPlainIssuer({ issuer, trustedProxies = [] }: AuthorizationServerSettings, log: Log): void {
  const { protocol, hostname } = new URL(issuer)
  if (protocol === 'https:' || isLoopback(hostname) || trustedProxies.length > 0) return
  log.warn('the issuer is without TLS: passwords and tokens would cross the network in the clear', { issuer })
}

function algorithmsOf({ keys }: AuthorizationServerSettings): KeyOptions['algorithms'] {
  const parsed = signingAlgorithms.parse([...(keys?.algorithms ?? DEFAULT_KEYS.algorithms)])
  if ('problem' in parsed) throw new CannotStart(`keys.algorithms ${parsed.problem}`)
  return parsed.value
}

/** Only the set-up takes a list of people as a file. */
export function largeBody({ addresses }: Parts): (path: string) => number | undefined {
  return (path) => (path.startsWith(`${addresses.path['set-up']}/`) ? 16 * 1024 * 1024 : undefined)
}

async function assertSameKey(store: Store, master: MasterKey): Promise<void> {
  const check = keyCheck(master)
  const stored = await store.putFactOnce('key_check', check)
  if (stored === check) return
  const foreign = 'The master key is not the one this database was made with. Give the right one, or restore a backup.'
  throw new CannotStart(isBeingFilled(stored) ? `${NOT_ALL_THERE.problem} ${NOT_ALL_THERE.remedy}` : foreign)
}

async function claimIssuer(store: Store, issuer: string, acceptNew: boolean): Promise<void> {
  const stored = await store.putFactOnce('issuer', issuer)
  if (stored !== issuer && !acceptNew) {
    throw new CannotStart(
      `The issuer was ${stored} until now, and clients know it by that name. To make it ${issuer}, start once with --accept-new-issuer (acceptNewIssuer: true in a program).`,
    )
  }
  if (stored !== issuer) await store.putFact('issuer', issuer)
  if ((await store.findFact('answered_as')) !== issuer) await store.putFact('answered_as', issuer)
}

/**
 * A read that touches the database; and where the newest write failed, a write: nobody else may be asking while a load
 * balancer keeps its distance. Details stay in the log: strangers may ask too.
 */
function readiness(
  store: Store,
  { schema, offset, log }: { readonly schema: SchemaWatch; readonly offset: ClockOffset | null; readonly log: Log },
): () => Promise<string | null> {
  let known: string | null = null
  let look: Promise<string | null> | null = null
  // Whoever asks while somebody's look is under way gets what that finds: many askers are no load on a database in trouble.
  return () => {
    look ??= lookNow().finally(() => {
      look = null
    })
    return look
  }

  async function lookNow(): Promise<string | null> {
    // It has been told, and nothing makes it good.
    if (schema.unready() !== null) return schema.unready()
    let reason: string | null = null
    try {
      await store.findFact('issuer')
      if ((store.driver.trouble?.() ?? null) !== null) await store.putFact('written_again', newId('wa'))
      // A write may hold where the log of writes cannot be brought into the file.
      reason = store.driver.trouble?.() ?? offset?.unready() ?? null
    } catch (error) {
      reason = error instanceof Error ? error.message : 'the store does not answer'
    }
    // What stands in brackets differs from one lost connection to the next.
    const plain = reason === null ? null : reason.replace(/ \(.*\)$/s, '')
    if (plain !== known) {
      if (plain === null) log.info('ready again')
      else log.warn('not ready', { reason })
      known = plain
    }
    return plain
  }
}
