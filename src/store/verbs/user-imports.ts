// Verbs about imports of users: many rows, invisible until one small write publishes them.

import type { SecurityEvent } from '../../model/event.ts'
import type { Seconds } from '../../model/time.ts'
import type { Driver, Step } from '../database/driver.ts'
import { ConstraintViolated, step } from '../database/driver.ts'
import { findUser, insertUser, noClientHasId } from '../statements/user.ts'
import * as sql from '../statements/user-import.ts'
import { eventSteps } from './events.ts'
import { conflictOf, type NewUser, newUserBind, type UserConflict } from './users.ts'

export interface UserImportVerbs {
  beginImport(importId: string, now: Seconds): Promise<void>
  /** Imports that are neither published nor tidied up, oldest first. */
  listOpenImports(): Promise<readonly { readonly importId: string; readonly aliveAt: Seconds }[]>
  /**
   * Adds users that are invisible until the import is published. A conflict names the offending row (its place in
   * `users`); then none of them is written.
   */
  addImportedUsers(
    importId: string,
    users: readonly NewUser[],
    now: Seconds,
  ): Promise<'added' | 'abandoned' | { readonly conflict: UserConflict; readonly index: number }>
  /** Makes all users of the import visible at once. False: it was abandoned or is published already. */
  publishImport(importId: string, event: SecurityEvent): Promise<boolean>
  /** One bounded step of cleaning up after published and abandoned imports; true: nothing is left to do. */
  tidyImports(staleBefore: Seconds, most: number): Promise<boolean>
  /** Deletes a bounded number of the users of an import unless it is published; true: nothing is left to do. */
  abandonImport(importId: string, most: number): Promise<boolean>
}

export function createUserImportVerbs(driver: Driver): UserImportVerbs {
  return {
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
        step(noClientHasId, { user_id: user.userId }, 'user_id'),
        step(insertUser, newUserBind(user, importId, now)),
      ]
      try {
        const result = await driver.atomic([alive, ...users.flatMap(insert)])
        if (result.held) return 'added'
        if (result.guard === 'alive') return 'abandoned'
      } catch (error) {
        if (!(error instanceof ConstraintViolated)) throw error
      }
      // Somebody in the batch collides with a stored user or with another row: the batch is halved until the row is
      // found.
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
        const isDone =
          published_at === null
            ? await giveUpStep(driver, import_id, staleBefore, most)
            : await finishedStep(driver, [step(sql.unmarkImported, { import_id, most })], import_id, most)
        if (!isDone) return false
      }
      return true
    },
    abandonImport: (importId, most) => giveUpStep(driver, importId, Number.MAX_SAFE_INTEGER, most),
  }
}

/**
 * Tries ever shorter beginnings of the batch. Each try ends in a guard that never holds, so nothing of it stays. The
 * number of tries is logarithmic: the first colliding row is the one that turns a beginning that works into one that
 * does not.
 */
async function firstConflict(
  driver: Driver,
  alive: Step,
  rows: readonly (readonly Step[])[],
): Promise<{ readonly conflict: UserConflict; readonly index: number } | null> {
  const undo = step(findUser, { user_id: '' }, 'undo')
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

/** Nothing is deleted of an import that was published meanwhile or has gone on: whoever found it stale was too late. */
function giveUpStep(driver: Driver, importId: string, staleBefore: Seconds, most: number): Promise<boolean> {
  const giveUp = step(sql.giveImportUp, { import_id: importId, stale_before: staleBefore }, 'unpublished')
  return finishedStep(driver, [giveUp, step(sql.deleteImported, { import_id: importId, most })], importId, most)
}

/** The last of the steps tells how many users it has found. */
async function finishedStep(driver: Driver, steps: readonly Step[], importId: string, most: number): Promise<boolean> {
  const result = await driver.atomic(steps)
  if (!result.held) return true
  if ((result.rows.at(-1)?.length ?? 0) >= most) return false
  await driver.atomic([step(sql.deleteImport, { import_id: importId })])
  return true
}
