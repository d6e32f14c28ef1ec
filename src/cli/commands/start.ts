// lingpai start: the server itself.

import { join } from 'node:path'
import { Command } from 'commander'
import { newSetUpLink } from '../../administration/set-up/link.ts'
import { createAuthorizationServer, largeBody } from '../../authorization-server.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { listen } from '../../http/node-server.ts'
import { assertServable, brandFrom, defaultIssuer, isLoopback, type Options, originsOf } from '../../options/index.ts'
import { systemClock } from '../../platform/clock.ts'
import { createLog, type Log } from '../../platform/log.ts'
import type { Driver } from '../../store/driver.ts'
import { migrate } from '../../store/migrate.ts'
import { migrations } from '../../store/migrations/index.ts'
import { takeOwnership } from '../../store/owner.ts'
import { createStore } from '../../store/store.ts'
import { action, addServerOptions } from '../command.ts'
import { makeDataFolder, openDatabase, openMasterKey, optionsFor } from '../installation.ts'
import { EXIT, type Output } from '../output.ts'

export function startCommand(exit: (code: number) => void): Command {
  const command = addServerOptions(new Command('start').description('start the server'), 'all')
  return action(command.option('--json', 'print where it answers as JSON'), exit, async (output, flags) => {
    const { options } = optionsFor(flags)
    const stopped = stopSignal()
    await serve(options, output, stopped)
    return EXIT.done
  })
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(EXIT.failed))
        resolve()
      })
    }
  })
}

const STARTING: HttpReply = { status: 503, headers: { 'retry-after': '1' }, body: '' }

async function serve(options: Options, output: Output, stopped: Promise<void>): Promise<void> {
  const log = createLog(options.logLevel, options.logFormat)
  if (options.database === null) makeDataFolder(options.data)
  const ownership = options.database === null ? takeOwnership(options.data) : null
  const master = openMasterKey(options)
  let handle: (request: HttpRequest) => Promise<HttpReply> = async () => STARTING
  let large: (path: string) => number | undefined = () => undefined
  const tls =
    options.tlsCert !== null && options.tlsKey !== null ? { cert: options.tlsCert, key: options.tlsKey } : null
  const socket = await listen({
    host: options.host,
    port: options.port,
    ...(tls !== null && { tls }),
    handle: (request) => handle(request),
    largeBody: (path) => large(path),
    trustedProxies: options.trustedProxies,
    log,
  })
  let database: Driver | null = null
  try {
    database = await openDatabase(options, log, (error) => {
      log.error('the database failed while writing; the server stops, so that nothing is answered that is not kept', {
        error: error.message,
      })
      process.exit(EXIT.unavailable)
    })
    const { issuer, isNewDefault } = await chooseIssuer(database, options, socket.port, log)
    assertServable(options, issuer)
    const server = await createAuthorizationServer({
      issuer,
      database,
      masterKey: master,
      endpointPrefix: options.endpointPrefix,
      alternativeOrigins: originsOf(options.alternativeHosts, issuer),
      brand: brandFrom(options.brand),
      defaultLocale: options.defaultLocale,
      lifetimes: options.lifetimes,
      limits: options.limits,
      trustedProxies: options.trustedProxies,
      proofFolder: options.proofFolder ?? join(options.data, 'proof'),
      acceptNewIssuer: options.acceptNewIssuer || isNewDefault,
      log,
    })
    handle = server.handle
    large = largeBody(server.parts)
    await greet(output, options, server.parts, socket.port)
    await stopped
    log.info('stopping: finishing what is in flight')
    await socket.close()
    await server.close()
    database = null
  } finally {
    await socket.close()
    await database?.close()
    ownership?.release()
  }
}

/** The flag; else what is stored; else this machine. A stored address of this machine follows the port. */
async function chooseIssuer(
  database: Driver,
  options: Options,
  port: number,
  log: Log,
): Promise<{ readonly issuer: string; readonly isNewDefault: boolean }> {
  if (options.issuer !== null) return { issuer: options.issuer, isNewDefault: false }
  await migrate(database, migrations, { clock: systemClock(), log })
  const stored = await createStore(database).findFact('issuer')
  const usual = defaultIssuer(port, options.tlsCert !== null)
  if (stored === null) return { issuer: usual, isNewDefault: true }
  return isLoopback(new URL(stored).hostname)
    ? { issuer: usual, isNewDefault: true }
    : { issuer: stored, isNewDefault: false }
}

type ServerParts = Awaited<ReturnType<typeof createAuthorizationServer>>['parts']

/** What a newcomer has to know now, and nothing more. */
async function greet(output: Output, options: Options, parts: ServerParts, port: number): Promise<void> {
  const { store, addresses, clock } = parts
  const isSetUp = (await store.findFact('set_up')) !== null
  const isFirst = !isSetUp && (await store.countUsers()) === 0 && (await store.listClients()).length === 0
  const link = isFirst ? (await newSetUpLink(store, clock, addresses)).url : null
  output.result({
    issuer: addresses.issuer,
    port,
    data: options.database === null ? options.data : null,
    ...(link !== null && { setup_link: link }),
  })
  output.say(`Lingpai answers at ${addresses.issuer}`)
  if (options.database === null)
    output.say(`Everything it keeps is in ${options.data}: back that folder up (npx lingpai backup)`)
  if (link !== null) {
    output.say('\nOpen this link in a browser to set it up; it works once:')
    output.say(`\n  ${link}\n`)
  } else if (!isSetUp) {
    output.say('To go on with the set-up in a browser: npx lingpai setup-link')
  }
  output.say('Stop it with Ctrl+C.')
}
