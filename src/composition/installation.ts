// What a server and its database must agree on before it answers anybody: the master key and the issuer.

import { keyCheck, type MasterKey } from '../credentials/master-key.ts'
import { isBeingFilled, NOT_ALL_THERE } from '../store/moving.ts'
import type { Store } from '../store/store.ts'
import { CannotStart } from './settings.ts'

/** Throws `CannotStart` when the database was made with another master key, or a move into it was cut off. */
export async function assertSameKey(store: Store, master: MasterKey): Promise<void> {
  const check = keyCheck(master)
  const stored = await store.putFactOnce('key_check', check)
  if (stored === check) return
  const foreign = 'The master key is not the one this database was made with. Give the right one, or restore a backup.'
  throw new CannotStart(isBeingFilled(stored) ? `${NOT_ALL_THERE.problem} ${NOT_ALL_THERE.remedy}` : foreign)
}

/** Throws `CannotStart` when clients know this server by another issuer, unless the operator accepts the new one. */
export async function claimIssuer(store: Store, issuer: string, acceptNew: boolean): Promise<void> {
  const stored = await store.putFactOnce('issuer', issuer)
  if (stored !== issuer && !acceptNew) {
    throw new CannotStart(
      `The issuer was ${stored} until now, and clients know it by that name. To make it ${issuer}, start once with --accept-new-issuer (acceptNewIssuer: true in a program).`,
    )
  }
  if (stored !== issuer) await store.putFact('issuer', issuer)
  if ((await store.findFact('answered_as')) !== issuer) await store.putFact('answered_as', issuer)
}
