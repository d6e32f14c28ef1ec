// What each page of the way through sign-in is told: plain values, no markup. The set-up's and the rehearsal's views
// are in `set-up/views.ts`. Every page is a function `(view, frame) => Page`.

import type { DataKind } from '../model/data-kind.ts'
import type { Brand } from './look/brand.ts'
import type { Locale } from './look/locale.ts'

/** What surrounds every page: the language, the operator's brand, and where the same page is in each language. */
export interface Frame {
  readonly locale: Locale
  readonly brand: Brand
  /** What commands on the page end with; see `CommandFlags`. */
  readonly commandFlags?: string
  /** Same page, other language (usually this address with `ui_locales`). Empty: no switch is shown. */
  readonly languageHrefs: Readonly<Partial<Record<Locale, string>>>
  /** What has to be posted there to have this page again, where it is the answer to a form. Never a password. */
  readonly again?: Readonly<Record<string, string>>
}

/** A page ready to be sent, with what its Content-Security-Policy has to allow. */
export interface Page {
  readonly status: number
  readonly title: string
  readonly html: string
  /** Source for `style-src`, quotes included: `'sha256-…'`. */
  readonly styleHash: string
  /** Sources for `script-src`; empty on most pages: then say `script-src 'none'`. */
  readonly scriptHashes: readonly string[]
  /** Source for `img-src`: `'none'`, `'self'` or `'self' data:`. */
  readonly imageSource: string
  /** Source for `connect-src`: `'none'`, or `'self'` where a script asks for the same page again. */
  readonly connectSource: string
}

/** Where a form posts. Every form carries the hidden field `csrf` and what `hidden` adds. */
export interface FormTarget {
  /** A path on our origin. */
  readonly action: string
  readonly csrf: string
  readonly hidden?: Readonly<Record<string, string>>
}

/** Text that comes from outside this folder: one text, or one for each language. */
export type Localized = string | Readonly<Record<Locale, string>>

/** The client as the person meets it. */
export interface ClientView {
  readonly name: string
  readonly policyUrl?: string | null
  readonly termsUrl?: string | null
  /** A path on our origin. */
  readonly logo?: string | null
  /** Where the answer goes, when nobody here knows who runs the client; null: it is verified. */
  readonly unverifiedTarget?: string | null
}

export type SignInError =
  /** Unknown user and wrong password alike. */
  | 'wrong_credentials'
  | 'username_missing'
  | 'password_missing'
  /** Right password, but the user is disabled: say it only to whom the password was right. */
  | 'user_disabled'
  /** An `id_token_hint` or choice named another person than the one who signed in. */
  | 'other_user_expected'
  /** What proved a temporary password no longer holds. */
  | 'choice_expired'

/** Fields posted: `username`, `password`, `remember` (`yes` when ticked), `csrf`. */
export interface SignInView {
  readonly form: FormTarget
  /** Null when nobody asks (the operator's own pages). */
  readonly client: ClientView | null
  /** Prefills the editable user name: `login_hint`, or what was typed. */
  readonly username: string
  /** The person who has to prove again who they are (`prompt=login`, `max_age`); shown, and prefilled when `username` is empty. */
  readonly knownUser?: string | null
  readonly remember?: boolean
  readonly error?: SignInError | null
  /** Posts `decision=deny`. Null: no way back is offered. */
  readonly cancel: FormTarget | null
}

/** 429: same fields as sign-in; the caller adds `Retry-After`. */
export interface WaitView {
  readonly form: FormTarget
  readonly client: ClientView | null
  readonly username: string
  readonly seconds: number
  readonly remember?: boolean
  readonly cancel: FormTarget | null
}

/** Fields posted: `account` (the chosen value), or `another=yes`. */
export interface ChooseAccountView {
  readonly form: FormTarget
  readonly client: ClientView | null
  /** Buttons `account-1`, `account-2`, … in this order; `account-other` is the one for somebody else. */
  readonly accounts: readonly { readonly value: string; readonly name: string; readonly username: string }[]
  readonly cancel: FormTarget | null
}

/** One kind of personal data on the consent page. */
export interface KindView {
  readonly kind: DataKind
  /** The very value that will be sent, masked where it should be (see `maskPhone`). Absent: only the kind is named. */
  readonly value?: string | null
  /** The claim's own name; needed for `custom` only. */
  readonly label?: string
  /** For phone and email: whether it has been proven. */
  readonly verified?: boolean
}

/** Field posted: `decision` = `allow` or `deny`. */
export interface ConsentView {
  readonly form: FormTarget
  readonly client: ClientView
  /** Who receives the data; falls back to the client's name. */
  readonly recipient: string | null
  readonly contact: string | null
  readonly purpose: string | null
  /** The host that vouches for what the client says about itself; null: it is known here otherwise. */
  readonly identity?: string | null
  readonly user: { readonly name: string; readonly username: string }
  readonly kinds: readonly KindView[]
  /** APIs that the client could use in the person's name. */
  readonly resources?: readonly {
    readonly name: string
    readonly identifier: string
    readonly scope: readonly string[]
  }[]
  /** Where the yes can be withdrawn later; null: only an operator can. */
  readonly accountHref?: string | null
  /** Posts `another=yes`: this is not me. */
  readonly switchUser?: FormTarget | null
  /** The page is shown again because this happened. */
  readonly notice?: 'user_changed' | null
}

/** Where somebody types the code of a device. */
export interface DeviceCodeView {
  readonly form: FormTarget
  readonly typed: string
  readonly error: 'missing' | 'unknown' | null
  /** Seconds until the next code is looked at; null: at once. */
  readonly wait: number | null
}

/** Whether it is their device. */
export interface DeviceConfirmView {
  readonly form: FormTarget
  readonly client: ClientView
  /** As the device shows it. */
  readonly userCode: string
}

export interface DeviceDoneView {
  readonly isAllowed: boolean
}

/** An answer on its way to the client as a form: the only form that leaves our origin. */
export interface FormPostView {
  /** A trusted redirect URI, https or http. */
  readonly action: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly client: ClientView
}

/** Fields posted: `decision` = `sign-out` or `stay`; `everywhere` (`yes` when ticked). */
export interface SignOutView {
  readonly form: FormTarget
  readonly client: ClientView | null
  readonly user: { readonly name: string; readonly username: string } | null
  /** Where the person sees what "everywhere" would be. */
  readonly accountHref?: string | null
  readonly notice?: 'form_expired' | null
}

export interface SignedOutView {
  /** The trusted `post_logout_redirect_uri` with its state, as a plain link. */
  readonly continueHref?: string | null
  readonly client: ClientView | null
  /** The person chose to stay signed in. */
  readonly stayed?: boolean
  /** For whoever is signed in still, and for signing in again. */
  readonly accountHref?: string | null
  /** Where there is no account page. */
  readonly frontHref?: string | null
  /** Addresses of clients that are told by being loaded in a frame; the policy must name their origins. */
  readonly frames?: readonly string[]
}

/** Names what the visitor and the operator are told; see `words`. None of them says what a stranger must not know. */
export type ErrorAdvice =
  | 'unknown_client'
  | 'redirect_uri_missing'
  | 'redirect_uri_mismatch'
  | 'request_malformed'
  | 'request_too_large'
  | 'request_refused'
  | 'unverified_client'
  | 'access_denied'
  | 'post_logout_redirect_uri'
  | 'id_token_hint'
  | 'interaction_expired'
  | 'interaction_unknown'
  | 'cookies_missing'
  | 'cross_site_form'
  | 'link_spent'
  | 'set_up_done'
  | 'method_not_allowed'
  | 'overloaded'
  | 'database_away'
  | 'server_error'

export interface ErrorView {
  readonly status: number
  /** The OAuth error code, text of `error-code`. */
  readonly code: string
  /** Printable ASCII for whoever develops the client, text of `error-description`. */
  readonly description: string
  readonly traceId: string
  readonly advice: ErrorAdvice
  readonly client?: ClientView | null
  /** The issuer's own address, where that is a way on. */
  readonly frontHref?: string | null
  /** A trusted address at the client that would be told of it, as a plain link, and what names that place. */
  readonly onward?: { readonly href: string; readonly target: string } | null
}

/** What the server says before anything is known of what was asked for. */
export interface NoticeView {
  readonly status: number
  readonly notice: 'overloaded' | 'starting' | 'body_too_large' | 'file_too_large' | 'another_file'
}

/** Before a person is sent to a client that nobody has verified. */
export interface LeaveView {
  readonly client: ClientView
  /** A registered address of the client. */
  readonly href: string
  readonly target: string
}

/** 421: the request came to another host than the issuer's. */
export interface MisdirectedView {
  /** The issuer as text, and the same page there. */
  readonly issuer: string
  readonly href: string
}

/** The issuer's own address. */
export interface FrontView {
  /** It is not finished: whoever runs the server is told how to open it, without any link. */
  readonly setUpIsOpen: boolean
  /** Where people see what they have let in. */
  readonly accountHref?: string | null
}

export interface NotFoundView {
  readonly traceId?: string | null
  /** The issuer's own address, where there is a page of ours. */
  readonly frontHref?: string | null
  /** Where there is no front page. */
  readonly accountHref?: string | null
}
