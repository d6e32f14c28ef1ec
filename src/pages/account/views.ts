// What the pages of a person's own account are told.

import type { BrowserKind } from '../../model/browser-kind.ts'
import type { DataKind } from '../../model/data-kind.ts'
import type { ClientView, FormTarget } from '../views.ts'

/** What has just been done, said once at the top. */
export interface AccountDone {
  readonly kind:
    | 'withdrawn'
    | 'nothing_to_withdraw'
    | 'signed_out'
    | 'session_gone'
    | 'signed_out_elsewhere'
    | 'password_changed'
  /** The client whose permission was withdrawn. */
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
    /** Absent when the browser is not known. */
    readonly browser?: BrowserKind
    readonly applications: readonly string[]
  }[]
  /** Fields posted: `session` (its value), or `elsewhere` = `yes`. */
  readonly signOutThere: FormTarget
  /** Signs out here. */
  readonly signOutHref: string
  /** Signs in as somebody else. */
  readonly anotherHref: string
  readonly passwordHref: string
}

export type NewPasswordFault =
  | 'missing'
  | 'too_short'
  | 'too_long'
  | 'unusable_character'
  | 'same_as_username'
  | 'too_common'
  | 'unchanged'

/** At most one: what is wrong with the first field that has to be mended. */
export type PasswordError =
  | { readonly field: 'current'; readonly fault: 'missing' | 'wrong' }
  | { readonly field: 'next'; readonly fault: NewPasswordFault }
  | { readonly field: 'again'; readonly fault: 'differs' }

/** Fields posted: `current-password`, `new-password`, `new-password-again`, `remember` = `yes`. */
export interface PasswordView {
  readonly form: FormTarget
  readonly user: { readonly name: string; readonly username: string }
  readonly minimumLength: number
  readonly remember: boolean
  readonly error: PasswordError | null
  /** Seconds, when there were too many attempts. */
  readonly wait: number | null
  readonly backHref: string
}

export interface WithdrawView {
  readonly form: FormTarget
  readonly client: ClientView
  /** How to reach whoever has the data. */
  readonly contact: string | null
  readonly user: { readonly name: string; readonly username: string }
  readonly backHref: string
}

/** Before whoever has signed in with a temporary password goes on. Fields posted: `new-password`, `new-password-again`. */
export interface FirstPasswordView {
  readonly form: FormTarget
  /** What the person signs in for; null: their own account. */
  readonly client: ClientView | null
  readonly user: { readonly name: string; readonly username: string }
  readonly minimumLength: number
  readonly error: PasswordError | null
  readonly cancel: FormTarget | null
}
