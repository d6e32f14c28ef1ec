// Verbs about users, one at a time.

import type { SecurityEvent } from '../../model/event.ts'
import type { Session } from '../../model/session.ts'
import type { Seconds } from '../../model/time.ts'
import type { User, UserProfile, UserWithPassword } from '../../model/user.ts'
import { asFlag, flag } from '../column-values.ts'
import type { Driver } from '../database/driver.ts'
import { ConstraintViolated, step } from '../database/driver.ts'
import { deleteConsentsOfUser } from '../statements/consent.ts'
import { endSessionsOfUser, insertSession } from '../statements/session.ts'
import * as sql from '../statements/user.ts'
import { eventSteps } from './events.ts'
import { tellOfUserStep } from './logout-deliveries.ts'
import { heldAtFreePlaces } from './places.ts'
import { sessionBind } from './sessions.ts'

export interface NewUser {
  readonly userId: string
  readonly username: string
  /** The normalised look-up key (see `model/names/username.ts`). */
  readonly usernameKey: string
  readonly profile: UserProfile
  readonly phone: string | null
  readonly phoneVerified: boolean
  readonly email: string | null
  readonly emailVerified: boolean
  readonly passwordHash: string | null
  /** Default: it is the person's own. */
  readonly passwordTemporary?: boolean
  readonly enabled: boolean
}

/** Which rule refused a new or changed user. */
export type UserConflict = 'user_id_taken' | 'username_taken' | 'phone_taken'

/** What must belong to one user only; the phone number only among enabled users. Null: not claimed. */
export interface UserClaims {
  readonly userId: string | null
  readonly usernameKey: string | null
  readonly phone: string | null
  readonly enabled: boolean
}

export interface UserVerbs {
  findUser(userId: string): Promise<UserWithPassword | null>
  findUserByUsername(usernameKey: string): Promise<UserWithPassword | null>
  /** The enabled person whose number it is. */
  findUserByPhone(phone: string): Promise<User | null>
  /** In the order of ids; `after` is exclusive, an empty string starts. */
  listUsers(after: string, most: number): Promise<readonly User[]>
  countUsers(): Promise<number>
  addUser(user: NewUser, event: SecurityEvent): Promise<'added' | UserConflict>
  /** `changed`: somebody else changed the user since `version` was read, or it is gone. */
  updateUser(
    user: Omit<NewUser, 'passwordHash' | 'enabled'>,
    version: number,
    event: SecurityEvent,
  ): Promise<'updated' | 'changed' | UserConflict>
  /** Ends sessions, codes and every token from before, for good. False: no such user. */
  setPassword(userId: string, passwordHash: string, event: SecurityEvent, temporary?: boolean): Promise<boolean>
  /**
   * Like `setPassword`, for a person who has chosen a password: `session`, of the next generation, begins with it. False:
   * the user was disabled or given another password since `generation` was read; nothing was written.
   */
  changePassword(
    user: Pick<User, 'userId' | 'generation'>,
    passwordHash: string,
    session: Session,
    secretHash: Uint8Array,
    events: readonly SecurityEvent[],
  ): Promise<boolean>
  upgradePasswordHash(userId: string, former: string, passwordHash: string): Promise<void>
  /** Disabling ends sessions, codes and every token from before, for good. */
  setUserEnabled(userId: string, enabled: boolean, event: SecurityEvent): Promise<'done' | 'absent' | UserConflict>
  /** Erases the personal data; the id stays taken. */
  removeUser(userId: string, event: SecurityEvent): Promise<boolean>

  /** Everything that would refuse such a user now, the user name first. A later `addUser` decides again. */
  findUserConflicts(claims: UserClaims): Promise<readonly UserConflict[]>
}

const CLAIMS = ['username', 'phone', 'user_id'] as const

export function createUserVerbs(driver: Driver): UserVerbs {
  const one = async (rows: Promise<readonly sql.UserRowWithPassword[]>) => {
    const [row] = await rows
    return row === undefined ? null : sql.toUser(row)
  }
  return {
    findUser: (userId) => one(driver.rows(sql.findUser, { user_id: userId })),
    findUserByUsername: (usernameKey) => one(driver.rows(sql.findUserByUsername, { username_key: usernameKey })),
    async findUserByPhone(phone) {
      const [row] = await driver.rows(sql.findUserByPhone, { phone })
      return row === undefined ? null : sql.toUser(row)
    },
    async listUsers(after, most) {
      return (await driver.rows(sql.listUsers, { after, most })).map((row) => sql.toUser(row))
    },
    async countUsers() {
      const [row] = await driver.rows(sql.countUsers, {})
      return row?.users ?? 0
    },
    async addUser(user, event) {
      try {
        const result = await driver.atomic([
          step(sql.noClientHasId, { user_id: user.userId }, 'user_id'),
          step(sql.insertUser, newUserBind(user, null, event.at)),
          ...eventSteps([event]),
        ])
        return result.held ? 'added' : 'user_id_taken'
      } catch (error) {
        return conflictOf(error)
      }
    },
    async updateUser(user, version, event) {
      try {
        const {
          enabled: _,
          password_hash: __,
          password_temporary: ___,
          import_id: ____,
          ...bind
        } = newUserBind({ ...user, passwordHash: null, enabled: true }, null, event.at)
        const result = await driver.atomic([
          step(sql.updateUser, { ...bind, version }, 'version'),
          ...eventSteps([event]),
        ])
        return result.held ? 'updated' : 'changed'
      } catch (error) {
        return conflictOf(error)
      }
    },
    // Everything that ends sessions here also raises the generation of the user, so no token needs a note of its own.
    async setPassword(userId, passwordHash, event, temporary = false) {
      const password = { password_hash: passwordHash, password_temporary: asFlag(temporary) }
      const result = await driver.atomic([
        tellOfUserStep(userId, event.at),
        step(sql.setPassword, { user_id: userId, ...password, now: event.at }, 'user'),
        step(endSessionsOfUser, { user_id: userId, now: event.at }),
        ...eventSteps([event]),
      ])
      return result.held
    },
    async changePassword({ userId, generation }, passwordHash, session, secretHash, events) {
      const now = session.authenticatedAt
      const bind = { user_id: userId, user_generation: generation, password_hash: passwordHash, now }
      return await heldAtFreePlaces(driver, [
        tellOfUserStep(userId, now),
        step(sql.changePassword, bind, 'user'),
        step(endSessionsOfUser, { user_id: userId, now }),
        step(insertSession, sessionBind(session, secretHash), 'session'),
        ...eventSteps(events),
      ])
    },
    async upgradePasswordHash(userId, former, passwordHash) {
      await driver.atomic([step(sql.upgradePasswordHash, { user_id: userId, former, password_hash: passwordHash })])
    },
    async setUserEnabled(userId, enabled, event) {
      try {
        const result = await driver.atomic([
          ...(enabled ? [] : [tellOfUserStep(userId, event.at)]),
          step(sql.setUserEnabled, { user_id: userId, enabled: asFlag(enabled), now: event.at }, 'user'),
          ...(enabled ? [] : [step(endSessionsOfUser, { user_id: userId, now: event.at })]),
          ...eventSteps([event]),
        ])
        return result.held ? 'done' : 'absent'
      } catch (error) {
        return conflictOf(error)
      }
    },
    async removeUser(userId, event) {
      const result = await driver.atomic([
        tellOfUserStep(userId, event.at),
        step(sql.removeUser, { user_id: userId, now: event.at }, 'user'),
        step(endSessionsOfUser, { user_id: userId, now: event.at }),
        step(deleteConsentsOfUser, { user_id: userId }),
        ...eventSteps([event]),
      ])
      return result.held
    },

    async findUserConflicts({ userId, usernameKey, phone, enabled }) {
      const bind = { user_id: userId, username_key: usernameKey, phone: enabled ? phone : null }
      const [row] = await driver.rows(sql.findUserConflicts, bind)
      return CLAIMS.flatMap((claim): UserConflict[] => (flag(row?.[claim] ?? 0) ? [`${claim}_taken`] : []))
    },
  }
}

export function newUserBind(user: NewUser, importId: string | null, now: Seconds): sql.NewUserBind {
  return {
    user_id: user.userId,
    username: user.username,
    username_key: user.usernameKey,
    profile: JSON.stringify(user.profile),
    phone: user.phone,
    phone_verified: asFlag(user.phoneVerified),
    email: user.email,
    email_verified: asFlag(user.emailVerified),
    password_hash: user.passwordHash,
    password_temporary: asFlag(user.passwordTemporary ?? false),
    enabled: asFlag(user.enabled),
    import_id: importId,
    now,
  }
}

export function conflictOf(error: unknown): UserConflict {
  if (!(error instanceof ConstraintViolated)) throw error
  if (error.constraint.endsWith('phone')) return 'phone_taken'
  if (error.constraint.endsWith('username_key')) return 'username_taken'
  return 'user_id_taken'
}
