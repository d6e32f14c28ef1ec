// Verbs for a replacement of the master key. No server works on the database meanwhile.

import type { SecurityEvent } from '../../model/event.ts'
import type { Driver } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import { changeMark, putFact } from '../statements/installation.ts'
import * as sql from '../statements/master-key.ts'
import { eventSteps } from './events.ts'
import type { Fact } from './installation.ts'

export interface SealedSecret {
  readonly clientId: string
  readonly sealed: Uint8Array
}

export interface MasterKeyVerbs {
  /** In the order of ids; `after` is exclusive, an empty string starts. */
  listSealedSecrets(after: string, most: number): Promise<readonly SealedSecret[]>
  resealClientSecrets(changes: readonly (SealedSecret & { readonly former: Uint8Array })[]): Promise<void>
  resealSigningKeys(
    changes: readonly { readonly keyId: string; readonly former: Uint8Array; readonly sealed: Uint8Array }[],
  ): Promise<void>
  /** False: `key_check` is not the former one any more, and nothing was changed. */
  changeKeyCheck(
    former: string,
    next: string,
    facts?: readonly { readonly name: Fact; readonly value: string }[],
    events?: readonly SecurityEvent[],
  ): Promise<boolean>
}

export function createMasterKeyVerbs(driver: Driver): MasterKeyVerbs {
  return {
    async listSealedSecrets(after, most) {
      const rows = await driver.rows(sql.listSealedSecrets, { after, most })
      return rows.map(({ client_id, sealed_secret }) => ({ clientId: client_id, sealed: sealed_secret }))
    },
    async resealClientSecrets(changes) {
      if (changes.length === 0) return
      await driver.atomic(
        changes.map(({ clientId, former, sealed }) =>
          step(sql.resealClientSecret, { client_id: clientId, former, sealed }),
        ),
      )
    },
    async resealSigningKeys(changes) {
      if (changes.length === 0) return
      await driver.atomic(
        changes.map(({ keyId, former, sealed }) => step(sql.resealSigningKey, { key_id: keyId, former, sealed })),
      )
    },
    async changeKeyCheck(former, next, facts = [], events = []) {
      const { held } = await driver.atomic([
        step(changeMark, { former, mark: next }, 'is_former'),
        ...facts.map((fact) => step(putFact, fact)),
        ...eventSteps(events),
      ])
      return held
    },
  }
}
