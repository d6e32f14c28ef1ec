// Operations on users, one at a time: each checks what it is given, says what is wrong, and leaves an event.

import { isDeepStrictEqual } from 'node:util'
import type { PasswordHasher } from '../credentials/password-hash.ts'
import { findPasswordFault, PasswordRefused } from '../credentials/password-text.ts'
import type { SecurityEvent } from '../model/event.ts'
import { usernameKey } from '../model/names/username.ts'
import type { User, UserProfile } from '../model/user.ts'
import type { Clock } from '../platform/clock.ts'
import { newUserId } from '../platform/random.ts'
import { shellWord } from '../platform/shell-word.ts'
import type { UserConflict, UserVerbs } from '../store/verbs/users.ts'
import { AdministrationError, type AdministrationErrorCode } from './errors.ts'
import {
  type CheckedUser,
  checkUserFields,
  type FieldProblem,
  type TEXT_FIELDS,
  type UserFields,
} from './user-fields.ts'

export interface UserParts {
  readonly store: UserVerbs
  readonly clock: Clock
  readonly hasher: PasswordHasher
}

export interface NewUserRequest extends Omit<UserFields, 'displayName'> {
  readonly name?: string | null
  /** Absent: nobody can sign in as this user until a password is set. */
  readonly password?: string
  /** Whoever signs in with the password chooses one of their own before they go on. */
  readonly temporary?: boolean
}

/** Absent: stays as it is. Null: is taken away. A changed phone or address is unverified unless said otherwise. */
export type UserChange = Partial<Omit<NewUserRequest, 'userId' | 'password' | 'temporary'>>

export async function addUser(parts: UserParts, request: NewUserRequest): Promise<User> {
  const { store, clock, hasher } = parts
  const { name, password, temporary = false, ...fields } = request
  const checked = await newUser(store, { ...fields, displayName: name ?? null }, password)
  const userId = checked.userId ?? newUserId()
  const passwordHash = password === undefined ? null : await hasher.hash(password)
  const event: SecurityEvent = {
    type: 'user_added',
    at: clock.now(),
    userId,
    detail: { hasPassword: passwordHash !== null, temporary, phoneVerified: checked.phoneVerified },
  }
  const result = await store.addUser(
    { ...checked, userId, passwordHash, passwordTemporary: temporary, enabled: true },
    event,
  )
  // Somebody was faster than the look-up.
  if (result !== 'added') throw refused(await conflictProblems(store, [result], { ...checked, userId }))
  return await getUser(store, { userId })
}

export async function updateUser(parts: UserParts, who: UserReference, change: UserChange): Promise<User> {
  const { store, clock } = parts
  // Somebody else may change the user in between: read again and apply the same change to what is there now.
  for (let attempt = 0; attempt < 5; attempt++) {
    const user = await getUser(store, who)
    const fields = await checkedUser(mergedFields(user, change), user.username)
    const checked = {
      ...fields,
      // A number that was only written differently is the same number.
      phoneVerified: change.phoneVerified ?? (fields.phone === user.phone && user.phoneVerified),
      emailVerified: change.emailVerified ?? (fields.email === user.email && user.emailVerified),
    }
    // A form that is sent as it was shown, or a command that is given twice, is no change.
    if (isSame(user, checked)) return user
    const event: SecurityEvent = {
      type: 'user_updated',
      at: clock.now(),
      userId: user.userId,
      detail: { fields: Object.keys(change).sort().join(' ') },
    }
    const result = await store.updateUser({ ...checked, userId: user.userId }, user.version, event)
    if (result === 'updated') return await getUser(store, { userId: user.userId })
    if (result !== 'changed') throw refused(await conflictsOfChange(store, user, checked, result))
  }
  throw new AdministrationError('user_changed', 'The user is being changed by somebody else', 'Try again')
}

function isSame(user: User, changed: Omit<CheckedUser, 'userId'>): boolean {
  const { username, profile, phone, phoneVerified, email, emailVerified } = changed
  return isDeepStrictEqual(
    [username, profile, phone, phoneVerified, email, emailVerified],
    [user.username, user.profile, user.phone, user.phoneVerified, user.email, user.emailVerified],
  )
}

function mergedFields(user: User, change: UserChange): UserFields {
  const { address = {}, custom = {}, ...texts } = user.profile
  const { name, phone, phoneVerified, email, emailVerified, ...others } = change
  const kept: Partial<Pick<UserProfile, (typeof TEXT_FIELDS)[number]>> = texts
  return {
    username: user.username,
    ...kept,
    address,
    custom,
    ...others,
    ...(name !== undefined && { displayName: name }),
    phone: phone === undefined ? user.phone : phone,
    phoneVerified: phoneVerified ?? false,
    email: email === undefined ? user.email : email,
    emailVerified: emailVerified ?? false,
  }
}

/** Ends the user's sessions, codes and every token from before, for good. */
export async function setPassword(
  parts: UserParts,
  who: UserReference,
  password: string,
  { temporary = false }: Pick<NewUserRequest, 'temporary'> = {},
): Promise<User> {
  const { store, clock, hasher } = parts
  const user = await getUser(store, who)
  assertPassword(password, user.username)
  const detail = { temporary }
  const event: SecurityEvent = { type: 'user_password_set', at: clock.now(), userId: user.userId, detail }
  if (!(await store.setPassword(user.userId, await hasher.hash(password), event, temporary))) throw notFound(who)
  return await getUser(store, { userId: user.userId })
}

/** Disabling ends sessions, codes and every token from before, for good. */
export async function setUserEnabled(parts: UserParts, who: UserReference, enabled: boolean): Promise<User> {
  const { store, clock } = parts
  const user = await getUser(store, who)
  if (user.enabled === enabled) return user
  const event: SecurityEvent = {
    type: enabled ? 'user_enabled' : 'user_disabled',
    at: clock.now(),
    userId: user.userId,
  }
  const result = await store.setUserEnabled(user.userId, enabled, event)
  if (result === 'absent') throw notFound(who)
  if (result !== 'done') throw refused(await conflictProblems(store, [result], user))
  return await getUser(store, { userId: user.userId })
}

/** Erases the personal data. The id stays taken for ever. */
export async function removeUser(parts: UserParts, who: UserReference): Promise<void> {
  const user = await getUser(parts.store, who)
  const event: SecurityEvent = { type: 'user_removed', at: parts.clock.now(), userId: user.userId }
  if (!(await parts.store.removeUser(user.userId, event))) throw notFound(who)
}

export interface UserPage {
  readonly users: readonly User[]
  /** Pass it as `after` for the next page; null: this was the last. */
  readonly next: string | null
}

/** In the order of ids. */
export async function listUsers(
  store: UserVerbs,
  { after = '', most = 100 }: { readonly after?: string; readonly most?: number } = {},
): Promise<UserPage> {
  const users = await store.listUsers(after, most + 1)
  const page = users.slice(0, most)
  return { users: page, next: users.length > most ? (page.at(-1)?.userId ?? null) : null }
}

/** A text is a user id or a username. */
export type UserReference = string | { readonly userId: string }

/** Throws `user_not_found`. */
export async function getUser(store: UserVerbs, who: UserReference): Promise<User> {
  const found = typeof who === 'string' ? await findByText(store, who) : await store.findUser(who.userId)
  if (found === null) throw notFound(who)
  const { passwordHash: _, passwordTemporary: __, ...user } = found
  return user
}

async function findByText(store: UserVerbs, text: string) {
  const [byId, byName] = await Promise.all([store.findUser(text), store.findUserByUsername(usernameKey(text))])
  // Whoever could choose the name must not be able to stand in the way of an operator's command.
  if (byId !== null && byName !== null && byId.userId !== byName.userId) {
    throw new AdministrationError(
      'user_ambiguous',
      `${text} is the id of one user and the username of another (${byName.userId})`,
      'Use the id of the user you mean, or rename one of them',
    )
  }
  return byId ?? byName
}

/** One of several reasons why a user is refused. */
export interface UserProblem {
  readonly code: AdministrationErrorCode
  /** The beginning or the rest of a sentence. */
  readonly message: string
  readonly hint: string | null
  /** Of a phone number: the user name of the person who has it. */
  readonly holder?: string
}

/** All that is wrong at once, under the code of what comes first. */
export class UserRefused extends AdministrationError {
  readonly problems: readonly UserProblem[]
  constructor(first: UserProblem, further: readonly UserProblem[]) {
    const rest = further.map(({ message }) => message.replace(/^The /, 'the '))
    const problems = [first, ...further]
    const hints = new Set(problems.flatMap(({ hint }) => (hint === null ? [] : [hint])))
    super(first.code, [first.message, ...rest].join('; '), hints.size === 0 ? null : [...hints].join('. '))
    this.problems = problems
  }
}

function refused(problems: readonly UserProblem[]): UserRefused {
  const [first, ...further] = problems
  if (first === undefined) throw new Error('nobody is refused for nothing')
  return new UserRefused(first, further)
}

async function newUser(store: UserVerbs, fields: UserFields, password: string | undefined): Promise<CheckedUser> {
  const result = await checkUserFields(fields)
  const claims = 'user' in result ? result.user : result.claims
  const taken = await store.findUserConflicts({ ...claims, enabled: true })
  const shown = { username: fields.username.trim(), phone: claims.phone, userId: claims.userId ?? '' }
  const weak = password === undefined ? null : passwordProblem(password, shown.username)
  const conflicts = await conflictProblems(store, taken, shown)
  const faults = [...('problems' in result ? result.problems.map(fieldProblem) : []), ...(weak === null ? [] : [weak])]
  const problems = [
    ...conflicts.filter(({ code }) => code === 'username_taken'),
    ...faults,
    ...conflicts.filter(({ code }) => code !== 'username_taken'),
  ]
  if (problems.length > 0 || !('user' in result)) throw refused(problems)
  return result.user
}

async function checkedUser(fields: UserFields, formerUsername: string): Promise<CheckedUser> {
  const result = await checkUserFields(fields, { formerUsername })
  if ('user' in result) return result.user
  throw refused(result.problems.map(fieldProblem))
}

/** What a change would take from others; what the user has already is nobody else's. */
async function conflictsOfChange(
  store: UserVerbs,
  user: User,
  changed: CheckedUser,
  found: UserConflict,
): Promise<readonly UserProblem[]> {
  const isRenamed = changed.usernameKey !== usernameKey(user.username)
  const taken = await store.findUserConflicts({
    userId: null,
    usernameKey: isRenamed ? changed.usernameKey : null,
    phone: changed.phone === user.phone ? null : changed.phone,
    enabled: user.enabled,
  })
  const conflicts = taken.length > 0 ? taken : [found]
  return await conflictProblems(store, conflicts, { ...changed, userId: user.userId })
}

function fieldProblem({ field, problem, hint }: FieldProblem): UserProblem {
  const code = field === 'phone' ? 'invalid_phone' : 'invalid_user'
  return { code, message: `${field} ${problem}`, hint: hint ?? null }
}

function passwordProblem(password: string, username: string): UserProblem | null {
  const fault = findPasswordFault(password, username)
  return fault === null ? null : { code: 'weak_password', message: new PasswordRefused(fault).message, hint: null }
}

function assertPassword(password: string, username: string): void {
  const problem = passwordProblem(password, username)
  if (problem !== null) throw refused([problem])
}

function notFound(who: UserReference): AdministrationError {
  const shown = typeof who === 'string' ? who : who.userId
  return new AdministrationError(
    'user_not_found',
    `There is no user ${JSON.stringify(shown.slice(0, 200))}`,
    'Users are named by their id or their username',
  )
}

interface Claimed {
  readonly userId: string
  readonly username: string
  readonly phone: string | null
}

/** Whoever asks runs the server, and has to look after the other person next: so it is said who that is. */
async function conflictProblems(
  store: UserVerbs,
  conflicts: readonly UserConflict[],
  claimed: Claimed,
): Promise<readonly UserProblem[]> {
  const isPhone = conflicts.includes('phone_taken') && claimed.phone !== null
  const holder = isPhone ? await store.findUserByPhone(claimed.phone) : null
  return conflicts.map((conflict) => conflictProblem(conflict, claimed, holder?.username ?? null))
}

function conflictProblem(code: UserConflict, { userId, username, phone }: Claimed, holder: string | null): UserProblem {
  switch (code) {
    case 'username_taken':
      return {
        code,
        message: `The username ${username} belongs to another user`,
        hint: 'Names that differ only in case, width or outer blanks count as the same',
      }
    case 'phone_taken':
      return {
        code,
        message: `The phone number ${phone ?? ''} belongs to another enabled user${holder === null ? '' : `: ${holder}`}`,
        hint: `A number belongs to at most one enabled user, because clients bind accounts by it: disable or change the other one first${holder === null ? '' : ` ("npx lingpai user update ${shellWord(holder)} --phone NUMBER")`}`,
        ...(holder !== null && { holder }),
      }
    case 'user_id_taken':
      return {
        code,
        message: `The user id ${userId} is taken`,
        hint: 'It belongs to a user or a client, or to one that was removed: ids are never given out again',
      }
  }
}
