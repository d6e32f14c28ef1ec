// Whoever signs in with a temporary password chooses one of their own before they go on. Until then there is no session;
// the page holds what proves, in this browser and for ten minutes, that the temporary password was right. It ends with the
// first use, because a chosen password is the next generation of the user. docs/decisions/0062

import { PasswordHashingBusy } from '../../credentials/hashing-queue.ts'
import { SHORTEST_PASSWORD } from '../../credentials/password-text.ts'
import type { HttpReply } from '../../http/message.ts'
import type { Seconds } from '../../model/time.ts'
import type { User, UserWithPassword } from '../../model/user.ts'
import {
  type FirstPasswordView,
  type Frame,
  firstPasswordPage,
  type Page,
  type PasswordError,
} from '../../pages/index.ts'
import type { Outcome } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import type { SignedIn } from '../../store/verbs/sessions.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import type { SignInParts } from '../parts.ts'
import { crowded } from '../refuse.ts'
import { enterByNewPassword, newPasswordError, newPasswordIn } from './new-password.ts'
import type { FirstPassword, Occasion } from './occasion.ts'

const PROOF_LASTS: Seconds = 600

type Proven = Pick<User, 'userId' | 'generation'>

const purposeOf = ({ userId, generation }: Proven, until: string, remember: string) =>
  `first-password:${JSON.stringify([userId, generation, until, remember])}`

/** After the temporary password was right. */
export function askForFirst<Other extends SignedIn>(
  parts: SignInParts,
  occasion: Occasion<Other>,
  user: UserWithPassword,
  remember: boolean,
): HttpReply {
  const until = String(parts.clock.now() + PROOF_LASTS)
  const rest = { user: user.userId, until, remember: remember ? 'yes' : 'no' }
  const proof = { ...rest, proof: formToken(parts, occasion.browser, purposeOf(user, until, rest.remember)) }
  return occasion.show({
    first: { user: shownUser(user), proof, error: null },
    outcome: {
      ...outcomeOf(occasion),
      rule: 'password_temporary',
      reason: 'the password was right, and holds once: the person chooses one of their own first',
    },
  })
}

function named({ clientId }: Pick<Occasion, 'clientId'>): Pick<Outcome, 'clientId'> {
  return clientId === null ? {} : { clientId }
}

function outcomeOf(occasion: Pick<Occasion, 'clientId'>): Pick<Outcome, 'clause' | 'clientId'> {
  return { clause: 'OpenID Connect Core §3.1.2.3', ...named(occasion) }
}

function shownUser(user: User): FirstPasswordView['user'] {
  return { name: user.profile.displayName ?? user.username, username: user.username }
}

/** Whether the form holds a choice, and not a name and a password. */
export function isChoice(form: Parameters): boolean {
  return form.get('user') !== undefined || form.get('proof') !== undefined
}

/** Null: what was proven no longer holds, so that the person signs in anew. The caller has made sure that the form is ours. */
export async function chooseFirst<Other extends SignedIn>(
  parts: SignInParts,
  occasion: Occasion<Other>,
  form: Parameters,
): Promise<HttpReply | null> {
  const { http, browser, signedIn } = occasion
  const proof = proofIn(form)
  const user = await provenUser(parts, occasion, proof)
  if (user === null) return null
  const first = { user: shownUser(user), proof }
  // A switch of language is no event.
  const said = form.get('said')
  if (said !== undefined) return occasion.show({ first: { ...first, error: errorSaid(said) }, outcome: null })
  const next = newPasswordIn(form)
  const error = newPasswordError(form, user.username, null) ?? (await sameError(parts, user, next))
  if (error === 'busy') return crowded(parts, http, named(occasion))
  if (error !== null) {
    const reason = `the password that was chosen cannot be taken: ${error.fault}`
    return occasion.show({
      first: { ...first, error },
      outcome: { ...outcomeOf(occasion), rule: 'new_password_refused', reason },
    })
  }
  const remember = proof.remember === 'yes'
  const entered = await enterByNewPassword(parts, { http, browser, signedIn, user, remember }, next)
  if (entered === 'busy') return crowded(parts, http, named(occasion))
  if (entered === null) return null
  parts.sessionsEnded()
  return occasion.onward(entered)
}

function proofIn(form: Parameters): FirstPassword['proof'] {
  const of = (name: string) => form.get(name) ?? ''
  return { user: of('user'), until: of('until'), remember: of('remember'), proof: of('proof') }
}

async function provenUser<Other extends SignedIn>(
  parts: SignInParts,
  { http, browser, mayBe }: Occasion<Other>,
  { user: userId, until, remember, proof }: FirstPassword['proof'],
): Promise<UserWithPassword | null> {
  const user = await parts.store.findUser(userId)
  if (user === null || !user.enabled || !user.passwordTemporary) return null
  if (!isOwnForm(parts, http, browser, purposeOf(user, until, remember), proof)) return null
  return Number(until) > parts.clock.now() && mayBe(user) ? user : null
}

/** Whoever was given a password is to have another one, which only a look at the hash can tell here. */
async function sameError(
  { hasher }: SignInParts,
  { passwordHash }: UserWithPassword,
  next: string,
): Promise<PasswordError | 'busy' | null> {
  try {
    return (await hasher.verify(next, passwordHash)).matches ? { field: 'next', fault: 'unchanged' } : null
  } catch (error) {
    if (error instanceof PasswordHashingBusy) return 'busy'
    throw error
  }
}

/** What brings the page back in another language: `said` is nothing yet, or what is wrong. */
function saidOf(error: PasswordError | null): string {
  return error === null ? 'asked' : `${error.field}:${error.fault}`
}

const ERRORS: readonly PasswordError[] = [
  { field: 'again', fault: 'differs' },
  ...(
    ['missing', 'too_short', 'too_long', 'unusable_character', 'same_as_username', 'too_common', 'unchanged'] as const
  ).map((fault) => ({ field: 'next' as const, fault })),
]

function errorSaid(said: string): PasswordError | null {
  return ERRORS.find((error) => saidOf(error) === said) ?? null
}

/** The page itself, in the place of the one for name and password. */
export function firstPage(
  { form, client, cancel }: Pick<FirstPasswordView, 'form' | 'client' | 'cancel'>,
  frame: Frame,
  { user, proof, error }: FirstPassword,
): Page {
  const view: FirstPasswordView = {
    form: { ...form, hidden: { ...form.hidden, ...proof } },
    client,
    user,
    minimumLength: SHORTEST_PASSWORD,
    error,
    cancel,
  }
  return firstPasswordPage(view, { ...frame, again: { ...proof, said: saidOf(error), csrf: form.csrf } })
}
