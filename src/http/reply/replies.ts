// The replies that endpoints give besides pages: JSON, redirects, text. Each has the headers that its kind must never
// lack.

import type { Outcome } from '../../protocol/errors.ts'
import type { HttpReply } from '../message.ts'

type Headers = HttpReply['headers']

// RFC 6749 §5.1: no-store and, for caches of HTTP/1.0, Pragma.
const JSON_HEADERS: Headers = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  pragma: 'no-cache',
  'x-content-type-options': 'nosniff',
}

/** Never kept by a cache, unless `headers` say otherwise by their own `cache-control`. */
export function json(status: number, body: object, headers?: Headers): HttpReply {
  return jsonText(status, JSON.stringify(body), headers)
}

/** JSON that is already text: key sets and metadata, which are made once. */
export function jsonText(status: number, body: string, headers?: Headers): HttpReply {
  if (headers === undefined) return { status, headers: JSON_HEADERS, body }
  const { pragma, ...kept } = { ...JSON_HEADERS, ...headers }
  const stored = headers['cache-control'] === undefined || headers['cache-control'] === 'no-store'
  return { status, headers: stored && pragma !== undefined ? { ...kept, pragma } : kept, body }
}

/** 303 after a form; 302 for the answer of authorize (RFC 6749 §4.1.2). `cookies` are Set-Cookie values. */
export function redirect(status: 302 | 303, location: string, cookies?: readonly string[]): HttpReply {
  return {
    status,
    headers: {
      location: asciiLocation(location),
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      ...(cookies !== undefined && cookies.length > 0 && { 'set-cookie': cookies }),
    },
    body: '',
  }
}

// A header is ASCII, so everything else in an address is escaped, line ends included.
function asciiLocation(location: string): string {
  return /^[\x21-\x7e]*$/.test(location)
    ? location
    : location.toWellFormed().replace(/[^\x21-\x7e]+/g, (text) => encodeURIComponent(text))
}

export function text(status: number, body: string, headers?: Headers): HttpReply {
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    body,
  }
}

/** The same reply with what the trace will tell about it; null: the trace tells nothing. */
export function withOutcome(reply: HttpReply, outcome: Outcome | null): HttpReply {
  return { ...reply, outcome }
}
