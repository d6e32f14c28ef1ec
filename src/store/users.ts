// Verbs about users, one at a time and by import.

import type { SecurityEvent } from '../model/event.ts'
import type { Seconds } from '../model/time.ts'
import type { User, UserProfile, UserWithPassword } from '../model/user.ts'
import type { Driver, Step } from './driver.ts'
import { ConstraintViolated, step } from './driver.ts'
import { eventSteps } from './events.ts'
import { asFlag } from './rows.ts'
import { endSessionsOfUser } from './statements/session.ts'
import * as sql from './statements/user.ts'

export interface NewUser {
  readonly userId: string
  readonly username: string
  /** The normalised look-up key (see `model/username.ts`). */
  readonly usernameKey: string
  readonly profile: UserProfile
  readonly phone: string | null
  readonly phoneVerified: boolean
  readonly email: string | null
  readonly emailVerified: boolean
  readonly passwordHash: string | null
  readonly enabled: boolean
}

/** Which rule refused a new or changed user. */
export type UserConflict = 'user_id_taken' | 'username_taken' | 'phone_taken'

export interface UserVerbs {
  findUser(userId: string): Promise<UserWithPassword | null>
  findUserByUsername(usernameKey: string): Promise<UserWithPassword | null>
  /** In the order of ids, after `after` (exclusive, empty to start). */
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
  setPassword(userId: string, passwordHash: string, event: SecurityEvent): Promise<boolean>
  upgradePasswordHash(userId: string, former: string, passwordHash: string): Promise<void>
  /** Disabling ends sessions, codes and every token from before, for good. */
  setUserEnabled(userId: string, enabled: boolean, event: SecurityEvent): Promise<'done' | 'absent' | UserConflict>
  /** Erases the personal data; the id stays taken. */
  removeUser(userId: string, event: SecurityEvent): Promise<boolean>

  /** What would refuse such a user now; an empty id is none. A later `addUser` decides by itself. */
  findUserConflict(user: Pick<NewUser, 'userId' | 'usernameKey' | 'phone' | 'enabled'>): Promise<UserConflict | null>

  beginImport(importId: string, now: Seconds): Promise<void>
  /** Imports that are neither published nor tidied up, oldest first. */
  listOpenImports(): Promise<readonly { readonly importId: string; readonly aliveAt: Seconds }[]>
  /** Invisible until published. A conflict names the row (its place in `users`) and writes none of them. */
  addImportedUsers(
    importId: string,
    users: readonly NewUser[],
    now: Seconds,
  ): Promise<'added' | 'abandoned' | { readonly conflict: UserConflict; readonly index: number }>
  /** Makes all users of the import visible at once. False: it was abandoned or is published already. */
  publishImport(importId: string, event: SecurityEvent): Promise<boolean>
  /** One bounded step of tidying up after published and abandoned imports; true: nothing is left to do. */
  tidyImports(staleBefore: Seconds, most: number): Promise<boolean>
  /** Deletes a bounded number of the users of an unpublished import; true: it is gone. */
  abandonImport(importId: string, most: number): Promise<boolean>
}

export function createUserVerbs(driver: Driver): UserVerbs {
  const one = async (rows: Promise<readonly sql.UserRowWithPassword[]>) => {
    const [row] = await rows
    return row === undefined ? null : sql.toUser(row)
  }
  return {
    findUser: (userId) => one(driver.rows(sql.findUser, { user_id: userId })),
    findUserByUsername: (usernameKey) => one(driver.rows(sql.findUserByUsername, { username_key: usernameKey })),
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
          import_id: ___,
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
    async setPassword(userId, passwordHash, event) {
      const result = await driver.atomic([
        step(sql.setPassword, { user_id: userId, password_hash: passwordHash, now: event.at }, 'user'),
        step(endSessionsOfUser, { user_id: userId, now: event.at }),
        ...eventSteps([event]),
      ])
      return result.held
    },
    async upgradePasswordHash(userId, former, passwordHash) {
      await driver.atomic([step(sql.upgradePasswordHash, { user_id: userId, former, password_hash: passwordHash })])
    },
    async setUserEnabled(userId, enabled, event) {
      try {
        const result = await driver.atomic([
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
        step(sql.removeUser, { user_id: userId, now: event.at }, 'user'),
        step(endSessionsOfUser, { user_id: userId, now: event.at }),
        step(sql.deleteConsentsOfUser, { user_id: userId }),
        ...eventSteps([event]),
      ])
      return result.held
    },

    async findUserConflict({ userId, usernameKey, phone, enabled }) {
      const bind = { user_id: userId, username_key: usernameKey, phone: enabled ? phone : null }
      const [row] = await driver.rows(sql.findUserConflict, bind)
      return (row?.conflict ?? null) as UserConflict | null
    },

    async beginImport(importId, now) {
      await driver.atomic([step(sql.insertImport, { import_id: importId, now })])
    },
    async listOpenImports() {
      const imports = await driver.rows(sql.listOpenImports, {})
      return imports.map(({ import_id, alive_at }) => ({ importId: import_id, aliveAt: alive_at }))
    },
    async addImportedUsers(importId, users, now) {
      const alive = step(sql.keepImportAlive, { import_id: importId, now }, 'alive')
      const insert = (user: NewUser) => [
        step(sql.noClientHasId, { user_id: user.userId }, 'user_id'),
        step(sql.insertUser, newUserBind(user, importId, now)),
      ]
      try {
        const result = await driver.atomic([alive, ...users.flatMap(insert)])
        if (result.held) return 'added'
        if (result.guard === 'alive') return 'abandoned'
      } catch (error) {
        if (!(error instanceof ConstraintViolated)) throw error
      }
      // Somebody in the batch collides, with a user in the store or with a neighbour: halve until the row is found.
      return (await firstConflict(driver, alive, users.map(insert))) ?? 'abandoned'
    },
    async publishImport(importId, event) {
      const result = await driver.atomic([
        step(sql.publishImport, { import_id: importId, now: event.at }, 'import'),
        ...eventSteps([event]),
      ])
      return result.held
    },
    async tidyImports(staleBefore, most) {
      const imports = await driver.rows(sql.listImports, { stale_before: staleBefore })
      for (const { import_id, published_at } of imports) {
        const next = published_at === null ? sql.deleteImported : sql.unmarkImported
        if (!(await finishedStep(driver, next, import_id, most))) return false
      }
      return true
    },
    abandonImport: (importId, most) => finishedStep(driver, sql.deleteImported, importId, most),
  }
}

/**
 * Tries ever shorter beginnings of the batch; each try ends in a guard that never holds, so that nothing is left.
 * Logarithmic in the batch: the first colliding row is where a beginning that holds becomes one that does not.
 */
async function firstConflict(
  driver: Driver,
  alive: Step,
  rows: readonly (readonly Step[])[],
): Promise<{ readonly conflict: UserConflict; readonly index: number } | null> {
  const undo = step(sql.findUser, { user_id: '' }, 'undo')
  const attempt = async (count: number): Promise<UserConflict | 'abandoned' | null> => {
    try {
      const result = await driver.atomic([alive, ...rows.slice(0, count).flat(), undo])
      if (result.held || result.guard === 'undo') return null
      return result.guard === 'alive' ? 'abandoned' : 'user_id_taken'
    } catch (error) {
      return conflictOf(error)
    }
  }
  let good = 0
  let bad = rows.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if ((await attempt(middle)) === null) good = middle
    else bad = middle
  }
  const conflict = await attempt(bad)
  return conflict === null || conflict === 'abandoned' ? null : { conflict, index: bad - 1 }
}

async function finishedStep(
  driver: Driver,
  next: typeof sql.deleteImported,
  importId: string,
  most: number,
): Promise<boolean> {
  const result = await driver.atomic([step(next, { import_id: importId, most })])
  if (result.held && (result.rows[0]?.length ?? 0) >= most) return false
  await driver.atomic([step(sql.deleteImport, { import_id: importId })])
  return true
}

function newUserBind(user: NewUser, importId: string | null, now: Seconds): sql.NewUserBind {
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
    enabled: asFlag(user.enabled),
    import_id: importId,
    now,
  }
}

function conflictOf(error: unknown): UserConflict {
  if (!(error instanceof ConstraintViolated)) throw error
  if (error.constraint.endsWith('phone')) return 'phone_taken'
  if (error.constraint.endsWith('username_key')) return 'username_taken'
  return 'user_id_taken'
}
