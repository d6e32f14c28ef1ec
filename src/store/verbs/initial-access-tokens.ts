// Verbs about initial access tokens, which an operator gives to somebody who may register clients.

import { type NarrowPolicy, parseNarrowPolicy } from '../../model/client/registration-policy.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { Seconds } from '../../model/time.ts'
import { type Driver, step } from '../database/driver.ts'
import * as sql from '../statements/initial-access-token.ts'
import { eventSteps } from './events.ts'

export interface InitialAccessToken {
  readonly tokenId: string
  readonly note: string | null
  readonly policy: NarrowPolicy
  /** Null: any number of times. */
  readonly usesLeft: number | null
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
}

export interface InitialAccessTokenVerbs {
  addInitialAccessToken(hash: Uint8Array, token: InitialAccessToken, event: SecurityEvent): Promise<void>
  /** Null: unknown, expired, or used up. */
  findInitialAccessToken(hash: Uint8Array, now: Seconds): Promise<InitialAccessToken | null>
  /** Those that are not expired, oldest first. */
  listInitialAccessTokens(now: Seconds): Promise<readonly InitialAccessToken[]>
  revokeInitialAccessToken(tokenId: string, event: SecurityEvent): Promise<boolean>
}

export function createInitialAccessTokenVerbs(driver: Driver): InitialAccessTokenVerbs {
  return {
    async addInitialAccessToken(hash, { tokenId, note, policy, usesLeft, createdAt, expiresAt }, event) {
      await driver.atomic([
        step(sql.insertInitialAccessToken, {
          token_id: tokenId,
          hash,
          note,
          policy: JSON.stringify(policy),
          uses_left: usesLeft,
          now: createdAt,
          expires_at: expiresAt,
        }),
        ...eventSteps([event]),
      ])
    },
    async findInitialAccessToken(hash, now) {
      const [row] = await driver.rows(sql.findInitialAccessToken, { hash, now })
      return row === undefined ? null : read(row)
    },
    async listInitialAccessTokens(now) {
      return (await driver.rows(sql.listInitialAccessTokens, { now })).map(read)
    },
    async revokeInitialAccessToken(tokenId, event) {
      const gone = step(sql.deleteInitialAccessToken, { token_id: tokenId }, 'token')
      return (await driver.atomic([gone, ...eventSteps([event])])).held
    },
  }
}

function read(row: sql.InitialAccessTokenRow): InitialAccessToken {
  return {
    tokenId: row.token_id,
    note: row.note,
    policy: parseNarrowPolicy(JSON.parse(row.policy) as Readonly<Record<string, unknown>>),
    usesLeft: row.uses_left,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}
