// Verbs about the installation: facts, signing keys, tickets, traces, counters, and what is pruned.

import type { SecurityEvent } from '../model/event.ts'
import type { SigningKey } from '../model/signing-key.ts'
import type { Seconds } from '../model/time.ts'
import type { Driver } from './driver.ts'
import { step } from './driver.ts'
import { eventSteps } from './events.ts'
import * as attemptSql from './statements/attempt.ts'
import * as factSql from './statements/installation.ts'
import { pruneEvents, pruneSessions, prunings } from './statements/pruning.ts'
import * as keySql from './statements/signing-key.ts'

/** `set_up`: when it was finished. `set_up_progress`: how far it has come. */
/** `written_again` is asked of a database that has failed to write: it stands for nothing else. */
export type Fact = 'issuer' | 'key_check' | 'set_up' | 'set_up_progress' | 'public_address' | 'written_again'

export interface InstallationVerbs {
  findFact(name: Fact): Promise<string | null>
  putFact(name: Fact, value: string): Promise<void>
  /** Keeps what is there already; resolves to what stands afterwards. */
  putFactOnce(name: Fact, value: string): Promise<string>
}

export interface SigningKeyVerbs {
  /** Oldest first. */
  listSigningKeys(): Promise<readonly SigningKey[]>
  /** Adds the key, and has those that hand over to it sign no longer from their `retiredAt` on, in one step. */
  addSigningKey(
    key: SigningKey,
    retire: readonly { readonly keyId: string; readonly retiredAt: Seconds }[],
    event: SecurityEvent,
  ): Promise<void>
  deleteSigningKey(keyId: string): Promise<void>
}

/** A counter's rules: see `sign-in/authenticators/limits.ts`. */
export interface Charge {
  readonly keyHash: Uint8Array
  /** Seconds after which failures are forgotten. */
  readonly window: Seconds
  /** From this many failures on, waiting begins. */
  readonly free: number
  readonly wait: Seconds
  readonly longest: Seconds
}

export interface Counter {
  readonly keyHash: Uint8Array
  readonly failures: number
  readonly blockedUntil: Seconds
}

export interface AttemptVerbs {
  /** Charges all counters, or none: `place` is the first that must wait. */
  chargeAttempts(
    charges: readonly Charge[],
    now: Seconds,
  ): Promise<{ readonly charged: true } | { readonly charged: false; readonly place: number }>
  /** At most four. */
  findCounters(keyHashes: readonly Uint8Array[], now: Seconds): Promise<readonly Counter[]>
  /** Success: `forget` start again, `refund` get the one charge back. */
  settleAttempts(forget: readonly Uint8Array[], refund: readonly Uint8Array[]): Promise<void>
}

export interface PruneVerbs {
  /** One bounded step over all tables; true: nothing is left to prune. */
  prune(
    now: Seconds,
    kept: { readonly events: Seconds; readonly endedSessions: Seconds; readonly most: number },
  ): Promise<boolean>
}

export function createInstallationVerbs(driver: Driver): InstallationVerbs {
  const findFact = async (name: Fact) => (await driver.rows(factSql.findFact, { name }))[0]?.value ?? null
  return {
    findFact,
    async putFact(name, value) {
      await driver.atomic([step(factSql.putFact, { name, value })])
    },
    async putFactOnce(name, value) {
      await driver.atomic([step(factSql.putFactOnce, { name, value })])
      return (await findFact(name)) ?? value
    },
  }
}

export function createSigningKeyVerbs(driver: Driver): SigningKeyVerbs {
  return {
    async listSigningKeys() {
      return (await driver.rows(keySql.listSigningKeys, {})).map((row) => ({
        keyId: row.key_id,
        algorithm: row.algorithm as SigningKey['algorithm'],
        publicJwk: row.public_jwk,
        sealedPrivateKey: row.sealed_private_key,
        createdAt: row.created_at,
        activeAt: row.active_at,
        retiredAt: row.retired_at,
      }))
    },
    async addSigningKey(key, retire, event) {
      const retired = retire.map(({ keyId }) => ({
        type: 'key_retired' as const,
        at: event.at,
        detail: { keyId, successor: key.keyId },
      }))
      await driver.atomic([
        step(keySql.insertSigningKey, {
          key_id: key.keyId,
          algorithm: key.algorithm,
          public_jwk: key.publicJwk,
          sealed_private_key: key.sealedPrivateKey,
          created_at: key.createdAt,
          active_at: key.activeAt,
        }),
        ...retire.map(({ keyId, retiredAt }) => step(keySql.retireSigningKey, { key_id: keyId, at: retiredAt })),
        ...eventSteps([event, ...retired]),
      ])
    },
    async deleteSigningKey(keyId) {
      await driver.atomic([step(keySql.deleteSigningKey, { key_id: keyId })])
    },
  }
}

export function createAttemptVerbs(driver: Driver): AttemptVerbs {
  return {
    async chargeAttempts(charges, now) {
      const result = await driver.atomic(
        charges.map(({ keyHash, window, free, wait, longest }, place) =>
          step(attemptSql.chargeAttempt, { key_hash: keyHash, now, window, free, wait, longest }, String(place)),
        ),
      )
      return result.held ? { charged: true } : { charged: false, place: Number(result.guard) }
    },
    async findCounters([k1, k2, k3, k4], now) {
      if (k1 === undefined) return []
      const bind = { k1, k2: k2 ?? k1, k3: k3 ?? k1, k4: k4 ?? k1, now }
      return (await driver.rows(attemptSql.findAttempts, bind)).map((row) => ({
        keyHash: row.key_hash,
        failures: row.failures,
        blockedUntil: row.blocked_until,
      }))
    },
    async settleAttempts(forget, refund) {
      await driver.atomic([
        ...forget.map((key_hash) => step(attemptSql.forgetAttempts, { key_hash })),
        ...refund.map((key_hash) => step(attemptSql.refundAttempt, { key_hash })),
      ])
    },
  }
}

export function createPruneVerbs(driver: Driver): PruneVerbs {
  return {
    async prune(now, { events, endedSessions, most }) {
      // One list a table: each is a short write of its own.
      const steps = [
        ...prunings.map((statement) => step(statement, { before: now, most })),
        step(pruneSessions, { before: now, ended_before: now - endedSessions, most }),
        step(pruneEvents, { before: now - events, most }),
      ]
      let done = true
      for (const each of steps) {
        const result = await driver.atomic([each])
        if (result.held && (result.rows[0]?.length ?? 0) >= most) done = false
      }
      return done
    },
  }
}
