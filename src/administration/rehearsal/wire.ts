// Requests as plain objects, and what travelled as text to show: word for word, with every secret cut to its first
// four characters.

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import type { Addresses } from '../../protocol/addresses.ts'
import type { Pairs } from './script.ts'

/** Spaces as `%20`, as the guide of 制作云 writes them. */
export function encodePairs(pairs: Pairs): string {
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
}

export interface Sent {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: Pairs
}

// RFC 5737: an address of documentation, which no limit or log can mistake for somebody's.
const PEER_ADDRESS = '192.0.2.1'

export function requestTo(addresses: Addresses, sent: Sent): HttpRequest {
  const { host } = new URL(addresses.issuer)
  const body = sent.form === undefined ? '' : encodePairs(sent.form)
  return {
    method: sent.method,
    path: sent.path,
    query: sent.query ?? '',
    headers: {
      host,
      ...sent.headers,
      ...(sent.form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    body: Buffer.from(body),
    peer: { address: PEER_ADDRESS, secure: addresses.secure, host },
  }
}

function maskSecret(secret: string): string {
  return `${secret.slice(0, 4)}…`
}

/** Longest first, so that no secret is left over because a shorter one was part of it. */
function maskAll(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length > 4)
    .toSorted((a, b) => b.length - a.length)
    .reduce((masked, secret) => masked.replaceAll(secret, maskSecret(secret)), text)
}

export function requestText(request: HttpRequest, secrets: readonly string[]): string {
  const target = request.query === '' ? request.path : `${request.path}?${request.query}`
  const lines = Object.entries(request.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  )
  return maskAll(
    join(`${request.method} ${target} HTTP/1.1`, lines, Buffer.from(request.body).toString('utf8')),
    secrets,
  )
}

export function replyText(reply: HttpReply, secrets: readonly string[]): string {
  const isPage = header(reply, 'content-type').startsWith('text/html')
  const lines = Object.entries(reply.headers)
    .filter(([name]) => !isPage || name === 'content-type' || name === 'x-trace-id')
    .flatMap(([name, value]) => (typeof value === 'string' ? [value] : value).map((each) => `${name}: ${each}`))
  // A page's markup tells nobody anything; its words are on the line that explains it.
  return maskAll(join(`HTTP/1.1 ${reply.status}`, lines, isPage ? '…' : bodyOf(reply)), secrets)
}

function join(first: string, headers: readonly string[], body: string): string {
  return [first, ...headers, ...(body === '' ? [] : ['', body])].join('\n')
}

export function bodyOf(reply: HttpReply): string {
  return typeof reply.body === 'string' ? reply.body : Buffer.from(reply.body).toString('utf8')
}

export function header(reply: HttpReply, name: string): string {
  const value = reply.headers[name]
  return typeof value === 'string' ? value : (value?.join(', ') ?? '')
}

export type Members = Readonly<Record<string, unknown>>

/** The members of a JSON object; null for anything else. */
export function jsonMembers(reply: HttpReply): Members | null {
  let value: unknown
  try {
    value = JSON.parse(bodyOf(reply))
  } catch {
    return null
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : null
}
