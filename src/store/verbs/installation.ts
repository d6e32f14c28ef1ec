// Verbs about facts of the whole installation.

import type { Driver } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import * as sql from '../statements/installation.ts'
import type { SealedWrites } from './sealed-writes.ts'

/**
 * `issuer`: the issuer for the next start. `answered_as`: the issuer of the latest start, which differs while an
 * address chosen in the set-up waits for a restart. `set_up`: when the set-up was finished. `set_up_progress`: how far
 * it has come. `client_origins`: set once the origins of older clients have been filled in. `operator_name`: the name
 * given in the set-up, empty where it was removed. `carried_keys`: sealed, what follows from a former master key still;
 * it is there once that was replaced. `written_again` means nothing: it is written only to find out
 * whether a database that failed to write can write again.
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
  | 'carried_keys'
  | `decryption_key_${'rsa' | 'ec'}`

/** How far the installation has come. */
export interface Use {
  readonly isSetUpFinished: boolean
  readonly isSetUpBegun: boolean
  /** Or had one. */
  readonly hasClient: boolean
  /** Somebody has let an application in: people sign in here. */
  readonly hasConsent: boolean
}

export interface InstallationVerbs {
  findFact(name: Fact): Promise<string | null>
  putFact(name: Fact, value: string): Promise<void>
  /** Keeps a value that is there already; resolves to the value that stands afterwards. */
  putFactOnce(name: Fact, value: string): Promise<string>
  readUse(): Promise<Use>
}

export function createInstallationVerbs(driver: Driver, sealed: SealedWrites): InstallationVerbs {
  const writesOf = (name: Fact) => (name.startsWith('decryption_key_') ? sealed : driver)
  const findFact = async (name: Fact) => (await driver.rows(sql.findFact, { name }))[0]?.value ?? null
  return {
    findFact,
    async putFact(name, value) {
      await writesOf(name).atomic([step(sql.putFact, { name, value })])
    },
    async putFactOnce(name, value) {
      await writesOf(name).atomic([step(sql.putFactOnce, { name, value })])
      return (await findFact(name)) ?? value
    },
    async readUse() {
      const [row] = await driver.rows(sql.findUse, {})
      return {
        isSetUpFinished: row?.finished === 1,
        isSetUpBegun: row?.begun === 1,
        hasClient: row?.clients === 1,
        hasConsent: row?.consents === 1,
      }
    },
  }
}
