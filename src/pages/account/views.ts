// What the pages of a person's own account are told.

import type { BrowserKind } from '../../model/browser-kind.ts'
import type { DataKind } from '../../model/data-kind.ts'
import type { ClientView, FormTarget } from '../views.ts'

/** What has just been done, said once at the top. */
export interface AccountDone {
  readonly kind: 'withdrawn' | 'nothing_to_withdraw' | 'signed_out' | 'session_gone' | 'signed_out_elsewhere'
  /** Whose permission it was. */
  readonly client?: string
  /** How many browsers were signed out. */
  readonly count?: number
}

/** Seconds since 1970. */
type Instant = number

export interface AccountView {
  readonly user: { readonly name: string; readonly username: string }
  readonly done: AccountDone | null
  readonly now: Instant
  /** Where the person is, as their profile says (`Asia/Shanghai`); null or unknown: where the server is. */
  readonly zone: string | null
  /** Each with the address of the page that asks before anything is withdrawn. */
  readonly applications: readonly {
    readonly client: ClientView
    readonly since: Instant
    readonly kinds: readonly { readonly kind: DataKind; readonly label?: string }[]
    /** APIs that it may use in the person's name. */
    readonly resources: readonly { readonly name: string; readonly scope: readonly string[] }[]
    readonly withdrawHref: string
  }[]
  readonly sessions: readonly {
    readonly value: string
    readonly isHere: boolean
    readonly since: Instant
    readonly lastUsed: Instant
    /** Left out: nobody knows. */
    readonly browser?: BrowserKind
    readonly applications: readonly string[]
  }[]
  /** Fields posted: `session` (its value), or `elsewhere` = `yes`. */
  readonly signOutThere: FormTarget
  /** Signs out here. */
  readonly signOutHref: string
  /** Signs in as somebody else. */
  readonly anotherHref: string
}

export interface WithdrawView {
  readonly form: FormTarget
  readonly client: ClientView
  /** How to reach whoever has the data. */
  readonly contact: string | null
  readonly user: { readonly name: string; readonly username: string }
  readonly backHref: string
}
