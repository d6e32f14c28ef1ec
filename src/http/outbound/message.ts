// What is asked of others, and what comes of it.

import type { OutboundWork } from './places.ts'

export interface OutboundRequest {
  readonly url: string
  /** Media types that are read; `application/*+json` stands for all of that suffix. Null: the body is not read at all. */
  readonly mediaTypes: readonly string[] | null
  readonly mostBytes: number
  /** For everything together: resolving, connecting, redirects, the body. Default 5000. */
  readonly milliseconds?: number
  /** How many are followed, each checked as the first address was. Default none. */
  readonly redirects?: number
  /** Who has it asked, where nobody vouches for them: a network, or a use of an unverified client. Bounded, and held to public hosts. */
  readonly stranger?: string
  /** Whose places it takes. Default: those of questions. */
  readonly work?: OutboundWork
  /** Sends this as `application/x-www-form-urlencoded` by POST; such a request is never redirected. */
  readonly form?: string
}

export type OutboundFailure =
  | 'url'
  | 'address'
  | 'unresolved'
  | 'unreachable'
  | 'redirected'
  | 'status'
  | 'media_type'
  | 'too_large'
  | 'too_slow'
  | 'busy'
  /** So much was asked for this stranger within a minute that nothing is asked for the rest of it. */
  | 'limited'

export type OutboundAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly body: Uint8Array
      /** What its cache-control allows, in seconds; null: it says nothing. */
      readonly maxAge: number | null
    }
  /** `reason` never repeats anything of the answer but its status and media type. */
  | { readonly kind: 'failed'; readonly why: OutboundFailure; readonly reason: string }

export function failed(why: OutboundFailure, reason: string): OutboundAnswer & { kind: 'failed' } {
  return { kind: 'failed', why, reason }
}
