// What a server says by itself, before any endpoint is asked: to programs as JSON, to people on a page in their language.

import type { HttpReply, HttpRequest } from './message.ts'
import { json } from './reply/replies.ts'

export type NoticeName = 'overloaded' | 'starting' | 'body_too_large' | 'file_too_large' | 'another_file'

export interface Notice {
  readonly name: NoticeName
  /** For programs. One object for all, since thousands may be held back at once. */
  readonly reply: HttpReply
}

/** The notice as a page. It has the status of the reply, and its `retry-after`. */
export type NoticePages = (notice: Notice, request: HttpRequest) => HttpReply

export const OVERLOADED: Notice = {
  name: 'overloaded',
  reply: {
    ...json(
      503,
      { error: 'temporarily_unavailable', error_description: 'The server has too much to do, try again soon' },
      { 'retry-after': '1' },
    ),
    outcome: {
      rule: 'overloaded',
      clause: 'RFC 9110 §15.6.4',
      reason: 'More was asked for at once than can be answered',
    },
  },
}

export const STARTING: Notice = {
  name: 'starting',
  reply: { status: 503, headers: { 'retry-after': '1' }, body: '' },
}

export const BODY_TOO_LARGE: Notice = {
  name: 'body_too_large',
  reply: json(413, { error: 'invalid_request', error_description: 'The body is too large' }),
}

/** The same where a file is taken. */
export const FILE_TOO_LARGE: Notice = { ...BODY_TOO_LARGE, name: 'file_too_large' }

/** See `large-bodies.ts`. */
export const ANOTHER_FILE: Notice = {
  name: 'another_file',
  reply: json(
    503,
    { error: 'temporarily_unavailable', error_description: 'Another file is being received, try again soon' },
    { 'retry-after': '5' },
  ),
}

export function noticeReply(notice: Notice, request: HttpRequest, pages: NoticePages | undefined): HttpReply {
  if (pages === undefined || !acceptsPage(request)) return notice.reply
  try {
    return pages(notice, request)
  } catch {
    // Nobody is there yet who could tell of it: whoever is refused is refused in any case.
    return notice.reply
  }
}

/** A browser on its way to a page says so; scripts and programs say JSON or anything. */
export function acceptsPage({ headers }: HttpRequest): boolean {
  return headers['accept']?.includes('text/html') ?? false
}
