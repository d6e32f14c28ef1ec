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
  readonly wait?: number
  /** A password to be chosen comes before anything else. */
  readonly first?: FirstPassword
  /** The error, or the seconds to wait, where this is the answer to a form. */
  readonly said?: string
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
  readonly mayBe: (user: User) => boolean
  readonly onward: (entered: Entered<Other>) => Promise<HttpReply>
}

/** A choice that is to be made, by whom, and what is wrong with the last one. */
export interface FirstPassword {
  readonly user: FirstPasswordView['user']
  /** Fields that come back with the choice. */
  readonly proof: Readonly<Record<'user' | 'until' | 'remember' | 'proof', string>>
  readonly error: PasswordError | null
}
