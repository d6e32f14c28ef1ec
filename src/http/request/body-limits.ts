// How large a body may be and which encodings it may have; the same for both adapters.

import type { HttpReply } from '../message.ts'
import { json } from '../reply/replies.ts'

export interface BodyLimits {
  /** Bytes. Default 64 KiB. */
  readonly maxBody?: number
  /** Bytes for the few paths that take more; undefined for all others. */
  readonly largeBody?: (path: string) => number | undefined
}

const DEFAULT_MAX_BODY = 64 * 1024

export const EMPTY_BODY = new Uint8Array(0)

export function bodyLimitOf(limits: BodyLimits): (path: string) => number {
  const { maxBody = DEFAULT_MAX_BODY, largeBody } = limits
  return (path) => largeBody?.(path) ?? maxBody
}

/** Whether this path takes files. */
export function takesFiles({ largeBody }: BodyLimits, path: string): boolean {
  return largeBody?.(path) !== undefined
}

/** Whether a body may become larger than usual; one of unknown length may. */
export function isLargeBody({ maxBody = DEFAULT_MAX_BODY }: BodyLimits, limit: number, length: string | undefined) {
  return limit > maxBody && (length === undefined || Number(length) > maxBody)
}

/** A compressed body is refused, so that a small request cannot become a large one. */
export function isPlainEncoding(contentEncoding: string | undefined): boolean {
  return contentEncoding === undefined || contentEncoding === '' || contentEncoding.toLowerCase() === 'identity'
}

function adapterRefusal(status: 400 | 415 | 417 | 501 | 505, description: string): HttpReply {
  return json(status, { error: 'invalid_request', error_description: description })
}

export const encodingRefused = adapterRefusal(415, 'A Content-Encoding is not accepted')
export const targetRefused = adapterRefusal(400, 'The request is malformed')
export const expectationRefused = adapterRefusal(417, 'The server meets no such expectation')
export const transferRefused = adapterRefusal(501, 'No Transfer-Encoding but chunked is understood')
export const versionRefused = adapterRefusal(505, 'The server speaks HTTP/1.1')
