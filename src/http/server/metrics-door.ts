// A door of its own for whoever gathers numbers: never the one that people come through, so that nothing needs to be
// kept from them there.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { EXPOSITION_TYPE } from '../../platform/metrics/exposition.ts'
import { cannotListen, type ListenAddress } from './cannot-listen.ts'

export interface MetricsDoor {
  /** `http://127.0.0.1:9464/metrics` */
  readonly url: string
  close(): Promise<void>
}

const PATH = '/metrics'
const FLAGS = { host: '--metrics-host', port: '--metrics-port' }
/** Whoever gathers numbers comes four times a minute, on one connection. */
const CONNECTIONS = 32
/** Node looks every half minute by default, whatever the others say. */
const TIMEOUTS = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 90_000,
  connectionsCheckingInterval: 1_000,
}

/** `read` gives the text. Throws `CannotListen`. */
export async function openMetricsDoor(address: ListenAddress, read: () => Promise<string>): Promise<MetricsDoor> {
  let reading: Promise<string> | null = null
  // Whoever asks while numbers are gathered gets the same.
  const readOnce = () => {
    reading ??= read().finally(() => {
      reading = null
    })
    return reading
  }
  const server = createServer({ ...TIMEOUTS, maxHeaderSize: 8 * 1024 }, (request, response) => {
    void answer(request, response, readOnce, isThisMachine(server.address()))
  })
  server.maxConnections = CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, address, FLAGS)))
    server.listen({ ...address, exclusive: true }, resolve)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  return {
    url: `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}${PATH}`,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  read: () => Promise<string>,
  isHereAlone: boolean,
): Promise<void> {
  // What was sent along is not read.
  request.resume()
  if (isHereAlone && !isOwnName(request.headers.host)) {
    return send(response, 421, 'Only this machine may ask here: by localhost, or by its address.\n')
  }
  const [path] = (request.url ?? '').split('?')
  if (path !== PATH) return send(response, 404, `There is only ${PATH} here.\n`)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return send(response, 405, `${PATH} can only be read.\n`)
  }
  try {
    send(response, 200, await read(), EXPOSITION_TYPE)
  } catch {
    send(response, 500, 'The numbers cannot be gathered.\n')
  }
}

/** Whether the door is open to this machine alone. */
function isThisMachine(bound: ReturnType<Server['address']>): boolean {
  if (typeof bound !== 'object' || bound === null) return true
  return bound.address === '::1' || /^(?:::ffff:)?127\./.test(bound.address)
}

/**
 * A page in a browser of this machine can lead a name of its own to this machine, and could then read what it finds there
 * (DNS rebinding). Nobody can do that with an address, nor with localhost. HTTP/1.0, which no browser speaks, names nothing.
 */
function isOwnName(host: string | undefined): boolean {
  if (host === undefined) return true
  const name = host.toLowerCase().replace(/:\d*$/, '')
  return name === 'localhost' || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0
}

/** No cache may hold numbers, and no page of another origin may take them for something else. */
function send(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  })
  response.end(response.req.method === 'HEAD' ? undefined : text)
}
