// The boundary: a request and a reply as plain objects. Adapters for Node and Fetch translate; nothing beyond them
// knows a socket.

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
  /**
   * The request may have waited while this process stood still: its sender may have given up, and asked another node.
   */
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
   * Lower-case names, ASCII values. An array makes one header line for each value (`set-cookie`). Headers that the
   * server writes itself never stand here: `content-length`, `date`, `connection`, `keep-alive`.
   */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string | Uint8Array
  /**
   * Why the request was decided so; the router hands it to the trace. Null: nothing was decided, whatever the status,
   * and nothing is traced.
   */
  readonly outcome?: Outcome | null
  /**
   * Origins whose scripts may read the reply, where the endpoint knows them: that spares the route's policy a look-up.
   */
  readonly origins?: readonly string[]
  /** This very object is given as a reply many times, so what is made from it may be kept with it. */
  readonly isFixed?: true
}

export type Endpoint = (request: HttpRequest) => Promise<HttpReply>
