// Connections whose requests are read here instead of by Node's parser, as long as `whole-request.ts` can read them:
// that saves half of what HTTP costs (docs/decisions/0042). At the first request that it cannot read, the connection
// and the bytes read so far go to Node's server and stay there. Where many requests stand in line, one waits as the
// bytes in which it came, and is read again when its turn has come.

import type { Socket } from 'node:net'
import { systemClock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { ask } from '../handle.ts'
import type { HttpReply, HttpRequest } from '../message.ts'
import { bodyLimitOf, isLargeBody } from '../request/body-limits.ts'
import { createPeerReader } from '../request/trusted-proxies.ts'
import type { LoadGate, Resting, Standing } from './load-gate.ts'
import { type ListenerSettings, originForm } from './node-adapter.ts'
import { feedInPieces } from './pipelines.ts'
import { createReplyWriter } from './reply-bytes.ts'
import { type Reading, readWholeRequest } from './whole-request.ts'

export interface DirectOptions extends ListenerSettings {
  readonly gate: LoadGate
  /** Node's server goes on with the connection. */
  readonly handOver: (socket: Socket) => void
  /** Milliseconds. */
  readonly timeouts: {
    /** Until a first request is there. */
    readonly headers: number
    /** Until the rest of a body is there. */
    readonly request: number
    /** Until the next request is there; at most as long as `silence`. */
    readonly idle: number
    /** While a reply is being made and sent. */
    readonly silence: number
  }
  readonly log: Log
}

export interface DirectConnections {
  readonly serve: (socket: Socket) => void
  /** Connections that are open. */
  count(): number
  /** Ends the connections that wait for a request; each of the others ends with its reply. */
  close(): void
  /** Ends all connections, whatever they are doing. */
  destroy(): void
}

interface Connection extends Standing, Resting {
  /** Ends the connection, unless a request is under way or has come in part. */
  stop(): void
  destroy(): void
}

/** A request that the visitor sends in the last moment that our reply has promised still finds the connection open. */
const IDLE_GRACE_MS = 1_000

/** Only who may be told on a page is read again in order to be refused. */
const MAY_WANT_PAGE = 'text/html'

const LAST = 'connection: close\r\ncontent-length: 0\r\n\r\n'
const TOO_LATE = `HTTP/1.1 408 Request Timeout\r\n${LAST}`
const CUT_SHORT = `HTTP/1.1 400 Bad Request\r\n${LAST}`

export function createDirectConnections(options: DirectOptions): DirectConnections {
  const { gate, handOver, timeouts, log } = options
  const writer = createReplyWriter(timeouts.idle, systemClock())
  const toRequest = requestMaker(options)
  const idle = Math.min(timeouts.idle + IDLE_GRACE_MS, timeouts.silence)
  const open = new Set<Connection>()
  let closing = false

  const serve = (socket: Socket) => {
    /**
     * Bytes that have come and are not answered yet: of an unfinished request, of a request in line, or of what came
     * before a reply had left.
     */
    let held: Buffer | undefined
    let busy = false
    /** Busy with a request that stands in line, and is not read before its turn. */
    let isStanding = false
    const reader = readerOf(socket)
    /** Answered, and not being read: what comes next stays in the system's buffer. */
    let isResting = false
    /** Whether the path that was asked for last never stands in line. */
    let isExempt = false
    /** The visitor sends no more. */
    let ended = false
    let timeout = timeouts.headers

    const allow = (milliseconds: number) => {
      if (timeout === milliseconds) return
      timeout = milliseconds
      socket.setTimeout(milliseconds)
    }
    const leave = () => {
      open.delete(connection)
      socket.off('data', onData)
      socket.off('end', onEnd)
      socket.off('timeout', onTimeout)
      socket.off('error', onError)
      socket.off('close', leave)
    }
    const giveUp = (bytes: Buffer) => {
      connection.readOn()
      leave()
      socket.setTimeout(0)
      feedInPieces(socket, bytes, () => handOver(socket))
      socket.resume()
    }
    const onData = (chunk: Buffer) => {
      const bytes = held === undefined ? chunk : Buffer.concat([held, chunk])
      held = undefined
      if (busy && !isStanding) {
        // RFC 9112 §9.3.2: the visitor did not wait for the reply. Nothing more is read until that has left.
        held = bytes
        socket.pause()
        return
      }
      const reading = isStanding ? 'unusual' : readWholeRequest(bytes)
      if (reading === 'unfinished' && bytes === chunk) {
        held = bytes
        allow(timeouts.request)
        return
      }
      const request = toRequest(socket, reading)
      if (request === null) giveUp(bytes)
      else {
        busy = true
        isExempt = gate.isExempt(request.path)
        if (!isExempt && gate.isCrowded()) stand(bytes, request)
        else ask(gate.handle, request, log, send)
      }
    }
    const stand = (bytes: Buffer, request: HttpRequest) => {
      connection.size = bytes.length
      isStanding = gate.stand(connection)
      // A small copy shares a block of memory with others, while each piece that comes from the system has a block of
      // its own.
      if (isStanding) held = Buffer.from(bytes)
      else void gate.refuse(request).then(send)
    }
    const send = (reply: HttpReply) => {
      if (socket.destroyed) return
      const isLast = closing || ended
      const isTaken = writer.write(socket, reply, isLast)
      if (isLast) socket.destroySoon()
      else if (isTaken) next()
      else socket.once('drain', next)
    }
    const next = () => {
      busy = false
      allow(idle)
      if (closing || ended) socket.destroySoon()
      else if (held !== undefined && !socket.destroyed) giveUp(held)
      else if (!isExempt && reader !== null && gate.rest(connection)) {
        isResting = true
        reader.readStop()
      }
    }
    const endIdle = () => {
      // Unless Node's server has the connection.
      if (open.has(connection) && !busy && held === undefined) socket.destroy()
    }
    const onEnd = () => {
      ended = true
      if (busy) return
      if (held !== undefined) socket.write(CUT_SHORT)
      socket.destroySoon()
    }
    const onTimeout = () => {
      const rest = timeouts.silence - timeout
      if (busy && rest > 0) {
        timeout = timeouts.silence
        socket.setTimeout(rest)
      } else if (busy || (held === undefined && timeout === idle)) {
        socket.destroy()
      } else {
        socket.write(TOO_LATE)
        socket.destroySoon()
      }
    }
    const onError = () => socket.destroy()
    const connection = {
      since: 0,
      size: 0,
      restsSince: 0,
      begin() {
        // The visitor has gone, or Node's server has the connection.
        if (held === undefined || !isStanding || socket.destroyed) return
        const request = toRequest(socket, readWholeRequest(held))
        held = undefined
        isStanding = false
        if (request !== null) ask(gate.handleInTurn, request, log, send)
      },
      refuse() {
        if (held === undefined || !isStanding || socket.destroyed) return
        const request = held.includes(MAY_WANT_PAGE) ? toRequest(socket, readWholeRequest(held)) : null
        held = undefined
        isStanding = false
        void gate.refuse(request, connection).then(send)
      },
      readOn() {
        if (!isResting) return
        isResting = false
        if (!socket.destroyed) reader?.readStart()
      },
      stop() {
        // What came while the connection was not being read arrives in the turn after this one, if this turn's reading
        // has begun already.
        connection.readOn()
        setImmediate(() => setImmediate(endIdle))
      },
      destroy: () => socket.destroy(),
    }

    open.add(connection)
    socket.setTimeout(timeout)
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('timeout', onTimeout)
    socket.on('error', onError)
    socket.on('close', leave)
  }

  return {
    serve,
    count: () => open.size,
    close() {
      closing = true
      for (const connection of open) connection.stop()
    },
    destroy() {
      for (const connection of open) connection.destroy()
    },
  }
}

/**
 * Node's own handle of a socket. `pause` of the socket would let one more piece come and keep it; then the connection's
 * data would be fetched into the processor's caches twice: when it asks, and when its turn comes.
 */
interface Reader {
  readStop(): void
  readStart(): void
}

/** Null where there is no such handle: then the connection is always read. */
function readerOf(socket: Socket): Reader | null {
  const handle: unknown = Reflect.get(socket, '_handle')
  return isReader(handle) ? handle : null
}

function isReader(handle: unknown): handle is Reader {
  return typeof handle === 'object' && handle !== null && 'readStop' in handle && 'readStart' in handle
}

/** Returns null for a request that is left to Node's server, which refuses it or knows how to receive it. */
function requestMaker(settings: ListenerSettings): (socket: Socket, reading: Reading) => HttpRequest | null {
  const peerOf = createPeerReader(settings.trustedProxies)
  const limitOf = bodyLimitOf(settings)
  return (socket, reading) => {
    if (typeof reading === 'string') return null
    const { method, target, headers, body } = reading
    const { path, query } = originForm(target)
    const limit = limitOf(path)
    if (body.length > limit || isLargeBody(settings, limit, headers['content-length'])) return null
    const isEncrypted = 'encrypted' in socket && socket.encrypted === true
    return { method, path, query, headers, body, peer: peerOf(socket.remoteAddress ?? '', isEncrypted, headers) }
  }
}
