// Verbs about signing keys.

import type { SecurityEvent } from '../../model/event.ts'
import type { KeyEnding, SigningKey } from '../../model/signing-key.ts'
import type { Seconds } from '../../model/time.ts'
import type { Driver, Step } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import * as sql from '../statements/signing-key.ts'
import { eventSteps } from './events.ts'
import type { SealedWrites } from './sealed-writes.ts'

export interface SigningKeyVerbs {
  /** Oldest first. */
  listSigningKeys(): Promise<readonly SigningKey[]>
  /**
   * Adds the key, and ends the keys that hand over to it, in one step. False: its turn is taken, and nothing was
   * changed.
   */
  addSigningKey(key: SigningKey, endings: readonly KeyEnding[], event: SecurityEvent): Promise<boolean>
  /** Ends keys without adding a new one. */
  endSigningKeys(endings: readonly KeyEnding[], at: Seconds): Promise<void>
  /**
   * Changes when a waiting key begins, and lets the keys before it sign until then. False: the key is not waiting any
   * more, or somebody else has moved it; nothing was changed.
   */
  moveSigningKey(
    key: SigningKey,
    move: { readonly to: Seconds; readonly now: Seconds },
    endings: readonly KeyEnding[],
    event: SecurityEvent,
  ): Promise<boolean>
  /** Removes a waiting key; the key before it goes on. False as above. */
  undoSigningKey(key: SigningKey, now: Seconds, event: SecurityEvent): Promise<boolean>
  /** Notes that the key has signed a token with this lifetime. */
  noteTokenLifetime(keyId: string, lifetime: Seconds): Promise<void>
  deleteSigningKey(keyId: string): Promise<void>
}

export function createSigningKeyVerbs(driver: Driver, sealed: SealedWrites): SigningKeyVerbs {
  return {
    async listSigningKeys() {
      return (await driver.rows(sql.listSigningKeys, {})).map((row) => ({
        keyId: row.key_id,
        algorithm: row.algorithm as SigningKey['algorithm'],
        turn: row.turn,
        publicJwk: row.public_jwk,
        sealedPrivateKey: row.sealed_private_key,
        createdAt: row.created_at,
        activeAt: row.active_at,
        retiredAt: row.retired_at,
        revokedAt: row.revoked_at,
        tokenLifetime: row.token_lifetime,
      }))
    },
    async addSigningKey(key, endings, event) {
      const inserted = await sealed.atomic([
        step(
          sql.insertSigningKey,
          {
            key_id: key.keyId,
            algorithm: key.algorithm,
            turn: key.turn,
            public_jwk: key.publicJwk,
            sealed_private_key: key.sealedPrivateKey,
            created_at: key.createdAt,
            active_at: key.activeAt,
          },
          'turn',
        ),
        ...endingSteps(endings, event.at, key.keyId),
        ...eventSteps([event]),
      ])
      return inserted.held
    },
    async endSigningKeys(endings, at) {
      await driver.atomic(endingSteps(endings, at, null))
    },
    async moveSigningKey(key, { to, now }, endings, event) {
      const { keyId, algorithm, activeAt: was } = key
      const moved = await driver.atomic([
        step(sql.moveSigningKey, { key_id: keyId, was, at: to, now }, 'waiting'),
        step(sql.moveHandover, { algorithm, was, at: to }),
        ...endingSteps(endings, event.at, keyId),
        ...eventSteps([event]),
      ])
      return moved.held
    },
    async undoSigningKey({ keyId, algorithm, activeAt: was }, now, event) {
      const undone = await driver.atomic([
        step(sql.undoSigningKey, { key_id: keyId, was, now }, 'waiting'),
        step(sql.moveHandover, { algorithm, was, at: null }),
        ...eventSteps([event]),
      ])
      return undone.held
    },
    async noteTokenLifetime(keyId, lifetime) {
      await driver.atomic([step(sql.noteTokenLifetime, { key_id: keyId, token_lifetime: lifetime })])
    },
    async deleteSigningKey(keyId) {
      await driver.atomic([step(sql.deleteSigningKey, { key_id: keyId })])
    },
  }
}

function endingSteps(endings: readonly KeyEnding[], at: Seconds, successor: string | null): readonly Step[] {
  const steps = endings.flatMap(({ keyId, retiredAt, revokedAt }) => [
    step(sql.retireSigningKey, { key_id: keyId, at: retiredAt }),
    ...(revokedAt === undefined ? [] : [step(sql.revokeSigningKey, { key_id: keyId, at: revokedAt })]),
  ])
  const events = endings.map(({ keyId, revokedAt }) => ({
    type: revokedAt === undefined ? ('key_retired' as const) : ('key_revoked' as const),
    at,
    detail: { keyId, successor },
  }))
  return [...steps, ...eventSteps(events)]
}
