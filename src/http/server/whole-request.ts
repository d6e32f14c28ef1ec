// Reads a request that came whole and in the plainest spelling: one head without anything unusual, and a body of a
// stated length. Most clients send such requests, and in one piece. Everything else is left to Node's parser. What is
// read here means the same to Node and to any proxy in front, so nothing can be smuggled in between two readings (RFC
// 9112 §11.2).

/** The request as it was sent: nothing in it has been believed or refused yet. */
export interface WholeRequest {
  readonly method: 'GET' | 'POST'
  /** Origin form (RFC 9112 §3.2.1), with its query. */
  readonly target: string
  /** Lower-case names, each at most once. `host` is among them. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

/** `unfinished`: a plain request so far, but bytes of its body are missing. `unusual`: left to Node's parser. */
export type Reading = WholeRequest | 'unfinished' | 'unusual'

/** Bytes of a head; Node's parser allows twice as many. */
const MOST_HEAD = 8 * 1024
/** Bytes of head and body together. */
const MOST = 32 * 1024

// Names contain no underscore, which some proxies take for a hyphen; values are visible ASCII, with at most one space
// before and none after. What one part may contain cannot begin the next one, so nothing is tried twice.
const HEAD =
  /^(GET|POST) (\/[\x21\x22\x24-\x7e]*) HTTP\/1\.1\r\n(?:[A-Za-z0-9-]+: ?[\x21-\x7e][\x20-\x7e]*(?<! )\r\n)+$/
const END_OF_HEAD = Buffer.from('\r\n\r\n')
const AFTER_TARGET = ' HTTP/1.1\r\n'.length

/** These headers change how a message is read, or what follows it. */
const UNUSUAL: ReadonlySet<string> = new Set([
  'content-encoding',
  'expect',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
])

/**
 * RFC 9110 §7.8: another protocol may be offered, and the offer ignored. Java's client offers one with each request
 * without TLS.
 */
const CONNECTIONS: ReadonlySet<string> = new Set(['keep-alive', 'upgrade', 'upgrade, http2-settings'])

const LENGTH = /^(?:0|[1-9]\d{0,4})$/
const NO_BODY = new Uint8Array(0)

export function readWholeRequest(bytes: Buffer): Reading {
  if (bytes.length > MOST) return 'unusual'
  const end = bytes.indexOf(END_OF_HEAD)
  if (end === -1 || end > MOST_HEAD) return 'unusual'
  // Only the head as text: each header is a slice of this text, and keeps all of it in memory.
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

/** Null: a header is unusual, or occurs twice. */
function readHeaders(head: string, from: number): Record<string, string | undefined> | null {
  const headers: Record<string, string | undefined> = {}
  for (let at = from; at < head.length; ) {
    const colon = head.indexOf(':', at)
    const end = head.indexOf('\r', colon)
    const name = head.slice(at, colon).toLowerCase()
    // A name that every object has, such as `constructor`, counts as a repetition.
    if (UNUSUAL.has(name) || name in headers) return null
    headers[name] = head.slice(head.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1, end)
    at = end + 2
  }
  return headers
}
