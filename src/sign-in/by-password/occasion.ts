// What somebody signs in for, and what the page that they sign in on has to say.

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import type { User } from '../../model/user.ts'
import type { FirstPasswordView, PasswordError, SignInError } from '../../pages/index.ts'
import type { Outcome } from '../../protocol/errors.ts'
import type { SignedIn } from '../../store/verbs/sessions.ts'
import type { Browser } from '../visit.ts'
import type { Entered } from './enter.ts'

/** What was typed, and what the page has to say about it. */
export interface Shown {
  readonly username?: string
  readonly remember?: boolean
  readonly error?: SignInError
  /** Seconds until the next attempt, where there were too many. */
  readonly wait?: number
  /** A password to be chosen comes before anything else. */
  readonly first?: FirstPassword
  /** The error, or the seconds to wait, where this is the answer to a form. */
  readonly said?: string
  /** Goes into the trace. Null: nothing to be traced, such as a switch of language. */
  readonly outcome?: Outcome | null
}

/** What somebody signs in for. */
export interface Occasion<Other extends SignedIn = SignedIn> {
  readonly http: HttpRequest
  readonly browser: Browser
  /** Live sessions of this browser. */
  readonly signedIn: readonly Other[]
  /** Noted in events; null: no client asks. */
  readonly clientId: string | null
  /** Shows the page again. */
  readonly show: (shown: Shown) => HttpReply
  /** False where the request asks for somebody else (`id_token_hint`, `claims`). */
  readonly mayBe: (user: User) => boolean
  /** The reply after the sign-in: what the person came for. */
  readonly onward: (entered: Entered<Other>) => Promise<HttpReply>
}

/** A choice that is to be made, by whom, and what is wrong with the last one. */
export interface FirstPassword {
  readonly user: FirstPasswordView['user']
  /** Fields that come back with the choice. */
  readonly proof: Readonly<Record<'user' | 'until' | 'remember' | 'proof', string>>
  readonly error: PasswordError | null
}
