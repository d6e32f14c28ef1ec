// Verbs about facts of the whole installation.

import type { Driver } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import * as sql from '../statements/installation.ts'

/**
 * `issuer`: of the next start; `answered_as`: of the newest one, which differs while an address of the set-up waits for a
 * restart. `set_up`: when it was finished. `set_up_progress`: how far it has come. `written_again` is asked of a database that has
 * failed to write: it stands for nothing else. `client_origins`: they have been filled once. `operator_name`: as the set-up
 * has it, empty where it was taken away.
 */
export type Fact =
  | 'issuer'
  | 'answered_as'
  | 'key_check'
  | 'set_up'
  | 'set_up_progress'
  | 'public_address'
  | 'written_again'
  | 'client_origins'
  | 'operator_name'
  | `decryption_key_${'rsa' | 'ec'}`

export interface InstallationVerbs {
  findFact(name: Fact): Promise<string | null>
  putFact(name: Fact, value: string): Promise<void>
  /** Keeps what is there already; resolves to what stands afterwards. */
  putFactOnce(name: Fact, value: string): Promise<string>
  /** The set-up was finished, or there is a client, or was one: whoever adds the first has begun without it. */
  isInUse(): Promise<boolean>
}

export function createInstallationVerbs(driver: Driver): InstallationVerbs {
  const findFact = async (name: Fact) => (await driver.rows(sql.findFact, { name }))[0]?.value ?? null
  return {
    findFact,
    async putFact(name, value) {
      await driver.atomic([step(sql.putFact, { name, value })])
    },
    async putFactOnce(name, value) {
      await driver.atomic([step(sql.putFactOnce, { name, value })])
      return (await findFact(name)) ?? value
    },
    isInUse: async () => (await driver.rows(sql.findUse, {})).length > 0,
  }
}
