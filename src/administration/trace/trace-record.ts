// The shape of a trace: what is kept of one request, as JSON in the store. Names and masked text only.

import type { Seconds } from '../../model/time.ts'

/** Endpoints and pages worth a trace, by the last word of their path. */
export const ENDPOINTS = [
  'authorize',
  'par',
  'device-authorization',
  'token',
  'userinfo',
  'introspect',
  'revoke',
  'end-session',
  'register',
] as const
/** Pages between the authorization request and its answer: traced when they refuse, or answer the client. */
export const JOURNEY_PAGES = ['device', 'continue', 'sign-in', 'choose-account', 'consent'] as const

export interface TraceParameters {
  /** Names of the parameters, in the order in which they were sent. */
  readonly query: readonly string[]
  readonly body: readonly string[]
  readonly repeated: readonly string[]
  /** How many names are not shown because they do not look like names. */
  readonly unnamed: number
  /** The parts of the request that could not be read at all. */
  readonly unreadable: readonly ('query' | 'body')[]
}

export interface TraceRecord {
  /** When the first request of this record came. */
  readonly time: Seconds
  /** Which of two requests of one second came later. */
  readonly order: number
  readonly endpoint: string
  readonly method: string
  readonly status: number
  /** Milliseconds. */
  readonly elapsed: number
  readonly contentType: string | null
  readonly parameters: TraceParameters
  /** Harmless values: response_type, scope, redirect_uri without its query, … */
  readonly values: Readonly<Record<string, string>>
  /** How client or token were presented: `basic`, `body`, `bearer`, `query`, `none`; several joined by `+`. */
  readonly credentials: string
  /** The client_id that was sent, masked; null when none was. */
  readonly claimedClient: string | null
  /** IPv4 /24, IPv6 /48. */
  readonly network: string
  readonly userAgent: string | null
  readonly rule: string
  readonly clause: string
  readonly reason: string
  readonly observed: Readonly<Record<string, string | number | boolean>>
  /** Names of the members of a successful JSON reply: which claims, whether a refresh token. */
  readonly members: readonly string[] | null
  /** Requests of the same client, endpoint and rule in the same minute that were only counted. */
  readonly more: number
}

/** A record with what the store knows of it. */
export interface Trace extends TraceRecord {
  readonly traceId: string
  /** Null: the request named no client of ours. */
  readonly clientId: string | null
  /** When the last request that it counts came. */
  readonly lastTime: Seconds
}

/** Null for text that no version of this shape has written. Members that a version lacks are as empty as can be. */
export function parseTraceRecord(text: string): TraceRecord | null {
  const source = parseObject(text)
  if (source === null) return null
  const { time, endpoint, rule } = source
  if (typeof time !== 'number' || typeof endpoint !== 'string' || typeof rule !== 'string') return null
  const parameters = objectOf(source['parameters'])
  return {
    time,
    endpoint,
    rule,
    order: numberOf(source['order']),
    method: textOf(source['method']) ?? '',
    status: numberOf(source['status']),
    elapsed: numberOf(source['elapsed']),
    contentType: textOf(source['contentType']),
    parameters: {
      query: textsOf(parameters['query']),
      body: textsOf(parameters['body']),
      repeated: textsOf(parameters['repeated']),
      unnamed: numberOf(parameters['unnamed']),
      unreadable: textsOf(parameters['unreadable']).filter((place) => place === 'query' || place === 'body'),
    },
    values: entriesOf(source['values'], (value) => typeof value === 'string'),
    credentials: textOf(source['credentials']) ?? 'none',
    claimedClient: textOf(source['claimedClient']),
    network: textOf(source['network']) ?? '',
    userAgent: textOf(source['userAgent']),
    clause: textOf(source['clause']) ?? '',
    reason: textOf(source['reason']) ?? '',
    observed: entriesOf(source['observed'], isFact),
    members: Array.isArray(source['members']) ? textsOf(source['members']) : null,
    more: numberOf(source['more']),
  }
}

type Source = Readonly<Record<string, unknown>>

function isSource(value: unknown): value is Source {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseObject(text: string): Source | null {
  try {
    const value: unknown = JSON.parse(text)
    return isSource(value) ? value : null
  } catch {
    return null
  }
}

function objectOf(value: unknown): Source {
  return isSource(value) ? value : {}
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

function isFact(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function entriesOf<Value>(value: unknown, is: (value: unknown) => value is Value): Readonly<Record<string, Value>> {
  const entries = Object.entries(objectOf(value))
  return Object.fromEntries(entries.flatMap(([name, each]): [string, Value][] => (is(each) ? [[name, each]] : [])))
}
