// Verbs about signing keys.

import type { SecurityEvent } from '../model/event.ts'
import type { SigningKey } from '../model/signing-key.ts'
import type { Seconds } from '../model/time.ts'
import type { Driver } from './driver.ts'
import { step } from './driver.ts'
import { eventSteps } from './events.ts'
import * as sql from './statements/signing-key.ts'

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

export function createSigningKeyVerbs(driver: Driver): SigningKeyVerbs {
  return {
    async listSigningKeys() {
      return (await driver.rows(sql.listSigningKeys, {})).map((row) => ({
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
        step(sql.insertSigningKey, {
          key_id: key.keyId,
          algorithm: key.algorithm,
          public_jwk: key.publicJwk,
          sealed_private_key: key.sealedPrivateKey,
          created_at: key.createdAt,
          active_at: key.activeAt,
        }),
        ...retire.map(({ keyId, retiredAt }) => step(sql.retireSigningKey, { key_id: keyId, at: retiredAt })),
        ...eventSteps([event, ...retired]),
      ])
    },
    async deleteSigningKey(keyId) {
      await driver.atomic([step(sql.deleteSigningKey, { key_id: keyId })])
    },
  }
}
