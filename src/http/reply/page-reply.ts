// A rendered page as a reply, with the strictest Content-Security-Policy under which it works, and the headers that
// every page has.

import type { HttpReply } from '../message.ts'
import { type PageSecurity, type PageSources, pageHeaders } from './security-headers.ts'

/** What a page says of itself; `pages` makes it. */
export interface RenderedPage extends PageSources {
  readonly status: number
  readonly html: string
}

export interface PageReplyOptions extends PageSecurity {
  /** Set-Cookie values. */
  readonly cookies?: readonly string[]
  readonly headers?: HttpReply['headers']
}

/** Throws `RangeError` for a source that would end its directive. */
export function pageReply(page: RenderedPage, options: PageReplyOptions = {}): HttpReply {
  const { cookies = [], headers } = options
  return {
    status: page.status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      ...pageHeaders(page, options),
      ...(cookies.length > 0 && { 'set-cookie': cookies }),
      ...headers,
    },
    body: page.html,
  }
}
