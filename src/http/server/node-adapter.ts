// From node:http to plain objects and back: the fast path. A request without a body is handled before any stream event,
// and a reply is one writeHead and one end.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../../platform/log.ts'
import { failureReply } from '../failures.ts'
import { ask, type Handle } from '../handle.ts'
import type { HttpReply, HttpRequest } from '../message.ts'
import { ANOTHER_FILE, BODY_TOO_LARGE, FILE_TOO_LARGE, type Notice, type NoticePages, noticeReply } from '../notice.ts'
import {
  type BodyLimits,
  bodyLimitOf,
  EMPTY_BODY,
  encodingRefused,
  expectationRefused,
  isLargeBody,
  isPlainEncoding,
  takesFiles,
  targetRefused,
  transferRefused,
  versionRefused,
} from '../request/body-limits.ts'
import { createLargeBodies } from '../request/large-bodies.ts'
import { ReceivedBody } from '../request/received-body.ts'
import { createPeerReader } from '../request/trusted-proxies.ts'
import { createPipelines, type Pipelines } from './pipelines.ts'

export interface ListenerSettings extends BodyLimits {
  /** Addresses or networks whose X-Forwarded-For, -Proto and -Host are believed. */
  readonly trustedProxies: readonly string[]
  /** What a browser is told by the server itself; without it, JSON like everybody else. */
  readonly noticePages?: NoticePages | undefined
}

export type NodeListener = (req: IncomingMessage, res: ServerResponse) => void

/** A server that leaves to its listener what Node's server otherwise does itself. */
export interface OwnServer {
  /** Where the listener is not the only one that answers on the server's connections. */
  readonly pipelines: Pipelines
  /** The events `checkContinue` and `checkExpectation` come here too. */
  readonly isAskedFirst: true
  /** Whether each connection ends with the reply that is under way. */
  readonly isClosing: () => boolean
}

/** A listener for `http.createServer`, or for a framework that mounts such listeners. */
export function createNodeListener(
  handle: (request: HttpRequest, isGone: () => boolean) => Promise<HttpReply>,
  settings: ListenerSettings,
  log: Log,
  own?: OwnServer,
): NodeListener {
  const pipelines = own?.pipelines ?? createPipelines()
  const isAskedFirst = own?.isAskedFirst ?? false
  const peerOf = createPeerReader(settings.trustedProxies)
  const limitOf = bodyLimitOf(settings)
  const largeBodies = createLargeBodies()

  const run = (res: ServerResponse, request: HttpRequest) => {
    const inTurn: Handle = (asked) => handle(asked, () => res.destroyed)
    ask(inTurn, request, log, (reply) => {
      if (own?.isClosing()) res.shouldKeepAlive = false
      if (res.headersSent) res.destroy()
      else send(res, reply)
    })
  }
  const begin = (req: IncomingMessage, res: ServerResponse) => {
    const refusal = refusalOf(req, isAskedFirst)
    const target = refusal === null ? targetOf(req) : null
    if (target === null) {
      refuse(req, res, refusal ?? targetRefused)
      return
    }
    // Node's parser drops the rest of the piece behind an upgrade request, and would go on in the middle of the next
    // one.
    if (req.headers.upgrade !== undefined) res.shouldKeepAlive = false
    const headers = headersOf(req, target.authority)
    const socket = req.socket
    const request = {
      method: req.method ?? 'GET',
      path: target.path,
      query: target.query,
      headers,
      body: EMPTY_BODY,
      peer: peerOf(socket.remoteAddress ?? '', 'encrypted' in socket && socket.encrypted === true, headers),
    }
    const notify = (notice: Notice) => refuse(req, res, noticeReply(notice, request, settings.noticePages))
    const length = headers['content-length']
    if ((length === undefined || length === '0') && headers['transfer-encoding'] === undefined) {
      run(res, request)
      return
    }
    if (!isPlainEncoding(headers['content-encoding'])) {
      refuse(req, res, encodingRefused)
      return
    }
    const limit = limitOf(request.path)
    const tooLarge = takesFiles(settings, request.path) ? FILE_TOO_LARGE : BODY_TOO_LARGE
    if (length !== undefined && Number(length) > limit) {
      notify(tooLarge)
      return
    }
    if (req.readableEnded) {
      log.error('The body was read before this listener saw the request: mount it before any body parser')
      refuse(req, res, failureReply(undefined))
      return
    }
    if (isLargeBody(settings, limit, length)) {
      const release = largeBodies.take(request.peer.address)
      if (release === null) {
        notify(ANOTHER_FILE)
        return
      }
      // Once the request is answered or the visitor gone; until then the body is held.
      res.once('close', release)
    }
    // RFC 9110 §10.1.1: not before it is known that the body is wanted.
    if (isAskedFirst && isExpecting(req)) res.writeContinue()
    receive(req, limit, (body) => {
      if (body === null) notify(tooLarge)
      else run(res, { ...request, body })
    })
  }

  return (req, res) => {
    const { socket } = req
    pipelines.enter(socket, {
      // A request begins with its head, not when its body is there: otherwise a later one without a body would begin
      // before it, and each would wait for the other.
      begin() {
        // Not as soon as it is answered: replies that a visitor does not read would pile up, one for each request that
        // was read.
        res.once('close', () => pipelines.leave(socket))
        begin(req, res)
      },
      isWhole: () => req.complete,
      isAnswered: () => res.headersSent,
    })
  }
}

interface Target {
  readonly path: string
  readonly query: string
  /** Only for a target in absolute form. */
  readonly authority: string | undefined
}

const ABSOLUTE = /^https?:\/\/([^/?#@]+)(\/[^?#]*)?(?:\?([^#]*))?$/i

// RFC 9112 §3.2. `originalUrl` is the whole path where a framework has cut its mount point off `url`.
function targetOf(req: IncomingMessage): Target | null {
  const url = 'originalUrl' in req && typeof req.originalUrl === 'string' ? req.originalUrl : (req.url ?? '')
  if (url.charCodeAt(0) === 0x2f) return originForm(url)
  const absolute = ABSOLUTE.exec(url)
  if (absolute !== null) return { path: absolute[2] ?? '/', query: absolute[3] ?? '', authority: absolute[1] }
  return url === '*' ? { path: url, query: '', authority: undefined } : null
}

/** RFC 9112 §3.2.1. */
export function originForm(target: string): Target {
  const mark = target.indexOf('?')
  return mark === -1
    ? { path: target, query: '', authority: undefined }
    : { path: target.slice(0, mark), query: target.slice(mark + 1), authority: undefined }
}

/** Whether to refuse the request before any of its headers is believed. */
function refusalOf(req: IncomingMessage, isAskedFirst: boolean): HttpReply | null {
  // RFC 9110 §15.6.6. Node's parser also accepts HTTP 0.9 and 2.0.
  if (req.httpVersionMajor !== 1) return versionRefused
  const { host, expect, 'transfer-encoding': coding } = req.headers
  // RFC 9112 §3.2.
  if ((host === undefined && isCurrent(req)) || hasRepeatedSingle(req.rawHeaders)) return targetRefused
  if (coding !== undefined) {
    // RFC 9112 §6.1: an intermediary that passed it on may not have known where it ends.
    if (!isCurrent(req)) return targetRefused
    if (coding.toLowerCase() !== 'chunked') return transferRefused
  }
  const isUnknown = isAskedFirst && expect !== undefined && isCurrent(req) && !isExpecting(req)
  return isUnknown ? expectationRefused : null
}

function isCurrent({ httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.1'
}

/** RFC 9110 §10.1.1: the body is sent only when the server asks for it. In HTTP/1.0 the header means nothing. */
function isExpecting(req: IncomingMessage): boolean {
  return isCurrent(req) && req.headers.expect?.toLowerCase() === '100-continue'
}

// Node keeps the first of two equal headers; another reader of the same request may have kept the last. RFC 9112 §3.2,
// RFC 9110 §5.3.
function hasRepeatedSingle(rawHeaders: readonly string[]): boolean {
  let host = 0
  let authorization = 0
  let contentType = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (name.length === 4) {
      if (name.toLowerCase() === 'host') host++
    } else if (name.length === 13) {
      if (name.toLowerCase() === 'authorization') authorization++
    } else if (name.length === 12) {
      if (name.toLowerCase() === 'content-type') contentType++
    }
  }
  return host > 1 || authorization > 1 || contentType > 1
}

function headersOf(req: IncomingMessage, authority: string | undefined): HttpRequest['headers'] {
  const headers = req.headers
  // The only header that Node gives as a list, and one that no request has.
  if (headers['set-cookie'] !== undefined) delete headers['set-cookie']
  const plain = headers as Record<string, string | undefined>
  // RFC 9112 §3.2.2: a host in the target outweighs the Host header.
  return authority === undefined ? plain : { ...plain, host: authority }
}

/** Calls `done` once, with null when the body is larger than `limit`; never when the visitor has gone. */
function receive(req: IncomingMessage, limit: number, done: (body: Uint8Array | null) => void): void {
  const body = new ReceivedBody()
  const onData = (chunk: Buffer) => {
    if (body.length + chunk.length <= limit) body.add(chunk)
    else {
      req.off('data', onData)
      req.off('end', onEnd)
      done(null)
    }
  }
  const onEnd = () => done(body.whole())
  req.on('data', onData)
  req.on('end', onEnd)
}

function send(res: ServerResponse, reply: HttpReply): void {
  const { status, headers, body } = reply
  const lines: (string | string[])[] = []
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (typeof value === 'string') lines.push(name, value)
    else if (value !== undefined) for (const one of value) lines.push(name, one)
  }
  if (status === 204 || status === 304) {
    res.writeHead(status, lines)
    res.end()
    return
  }
  lines.push('content-length', String(typeof body === 'string' ? Buffer.byteLength(body) : body.length))
  res.writeHead(status, lines)
  res.end(body)
}

/**
 * Bytes that are still read from a visitor that goes on sending, so that it reads the refusal before the socket closes.
 */
const LINGER_BYTES = 1024 * 1024
const LINGER_MS = 1000

/** Answers without having read the body, and closes the connection. */
function refuse(req: IncomingMessage, res: ServerResponse, reply: HttpReply): void {
  res.shouldKeepAlive = false
  if (req.complete) {
    send(res, reply)
    return
  }
  const body = typeof reply.body === 'string' ? reply.body : Buffer.from(reply.body)
  res.writeHead(reply.status, {
    ...(reply.headers as Record<string, string>),
    'content-length': Buffer.byteLength(body),
  })
  res.write(body)
  let dropped = 0
  const finish = () => {
    clearTimeout(timer)
    res.end()
  }
  const timer = setTimeout(finish, LINGER_MS)
  req.on('data', (chunk: Buffer) => {
    dropped += chunk.length
    if (dropped > LINGER_BYTES) finish()
  })
  req.on('end', finish)
  req.on('close', finish)
}
