// What outlives a master key that is replaced (docs/decisions/0061): keys for some purposes follow from the former one
// still, and the database says so while a replacement is under way.

import { type KeyLabel, keyCheck, type MasterKey } from './master-key.ts'
import { type SealedPlace, seal, unseal } from './sealing.ts'

/** Two master keys: what is stored goes from one to the other. */
export interface Replacement {
  readonly former: MasterKey
  readonly next: MasterKey
}

/**
 * Digests of client secrets cannot be computed anew without the secrets. Clients know people by `sub` and sessions by
 * `sid`. A refresh whose answer was lost is answered again by what its row was made with.
 */
const CARRIED = ['client-secret', 'subject', 'session-identifier', 'refresh-successor'] as const satisfies KeyLabel[]

const PLACE: SealedPlace = { table: 'installation', column: 'value', row: 'carried_keys' }

/** The fact `carried_keys`, sealed under the next key. `former` has what it was carrying itself. */
export function carriedKeys({ former, next }: Replacement): string {
  const plain = Buffer.from(
    JSON.stringify(CARRIED.map((label) => [label, former.key(label).export().toString('base64url')])),
  )
  return Buffer.from(seal(next, plain, PLACE)).toString('base64url')
}

/** `carried`: the fact, null where the master key was never replaced. Throws `SealBroken` when it is not of this key. */
export function withCarriedKeys(master: MasterKey, carried: string | null): MasterKey {
  if (carried === null) return master
  const plain = Buffer.from(unseal(master, Buffer.from(carried, 'base64url'), PLACE)).toString('utf8')
  const entries = JSON.parse(plain) as readonly (readonly [KeyLabel, string])[]
  return master.carrying(new Map(entries.map(([label, key]) => [label, Buffer.from(key, 'base64url')])))
}

/** In place of `key_check` while a replacement is under way: no key fits, so nothing starts on the database. */
const MARK = 'being replaced '

export function markOf({ former, next }: Replacement): string {
  return `${MARK}${keyCheck(former)} ${keyCheck(next)}`
}

/** The two checks that a mark names; null: it is none. */
export function readMark(stored: string): { readonly former: string; readonly next: string } | null {
  const [former, next] = stored.startsWith(MARK) ? stored.slice(MARK.length).split(' ') : []
  return former === undefined || next === undefined ? null : { former, next }
}

/** What whoever stops there tells. */
export const KEY_BEING_REPLACED = {
  problem: 'The master key of this database is being replaced, or that was cut off.',
  remedy: 'Wait for it to end, or run it again: npx lingpai master-key replace.',
}
