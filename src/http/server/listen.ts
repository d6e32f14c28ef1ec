// The listening socket: time limits, connections for each address, TLS from files that may be renewed, and an end that
// lets requests in flight finish.

import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { METRICS } from '../../model/metrics.ts'
import type { Log } from '../../platform/log.ts'
import { type Reading, single } from '../../platform/metrics/reading.ts'
import type { Handle } from '../handle.ts'
import { addressBucket } from '../request/address.ts'
import { cannotListen } from './cannot-listen.ts'
import { readCertificate, renewCertificate } from './certificate.ts'
import { createDirectConnections } from './direct-connections.ts'
import { hasSharedPorts, openFurtherDoors } from './doors.ts'
import { closeGracefully, type ListeningParts } from './graceful-close.ts'
import { followHandshakes } from './handshakes.ts'
import { createLoadGate, type LoadGate } from './load-gate.ts'
import { createNodeListener, type ListenerSettings } from './node-adapter.ts'
import { createPipelines } from './pipelines.ts'

export interface ListenOptions extends ListenerSettings {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** Paths of PEM files. They are read again on SIGHUP and when they change. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly handle: Handle
  readonly log: Log
  /** Sockets that one address may hold. Default 256; no limit once trusted proxies are set. */
  readonly connectionsPerAddress?: number
  /** Processes that share the port: each allows an address its share of the connections. Default 1. */
  readonly workers?: number
  /** Requests that may be in flight; more stand in line. Default 1,000. */
  readonly requestsInFlight?: number
  /** Requests that may stand in line; more are answered 503 with Retry-After. Default 4,000. */
  readonly requestsInLine?: number
  /** Bytes that may be held for those in line. Default 32 MiB. */
  readonly bytesInLine?: number
  /** Milliseconds for which a refusal is held back at least. Default 250. */
  readonly refuseAfter?: number
  /** Paths that are answered however much else there is to do. */
  readonly alwaysAnswered?: readonly string[]
  /** Milliseconds. Defaults: headers 10,000, request 30,000, idle 65,000, close 10,000. */
  readonly timeouts?: Partial<Timeouts>
}

export interface Timeouts {
  readonly headers: number
  readonly request: number
  readonly idle: number
  /** For the requests in flight once the server closes. */
  readonly close: number
}

export interface Listening {
  readonly port: number
  metrics(): readonly Reading[]
  /** Accepts nothing further, lets requests in flight finish, then ends what is left. */
  close(): Promise<void>
}

const DEFAULT_TIMEOUTS: Timeouts = { headers: 10_000, request: 30_000, idle: 65_000, close: 10_000 }
const CONNECTIONS_PER_ADDRESS = 256
/** How long a visitor may neither send nor receive while a reply is under way. */
const SILENCE_MS = 120_000
/**
 * Connections that may wait to be accepted; beyond that a visitor's system tries again after 1, 3, 7 s. The system may
 * allow fewer.
 */
const BACKLOG = 4_096

export async function listen(options: ListenOptions): Promise<Listening> {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  const gate = createLoadGate(options.handle, {
    ...(options.requestsInFlight !== undefined && { inFlight: options.requestsInFlight }),
    ...(options.requestsInLine !== undefined && { inLine: options.requestsInLine }),
    ...(options.bytesInLine !== undefined && { bytesInLine: options.bytesInLine }),
    ...(options.refuseAfter !== undefined && { refuseAfter: options.refuseAfter }),
    ...(options.alwaysAnswered !== undefined && { always: options.alwaysAnswered }),
    noticePages: options.noticePages,
    log: options.log,
  })
  const pipelines = createPipelines()
  let closing = false
  const listener = createNodeListener(gate.handle, options, options.log, {
    pipelines,
    isAskedFirst: true,
    isClosing: () => closing,
  })
  const settings = {
    headersTimeout: timeouts.headers,
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.idle,
    // How often Node looks for late requests; its default of 30 s would triple the limit above.
    connectionsCheckingInterval: Math.min(1000, Math.max(50, timeouts.headers / 4)),
    maxHeaderSize: 16 * 1024,
    // The listener refuses it instead, in its place behind earlier requests.
    requireHostHeader: false,
  }
  const certificate = options.tls === undefined ? undefined : readCertificate(options.tls)
  const server: Server =
    certificate === undefined
      ? createServer(settings)
      : createTlsServer({ ...settings, ...certificate.pair, handshakeTimeout: timeouts.headers })
  server.timeout = SILENCE_MS
  // RFC 9112 §9.6: a visitor that has finished sending is still answered, as our own reader does too. Node's types do
  // not know this name.
  Object.assign(server, { httpAllowHalfOpen: true })
  // Node's own answers to the last two would not wait for earlier requests, nor ask whether the body is wanted.
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, listener)
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // After the replies that are still to come; otherwise the visitor would take this one for the reply to an earlier
    // request.
    pipelines.fail(socket, () => answerMalformed(error, socket))
  })
  const handshakes = server instanceof TlsServer ? followHandshakes(server) : undefined
  const { direct, handedOver } = takeConnections(server, gate, { ...options, timeouts })
  // Where sockets share a port, any program of this user could join them, so first make sure that nobody listens there.
  const port =
    hasSharedPorts && (options.workers ?? 1) === 1 ? await freePort(options.host, options.port) : options.port
  await bind(server, { ...options, port })
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  const doors = await openFurtherDoors(server, { host: options.host, port: bound, backlog: BACKLOG })
  const renewal =
    certificate !== undefined && server instanceof TlsServer
      ? renewCertificate(server, certificate, options.log)
      : undefined

  let closed: Promise<void> | undefined
  return {
    port: bound,
    metrics: () => [
      ...gate.metrics(),
      single(METRICS.connections, direct.count() + handedOver.size),
      ...(renewal === undefined ? [] : [single(METRICS.certificateExpires, renewal.expiresAt())]),
    ],
    close() {
      closing = true
      closed ??= closeGracefully({ server, direct, handedOver, doors, handshakes }, timeouts.close).finally(() => {
        gate.close()
        renewal?.stop()
      })
      // Each reply says that the connection ends, so that the visitor asks another node.
      gate.hurry()
      return closed
    },
  }
}

/**
 * The port, or a free one for 0, provided that nobody listens on it at this moment: workers share theirs with any
 * program that asks.
 */
export async function freePort(host: string, port: number): Promise<number> {
  const probe = createServer()
  await bind(probe, { host, port }, false)
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

function bind(server: Server, { host, port }: Pick<ListenOptions, 'host' | 'port'>, shared = true): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => reject(cannotListen(error, { host, port }))
    server.once('error', onError)
    // When several processes share the port, the system gives no connection to one that has died. Where ports cannot be
    // shared, the process that started the workers hands connections out.
    const apart = hasSharedPorts && shared ? { exclusive: true, reusePort: true } : {}
    server.listen({ host, port, backlog: BACKLOG, ...apart }, () => {
      server.off('error', onError)
      resolve()
    })
  })
}

/** Refuses further sockets of an address that has its share already: 200 slow sockets must cost nothing. */
function limitConnections(server: Server, options: ListenOptions): void {
  const limit =
    options.connectionsPerAddress ??
    (options.trustedProxies.length === 0
      ? Math.ceil(CONNECTIONS_PER_ADDRESS / (options.workers ?? 1))
      : Number.POSITIVE_INFINITY)
  if (limit === Number.POSITIVE_INFINITY) return
  const held = new Map<string, number>()
  server.on('connection', (socket) => {
    const bucket = addressBucket(socket.remoteAddress ?? '')
    const count = held.get(bucket) ?? 0
    if (count >= limit) {
      socket.destroy()
      return
    }
    held.set(bucket, count + 1)
    socket.once('close', () => {
      const left = (held.get(bucket) ?? 1) - 1
      if (left === 0) held.delete(bucket)
      else held.set(bucket, left)
    })
  })
}

/** What cannot be parsed never reaches the listener, so it is answered on the bare socket. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const line =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? '408 Request Timeout'
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? '431 Request Header Fields Too Large'
        : '400 Bad Request'
  socket.end(`HTTP/1.1 ${line}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy())
}

/** Connections come here first; those that are handed over go to Node's own listener. */
function takeConnections(
  server: Server,
  gate: LoadGate,
  options: ListenOptions & { readonly timeouts: Timeouts },
): Pick<ListeningParts, 'direct' | 'handedOver'> {
  const event = server instanceof TlsServer ? 'secureConnection' : 'connection'
  const listeners = server.listeners(event)
  server.removeAllListeners(event)
  const handedOver = new Set<Socket>()
  const direct = createDirectConnections({
    ...options,
    gate,
    timeouts: { ...options.timeouts, silence: SILENCE_MS },
    handOver(socket) {
      handedOver.add(socket)
      socket.once('close', () => handedOver.delete(socket))
      for (const listener of listeners) Reflect.apply(listener, server, [socket])
    },
  })
  limitConnections(server, options)
  server.on(event, (socket: Socket) => {
    // node:tls leaves it off, which is right until the handshake is done.
    socket.allowHalfOpen = true
    if (!socket.destroyed) direct.serve(socket)
  })
  return { direct, handedOver }
}
