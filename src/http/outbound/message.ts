// An outgoing request, and what came of it.

import type { OutboundWork } from './places.ts'

export interface OutboundRequest {
  readonly url: string
  /** Media types that are read; `application/*+json` stands for all of that suffix. Null: the body is not read at all. */
  readonly mediaTypes: readonly string[] | null
  readonly mostBytes: number
  /** Milliseconds for everything together: resolving, connecting, redirects, the body. Default 5000. */
  readonly milliseconds?: number
  /** How many redirects are followed; each address is checked as the first one was. Default none. */
  readonly redirects?: number
  /**
   * On whose behalf it is asked, where nobody vouches for them: a network, or one use of an unverified client. Such
   * requests are bounded in number and go to public hosts only.
   */
  readonly stranger?: string
  /** Whose places it takes. Default: those of `questions`. */
  readonly work?: OutboundWork
  /** Sent as `application/x-www-form-urlencoded` by POST; such a request never follows a redirect. */
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
  /** This stranger has had so much asked within a minute that nothing more is asked until it is over. */
  | 'limited'

export type OutboundAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly body: Uint8Array
      /** What its cache-control allows, in seconds; null: it says nothing. */
      readonly maxAge: number | null
    }
  /** `reason` repeats nothing of the answer except its status and media type. */
  | { readonly kind: 'failed'; readonly why: OutboundFailure; readonly reason: string }

export function failed(why: OutboundFailure, reason: string): OutboundAnswer & { kind: 'failed' } {
  return { kind: 'failed', why, reason }
}
