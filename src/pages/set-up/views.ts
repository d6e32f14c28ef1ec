// What the pages of the operator's first hour are told: five set-up steps, the rehearsal, and the wait for the first
// real sign-in. Sentences that only another wing can make arrive as `Localized`.

import type { DataKind } from '../../model/data-kind.ts'
import type { FormTarget, Localized } from '../views.ts'

/** What is wrong with one field; the words are ours, `text` is for what only the caller can explain. */
export type FieldProblem =
  | { readonly problem: 'required' | 'passwords_differ' | 'username_taken' | 'username_forbidden' | 'username_blank' }
  | { readonly problem: 'phone_invalid' | 'phone_taken' | 'label_forbidden' | 'file_empty' | 'file_unreadable' }
  | { readonly problem: 'issuer_invalid' | 'issuer_needs_https' | 'issuer_has_path_or_query' | 'user_unknown' }
  | { readonly problem: 'too_short'; readonly limit: number }
  /** `length`: null where it was cut off before it was counted. */
  | { readonly problem: 'too_long'; readonly limit: number; readonly length: number | null }
  /** The field holds the corrected address already. */
  | { readonly problem: 'issuer_lacks_scheme'; readonly corrected: string }
  | { readonly problem: 'text'; readonly text: Localized }

export type Problems<Field extends string> = Readonly<Partial<Record<Field, FieldProblem>>>

/** A page reached by a link that is spent by its button only: a link preview spends nothing. */
export interface OpenLinkView {
  readonly form: FormTarget
  readonly purpose: 'set_up' | 'rehearsal'
  /** How long it holds once it is opened. */
  readonly hours: number
}

/** Step 1. Fields: `username`, `name`, `company`, `password`, `password_again`. */
export interface AdministratorView {
  readonly form: FormTarget
  readonly values: { readonly username: string; readonly name: string; readonly company: string }
  /** The options name the company, so it is shown and not asked for. */
  readonly isCompanyConfigured: boolean
  /** The administrator is there already and may keep the password. */
  readonly isThere: boolean
  readonly minimumLength: number
  readonly problems: Problems<'username' | 'name' | 'company' | 'password' | 'password_again'>
}

export type CheckState = 'ok' | 'warn' | 'bad' | 'unknown'

export interface CheckView {
  readonly what: Localized
  readonly state: CheckState
  readonly explanation: Localized
}

/** Step 2. Field: `issuer`; buttons post `action` = `check` or `continue`. */
export interface PublicAddressView {
  readonly form: FormTarget
  readonly issuer: string
  readonly problems: Problems<'issuer'>
  readonly checks: readonly CheckView[]
  /** Another address than the running server has, so it holds after a restart. */
  readonly mustRestart: boolean
  /** Our addresses, and who must be able to reach each. */
  readonly urls: readonly { readonly name: string; readonly url: string; readonly from: 'tencent' | 'browsers' }[]
}

/** Step 3, before: field `name`; the form of each twin goes on with that client instead. */
export interface ConnectView {
  readonly form: FormTarget
  readonly name: string
  /** Clients with the same callback, which are there already. */
  readonly twins: readonly { readonly name: string; readonly clientId: string; readonly use: FormTarget }[]
  /** How many there are, when `twins` is cut off. */
  readonly twinCount: number
  readonly problems: Problems<'name'>
}

/** Step 3, after: the six values; one button, which only goes on. */
export interface ConnectedView {
  readonly form: FormTarget
  readonly clientName: string
  readonly values: {
    readonly ClientId: string
    /** Null once it has been shown: it cannot be shown again. */
    readonly ClientSecret: string | null
    readonly AuthorizationEndpoint: string
    readonly TokenEndpoint: string
    readonly UserInfoEndpoint: string
    readonly Scope: string
  }
  readonly callback: string
  /** The words of the command that makes a new secret. */
  readonly rotateSecret: string
  /** That another client has the same name, and what to do; null: none has. */
  readonly sameName: Localized | null
  /** Why the values do nothing for 制作云 yet, and the step that chooses another address. */
  readonly notYet: NotYetView | null
}

export interface NotYetView {
  readonly issuer: string
  /** Nobody outside can reach an address like it, or the check has found a fault. */
  readonly fault: 'out_of_reach' | 'check_failed' | null
  /** What the server answers as until it is restarted. */
  readonly running: string | null
  readonly addressHref: string
}

/**
 * Step 4. The first form posts `username`, `name`, `phone`, `phone_verified` (`yes`), `password`, `password_temporary` (`yes`); the second, multipart, `file`, `csv`,
 * `passwords_temporary` (`yes`) and `anyway` (`yes`).
 * `skip`, shown when somebody is there already, posts only its csrf.
 */
export interface FirstPersonView {
  readonly form: FormTarget
  readonly importForm: FormTarget
  readonly skip: FormTarget | null
  readonly values: {
    readonly username: string
    readonly name: string
    readonly phone: string
    readonly phoneVerified: boolean
    /** They choose their own at the first sign-in. */
    readonly passwordTemporary: boolean
  }
  readonly problems: Problems<'username' | 'name' | 'phone' | 'password' | 'file' | 'csv'>
  readonly minimumLength: number
  readonly csv: string
  /** The same for everybody whom the file gives a password. */
  readonly passwordsTemporary: boolean
  /** What was pasted has not come with the page in another language. */
  readonly pasteAgain?: boolean
  /** Line 1 is the header. */
  readonly badRows: readonly { readonly line: number; readonly reason: Localized }[]
  /** How many rows were bad in all, when `badRows` is cut off. */
  readonly badRowCount?: number
  /** People who can sign in already. */
  readonly people: number
  /** The user name, where there is one person only. */
  readonly onlyPerson?: string | null
  /** How many of them have no phone number; null: too many to look at. */
  readonly peopleWithoutPhone: number | null
  /** Nothing was imported yet, because 制作云 may not accept some of them. Posted as `anyway` = `yes`, they are. */
  readonly gaps?: ImportGapsView | null
}

/** People of a file whom 制作云 may not accept; of each kind the first lines, and how many there are. */
export interface ImportGapsView {
  readonly withoutPhone: { readonly count: number; readonly lines: readonly number[] }
  readonly unverifiedPhone: { readonly count: number; readonly lines: readonly number[] }
  /** It has to be chosen again. */
  readonly wasFile: boolean
}

export type ContractEndpoint = 'authorize' | 'token' | 'userinfo'

export interface ContractLineView {
  /** `warn`: the contract holds, but somebody should act. */
  readonly state: 'ok' | 'bad' | 'note' | 'warn'
  readonly clause: string
  readonly text: Localized
  /** Why it failed and what to correct. */
  readonly explanation?: Localized
}

/** What the rehearsal saw; the very words that travelled, secrets masked already. */
export interface RehearsalResultView {
  readonly passed: boolean
  /** Why the client may not accept the person although it passed, and what to do; absent: nothing. */
  readonly warnings?: readonly Localized[]
  readonly clientName: string
  readonly userName: string
  readonly exchanges: readonly {
    readonly endpoint: ContractEndpoint
    readonly request: string
    readonly reply: string
    readonly lines: readonly ContractLineView[]
  }[]
  /** What the client would know about this person, claim by claim. */
  readonly known: readonly {
    readonly claim: string
    readonly value: string
    readonly kind: DataKind
    /** Whether a datum of this kind was verified. */
    readonly isVerification?: boolean
  }[]
}

/** What a file has brought. */
export interface ImportedView {
  readonly people: number
  readonly withoutPassword: number
}

/** Step 5, and the page on its own. Field: `user` (a listed value, or a user name when `users` is empty). */
export interface RehearsalView {
  readonly form: FormTarget
  readonly clientName: string
  readonly users: readonly { readonly value: string; readonly label: string }[]
  readonly chosen: string
  readonly problems: Problems<'user'>
  readonly result: RehearsalResultView | null
  /** In the set-up, after an import. */
  readonly imported?: ImportedView | null
  /** In the set-up: goes on to the last page. */
  readonly next: FormTarget | null
}

export interface LastRequestView {
  readonly endpoint: ContractEndpoint
  readonly state: 'waiting' | 'ok' | 'refused'
  readonly secondsAgo?: number
  /** The rule that refused it, with its clause. */
  readonly rule?: string
  readonly clause?: string
  readonly reason?: Localized
  readonly traceId?: string
}

/** After step 5. `done` once user info has been answered to the real client. */
export interface WaitingView {
  readonly clientName: string
  readonly requests: readonly LastRequestView[]
  readonly done: boolean
  /** The issuer, when nobody outside can reach an address like it. */
  readonly outOfReach: string | null
  /** This page again. */
  readonly refreshHref: string
  /** Ends the set-up; null when it has ended. */
  readonly finish: FormTarget | null
}
