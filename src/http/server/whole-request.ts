// A request that came whole, in the plainest spelling there is: one head without anything unusual, and a body of a stated
// length, which is what most clients send, and in one read. It is taken here with one look at the text. Everything else is
// left to Node's parser: what is taken means the same to Node and to any proxy before us, so that nobody can smuggle
// anything between two readings (RFC 9112 §11.2).

/** As it was sent: nothing is believed or refused yet. */
export interface WholeRequest {
  readonly method: 'GET' | 'POST'
  /** Origin form (RFC 9112 §3.2.1), with its query. */
  readonly target: string
  /** Lower-case names, none twice. `host` is among them. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

/** `unfinished`: such a request so far, and bytes of its body are missing. `unusual`: for Node's parser. */
export type Reading = WholeRequest | 'unfinished' | 'unusual'

/** Bytes of a head; Node's parser takes twice as many. */
const MOST_HEAD = 8 * 1024
/** Bytes of head and body. */
const MOST = 32 * 1024

// Names without an underscore, which some proxies take for a hyphen; values of visible ASCII, one space before them at
// most and none behind. What each part may hold cannot begin the next one, so nothing is tried twice.
const HEAD =
  /^(GET|POST) (\/[\x21\x22\x24-\x7e]*) HTTP\/1\.1\r\n(?:[A-Za-z0-9-]+: ?[\x21-\x7e][\x20-\x7e]*(?<! )\r\n)+$/
const END_OF_HEAD = Buffer.from('\r\n\r\n')
const AFTER_TARGET = ' HTTP/1.1\r\n'.length

/** They change how a message is read, or what comes after it. */
const UNUSUAL: ReadonlySet<string> = new Set([
  'content-encoding',
  'expect',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
])

/** RFC 9110 §7.8: another protocol may be offered, and the offer ignored. Java's client does so at each request without TLS. */
const CONNECTIONS: ReadonlySet<string> = new Set(['keep-alive', 'upgrade', 'upgrade, http2-settings'])

const LENGTH = /^(?:0|[1-9]\d{0,4})$/
const NO_BODY = new Uint8Array(0)

export function readWholeRequest(bytes: Buffer): Reading {
  if (bytes.length > MOST) return 'unusual'
  const end = bytes.indexOf(END_OF_HEAD)
  if (end === -1 || end > MOST_HEAD) return 'unusual'
  // Not of the body too: each header is a piece of this text, and keeps all of it from being freed.
  const head = bytes.toString('latin1', 0, end + 2)
  const [, method, target] = HEAD.exec(head) ?? []
  if (method === undefined || target === undefined) return 'unusual'
  const headers = readHeaders(head, method.length + 1 + target.length + AFTER_TARGET)
  if (headers === null) return 'unusual'
  const { host, connection, 'content-length': length } = headers
  if (host === undefined || (connection !== undefined && !CONNECTIONS.has(connection.toLowerCase()))) return 'unusual'
  if (length === undefined ? method === 'POST' : !LENGTH.test(length)) return 'unusual'
  const begin = end + END_OF_HEAD.length
  const whole = begin + Number(length ?? 0)
  if (whole > MOST || whole < bytes.length) return 'unusual'
  if (whole > bytes.length) return 'unfinished'
  const body = whole === begin ? NO_BODY : bytes.subarray(begin)
  return { method: method === 'GET' ? 'GET' : 'POST', target, headers, body }
}

/** Null: one of them is unusual, or there twice. */
function readHeaders(head: string, from: number): Record<string, string | undefined> | null {
  const headers: Record<string, string | undefined> = {}
  for (let at = from; at < head.length; ) {
    const colon = head.indexOf(':', at)
    const end = head.indexOf('\r', colon)
    const name = head.slice(at, colon).toLowerCase()
    // What every object has, such as `constructor`, counts as there already.
    if (UNUSUAL.has(name) || name in headers) return null
    headers[name] = head.slice(head.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1, end)
    at = end + 2
  }
  return headers
}
