// What an error of our own becomes: a reply without detail, and a log entry without a secret.

import type { LogFields } from '../platform/log.ts'
import type { Outcome } from '../protocol/errors.ts'
import type { HttpReply } from './message.ts'
import { json } from './reply/replies.ts'

export interface Failure {
  readonly status: 500 | 503
  readonly rule: 'server_failed' | 'store_unavailable'
  readonly error: string
  readonly description: string
  readonly headers: Readonly<Record<string, string>>
  readonly outcome: Outcome
}

const STORE_UNAVAILABLE: Failure = {
  status: 503,
  rule: 'store_unavailable',
  error: 'temporarily_unavailable',
  description: 'The server cannot answer now, try again soon',
  headers: { 'retry-after': '2' },
  outcome: { rule: 'store_unavailable', clause: 'RFC 9110 §15.6.4', reason: 'The store did not answer' },
}

const SERVER_FAILED: Failure = {
  status: 500,
  rule: 'server_failed',
  error: 'server_error',
  description: 'The server failed to answer this request',
  headers: {},
  outcome: {
    rule: 'server_failed',
    clause: 'RFC 9110 §15.6.1',
    reason: 'An unexpected failure; the log names the place',
  },
}

/** 503 when the store cannot answer at present, otherwise 500. */
export function failureOf(error: unknown): Failure {
  return isStoreUnavailable(error) ? STORE_UNAVAILABLE : SERVER_FAILED
}

/** The reply to a failure: nothing is allowed, and no detail is told. */
export function failureReply(error: unknown): HttpReply {
  const { status, error: code, description, headers, outcome } = failureOf(error)
  return { ...json(status, { error: code, error_description: description }, headers), outcome }
}

// Recognised by its name, because http and store are neighbours that do not import each other.
function isStoreUnavailable(error: unknown): boolean {
  return error instanceof Error && error.name === 'StoreUnavailable'
}

/** Name, code and place of an error. Never its message: messages of parsers and databases quote what was being read. */
export function describeFailure(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return {
    error: error.name,
    code,
    at:
      frames
        .slice(0, 4)
        .map((line) => line.trim().slice(3))
        .join(' < ') || undefined,
  }
}
