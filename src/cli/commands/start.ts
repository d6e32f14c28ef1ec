// lingpai start: the server itself.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { newSetUpLink } from '../../administration/set-up/link.ts'
import { createAuthorizationServer, largeBody } from '../../composition/authorization-server.ts'
import { startingMetrics } from '../../composition/metrics.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { noticeReply, STARTING } from '../../http/notice.ts'
import { type Listening, listen } from '../../http/server/listen.ts'
import type { MetricsDoor } from '../../http/server/metrics-door.ts'
import {
  assertServable,
  brandFrom,
  defaultIssuer,
  isLoopback,
  type LoadedOptions,
  type Options,
  originsOf,
} from '../../options/index.ts'
import { brandNow } from '../../pages/index.ts'
import { systemClock } from '../../platform/clock.ts'
import { createLog, type Log } from '../../platform/log.ts'
import type { Driver } from '../../store/database/driver.ts'
import { takeOwnership } from '../../store/database/sqlite/owner.ts'
import { migrate } from '../../store/schema/migrate.ts'
import { migrations } from '../../store/schema/migrations/index.ts'
import { createStore } from '../../store/store.ts'
import { createNoticePages } from '../../visitor/notice-pages.ts'
import { action, addServerOptions } from '../command.ts'
import {
  DATABASE_FILE,
  makeDataFolder,
  openDatabase,
  openMasterKey,
  optionsFor,
  tellWhoElseReads,
} from '../installation.ts'
import { onStopSignal } from '../interrupt.ts'
import { answerSupervisor, tellMetrics } from '../metrics.ts'
import { tellNetworkDisk } from '../network-disk.ts'
import { EXIT, instant, type Output } from '../output.ts'
import { greetingFlags, runningFlags } from '../running-flags.ts'
import { leaving, serveOn } from '../stop-delay.ts'
import { greeting } from '../words.ts'
import {
  announceToSupervisor,
  isFirstWorker,
  isWorker,
  joinSupervisor,
  leaveSupervisor,
  superviseWorkers,
} from '../workers.ts'

export function startCommand(exit: (code: number) => void): Command {
  const command = addServerOptions(new Command('start').description('start the server'), 'all')
  return action(
    command.option(
      '--json',
      'print where it answers as JSON; a first start with its set-up link, and until when it works',
    ),
    exit,
    async (output, flags) => {
      const loaded = await optionsFor(flags)
      const { options } = loaded
      const stopped = new Promise<void>((resolve) => void onStopSignal(resolve))
      const { workers, host, port, stopDelay, tlsCert } = options
      if (workers > 1 && !isWorker()) {
        const log = createLog(options.logLevel, options.logFormat)
        const settings = { workers, tls: tlsCert !== null, host, port, metrics: options, stopDelay }
        return superviseWorkers({ ...settings, output, log, stopped })
      }
      if (isWorker()) joinSupervisor()
      try {
        return await serve(loaded, isWorker() ? workerOutput(output) : output, stopped)
      } finally {
        if (isWorker()) leaveSupervisor()
      }
    },
  )
}

/** The output of a worker. Only the first worker speaks to the operator, through the process that started it. */
function workerOutput(output: Output): Output {
  let result: unknown
  return {
    ...output,
    result(value) {
      result = value
    },
    say(text) {
      announceToSupervisor(isFirstWorker() ? { result, text } : {})
    },
  }
}

/** Resolves to the exit code when it has ended. */
async function serve(loaded: LoadedOptions, output: Output, stopped: Promise<void>): Promise<number> {
  const { options } = loaded
  const log = createLog(options.logLevel, options.logFormat)
  if (options.issuer !== null) assertServable(options, options.issuer)
  const given = options.masterKey !== null || options.masterKeyFile !== null ? openMasterKey(options) : null
  const isNew = options.database === null && !existsSync(join(options.data, DATABASE_FILE))
  // A second server on the same data is told so, whatever port it asks for. Where there is no data yet, nothing is made
  // before the port can be had.
  let ownership = options.database === null && !isNew ? takeOwnership(options.data) : null
  let brand = brandNow(brandFrom(options.brand), () => null)
  const noticePages = createNoticePages({
    brand: () => brand(),
    commandFlags: runningFlags(loaded),
    defaultLocale: options.defaultLocale,
  })
  let handle: (request: HttpRequest) => Promise<HttpReply> = async (request) =>
    noticeReply(STARTING, request, noticePages)
  let large: (path: string) => number | undefined = () => undefined
  const tls =
    options.tlsCert !== null && options.tlsKey !== null ? { cert: options.tlsCert, key: options.tlsKey } : null
  // The first worker takes the port before it opens the database, as a single server does. Later ones, also those that
  // replace a dead one, listen only when they can serve: until then the others answer.
  const isLate = isWorker() && !isFirstWorker()
  const open = () =>
    listen({
      host: options.host,
      port: options.port,
      ...(tls !== null && { tls }),
      handle: (request) => handle(request),
      largeBody: (path) => large(path),
      trustedProxies: options.trustedProxies,
      alwaysAnswered: ['/healthz', '/readyz'],
      noticePages,
      workers: options.workers,
      log,
    })
  let database: Driver | null = null
  let socket: Listening | null = null
  let door: MetricsDoor | null = null
  let ownReadings = async () => startingMetrics()
  const readings = async () => [...(await ownReadings()), ...(socket?.metrics() ?? [])]
  const stopAnswering = isWorker() ? answerSupervisor(readings) : () => undefined
  try {
    if (!isLate) socket = await open()
    if (!isWorker()) door = await tellMetrics(options, async () => [{ labels: {}, readings: await readings() }], log)
    if (isNew) {
      makeDataFolder(options.data)
      ownership = takeOwnership(options.data)
      // A restore that began meanwhile has seen no lock and will put its files here: so the folder is looked at again now
      // that the lock is held.
      makeDataFolder(options.data)
    }
    const master = given ?? openMasterKey(options)
    database = await openDatabase(options, log, (error) => {
      log.error('the database failed while writing; the server stops, so that nothing is answered that is not kept', {
        error: error.message,
      })
      process.exit(EXIT.unavailable)
    })
    if (options.database === null) {
      tellWhoElseReads(options.data, log)
      tellNetworkDisk(options.data, log)
    }
    const { issuer, formerIssuer } = await chooseIssuer(database, options, socket?.port ?? options.port, log)
    assertServable(options, issuer)
    const server = await createAuthorizationServer({
      issuer,
      database,
      masterKey: master,
      endpointPrefix: options.endpointPrefix,
      alternativeOrigins: originsOf(options.alternativeHosts, issuer),
      brand: brandFrom(options.brand),
      commandFlags: runningFlags(loaded),
      defaultLocale: options.defaultLocale,
      lifetimes: options.lifetimes,
      limits: options.limits,
      keys: options.keys,
      implicitAndHybrid: options.implicitAndHybrid,
      frontChannelLogout: options.frontChannelLogout,
      sessionManagement: options.sessionManagement,
      accountPage: options.accountPage,
      unsignedJwt: options.unsignedJwt,
      encryptedRequests: options.encryptedRequests,
      registration: options.registration,
      unverifiedErrors: options.unverifiedErrors,
      trustedProxies: options.trustedProxies,
      outboundAllow: options.outboundAllow,
      outboundAllowStrangers: options.outboundAllowStrangers,
      frontPage: true,
      proofFolder: options.proofFolder ?? join(options.data, 'proof'),
      workers: options.workers,
      cachedClients: options.cachedClients,
      acceptNewIssuer: options.acceptNewIssuer || formerIssuer !== null,
      log,
    })
    brand = server.parts.brand
    ownReadings = server.readings
    handle = server.handle
    large = largeBody(server.parts)
    socket ??= await open()
    await greet(output, loaded, server.parts, { port: socket.port, metrics: door?.url ?? null, formerIssuer })
    const outdated = server.outdated.then(() => EXIT.outdated)
    const code = await Promise.race([stopped.then(() => EXIT.done), outdated])
    handle = leaving(server.handle)
    if (code === EXIT.done) await serveOn(options.stopDelay, outdated, log)
    log.info('stopping: finishing what is in flight')
    await socket.close()
    await server.close()
    database = null
    return code
  } finally {
    stopAnswering()
    await door?.close()
    await socket?.close()
    await database?.close()
    ownership?.release()
  }
}

interface ChosenIssuer {
  readonly issuer: string
  /**
   * The stored issuer, when this start replaces it without being asked to. That happens only to an address that no
   * other machine can reach.
   */
  readonly formerIssuer: string | null
}

/**
 * The issuer: the option if it is given, otherwise the stored one (where it is an address of this machine, with the
 * port of this start), otherwise this machine's address.
 */
async function chooseIssuer(database: Driver, options: Options, port: number, log: Log): Promise<ChosenIssuer> {
  if (options.issuer !== null) return { issuer: options.issuer, formerIssuer: null }
  await migrate(database, migrations, { clock: systemClock(), log })
  const stored = await createStore(database).findFact('issuer')
  const usual = defaultIssuer(port, options.tlsCert !== null)
  if (stored === null) return { issuer: usual, formerIssuer: null }
  const url = new URL(stored)
  // Behind a proxy the port is not ours, and several nodes on one database share one address.
  const isElsewhere = options.trustedProxies.length > 0 || options.database !== null || !isLoopback(url.hostname)
  if (isElsewhere) return { issuer: stored, formerIssuer: null }
  const { protocol, port: number } = new URL(usual)
  const host = number === '' ? url.hostname : `${url.hostname}:${number}`
  const issuer = `${protocol}//${host}${url.pathname.replace(/\/$/, '')}`
  return { issuer, formerIssuer: issuer === stored ? null : stored }
}

type ServerParts = Awaited<ReturnType<typeof createAuthorizationServer>>['parts']

interface ServingAt {
  readonly port: number
  /** Null: nobody is told metrics here. */
  readonly metrics: string | null
}

/** What a newcomer has to know now, and nothing more. */
async function greet(
  output: Output,
  loaded: LoadedOptions,
  { store, addresses, clock }: ServerParts,
  { port, metrics, formerIssuer }: ServingAt & Pick<ChosenIssuer, 'formerIssuer'>,
): Promise<void> {
  const isSetUp = (await store.findFact('set_up')) !== null
  const speaks = !isWorker() || isFirstWorker()
  // One of each is asked for instead of a count: counting a million users would delay the start.
  const isFirst =
    speaks && !isSetUp && (await store.listUsers('', 1)).length === 0 && (await store.listClients()).length === 0
  const link = isFirst ? await newSetUpLink(store, clock, addresses) : null
  const { options } = loaded
  const data = options.database === null ? options.data : null
  const here = greetingFlags(loaded)
  const { issuer } = addresses
  output.result({
    issuer,
    port,
    data,
    ...(metrics !== null && { metrics }),
    ...(link !== null && { setup_link: link.url, setup_link_expires_at: instant(link.expiresAt) }),
  })
  output.say(
    greeting(
      {
        issuer,
        socket: socketOf(options.host, port, issuer),
        data,
        backup: `npx lingpai backup FILE${here}`,
        link: link?.url ?? null,
        setUp: isSetUp || link !== null ? null : `npx lingpai setup-link${here}`,
        formerIssuer,
      },
      output.language,
    ),
  )
}

/** Null: where the issuer says that it is. */
function socketOf(host: string, port: number, issuer: string): string | null {
  const { protocol, port: named } = new URL(issuer)
  if (port === Number(named || (protocol === 'https:' ? 443 : 80))) return null
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
