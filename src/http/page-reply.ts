// A rendered page as a reply: with the one Content-Security-Policy that lets it work and nothing else.

import type { HttpReply } from './message.ts'
import { html } from './replies.ts'

/** What a page says of itself; `pages` makes it. Sources are hashes without quotes. */
export interface RenderedPage {
  readonly status: number
  readonly html: string
  readonly styleHash: string
  readonly scriptHashes: readonly string[]
}

export interface PageReplyOptions {
  /** Where the answer of a form on this page may lead beside our own origin. */
  readonly formAction?: readonly string[]
  readonly frameAncestors?: readonly string[]
  readonly cookies?: readonly string[]
  readonly headers?: HttpReply['headers']
}

export function pageReply(page: RenderedPage, options: PageReplyOptions = {}): HttpReply {
  return html(page.status, page.html, {
    styleHashes: [unquoted(page.styleHash)],
    scriptHashes: page.scriptHashes.map(unquoted),
    ...(options.formAction && { formAction: options.formAction }),
    ...(options.frameAncestors && { frameAncestors: options.frameAncestors }),
    ...(options.cookies && { cookies: options.cookies }),
    ...(options.headers && { headers: options.headers }),
  })
}

function unquoted(source: string): string {
  return source.replaceAll("'", '')
}
