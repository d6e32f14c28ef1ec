// The boundary: a request and a reply as plain objects. The Node and the fetch adapter translate; nothing else
// in the house knows a socket.

import type { Outcome } from '../protocol/errors.ts'

export interface HttpRequest {
  readonly method: string
  /** As sent, still percent-encoded, without the query: `/sso/authorize`. */
  readonly path: string
  /** Raw, without the question mark; empty when there is none. */
  readonly query: string
  /** Lower-case names. Repeated headers are joined as Node joins them. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** At most `maxBody` bytes (the adapter answers 413 before an endpoint sees more). */
  readonly body: Uint8Array
  /** The visitor's address and scheme, after trusted proxies have been believed. */
  readonly peer: Peer
  /** It may have waited while this process stood still: whoever sent it may have given up, and asked another node. */
  readonly mayBeLate?: boolean
}

export interface Peer {
  /** IPv4 or IPv6, never a header of an untrusted peer. */
  readonly address: string
  readonly secure: boolean
  /** Host as the visitor sees it, with port; empty when none was sent. */
  readonly host: string
}

export interface HttpReply {
  readonly status: number
  /**
   * Lower-case names, values of ASCII. An array makes one header line each (`set-cookie`). Never those that the server writes itself:
   * `content-length`, `date`, `connection`, `keep-alive`.
   */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string | Uint8Array
  /** Why it was decided so; the router hands it to the trace. Null: nothing was decided, whatever the status, and nothing is traced. */
  readonly outcome?: Outcome | null
  /** Origins whose scripts may read it, where the endpoint knows; spares the route's policy a look-up. */
  readonly origins?: readonly string[]
  /** This very object is given again and again: what is made of it may be kept beside it. */
  readonly isFixed?: true
}

export type Endpoint = (request: HttpRequest) => Promise<HttpReply>
