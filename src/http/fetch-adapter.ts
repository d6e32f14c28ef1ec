// From a Request of the Fetch API to plain objects, and back to a Response: the portable path, for hosts that have no
// node:http.

import { failureReply } from './failures.ts'
import type { Handle } from './handle.ts'
import type { HttpReply, HttpRequest } from './message.ts'
import { ANOTHER_FILE, BODY_TOO_LARGE, FILE_TOO_LARGE, type Notice, type NoticePages, noticeReply } from './notice.ts'
import {
  type BodyLimits,
  bodyLimitOf,
  EMPTY_BODY,
  encodingRefused,
  isLargeBody,
  isPlainEncoding,
  takesFiles,
} from './request/body-limits.ts'
import { createLargeBodies } from './request/large-bodies.ts'
import { ReceivedBody } from './request/received-body.ts'

/** What the host knows about the visitor and a Request does not carry. Limits on guessing count by the address. */
export interface FetchVisitor {
  readonly address: string
}

export interface FetchSettings extends BodyLimits {
  /** What a browser is told by the server itself; without it, JSON like everybody else. */
  readonly noticePages?: NoticePages
}

export function toFetch(
  handle: Handle,
  settings: FetchSettings = {},
): (request: Request, visitor?: FetchVisitor) => Promise<Response> {
  const limitOf = bodyLimitOf(settings)
  const largeBodies = createLargeBodies()

  return async (request, visitor) => {
    const asked = withoutBody(request, visitor)
    const notify = (notice: Notice) => toResponse(noticeReply(notice, asked, settings.noticePages), request)
    if (request.body !== null && !isPlainEncoding(asked.headers['content-encoding'])) {
      return toResponse(encodingRefused, request)
    }
    const limit = limitOf(asked.path)
    const tooLarge = takesFiles(settings, asked.path) ? FILE_TOO_LARGE : BODY_TOO_LARGE
    const isLarge = request.body !== null && isLargeBody(settings, limit, asked.headers['content-length'])
    const release = isLarge ? largeBodies.take(asked.peer.address) : undefined
    if (release === null) return notify(ANOTHER_FILE)
    try {
      const body = await readBody(request, limit)
      return body === null ? notify(tooLarge) : toResponse(await handle({ ...asked, body }), request)
    } catch (error) {
      return toResponse(failureReply(error), request)
    } finally {
      release?.()
    }
  }
}

function withoutBody(request: Request, visitor: FetchVisitor | undefined): HttpRequest {
  const url = new URL(request.url)
  return {
    method: request.method,
    path: url.pathname,
    query: url.search.slice(1),
    headers: Object.fromEntries(request.headers),
    body: EMPTY_BODY,
    peer: { address: visitor?.address ?? '', secure: url.protocol === 'https:', host: url.host },
  }
}

/** Null when the body is larger than `limit`; the rest of it is then not read. */
async function readBody(request: Request, limit: number): Promise<Uint8Array | null> {
  if (request.body === null) return EMPTY_BODY
  const body = new ReceivedBody()
  for await (const chunk of request.body as AsyncIterable<Uint8Array>) {
    if (body.length + chunk.length > limit) return null
    body.add(chunk)
  }
  return body.whole()
}

function toResponse(reply: HttpReply, request: Request): Response {
  const headers = new Headers()
  for (const [name, value] of Object.entries(reply.headers)) {
    if (typeof value === 'string') headers.set(name, value)
    else for (const one of value) headers.append(name, one)
  }
  const empty = request.method === 'HEAD' || reply.status === 204 || reply.status === 304
  const body = typeof reply.body === 'string' ? reply.body : new Uint8Array(reply.body)
  return new Response(empty ? null : body, { status: reply.status, headers })
}
