// What a server and its database must agree on before it answers anybody: the master key and the issuer.

import { keyCheck, type MasterKey } from '../credentials/master-key.ts'
import { KEY_BEING_REPLACED, readMark, withCarriedKeys } from '../credentials/replaced-master-key.ts'
import { isBeingFilled, NOT_ALL_THERE } from '../store/moving.ts'
import type { Store } from '../store/store.ts'
import { CannotStart } from './settings.ts'

/**
 * The master key with what it carries of former ones. Throws `CannotStart` when the database was made with another
 * master key, or when a move into it, or a replacement of its key, was cut off.
 */
export async function openByKey(store: Store, master: MasterKey): Promise<MasterKey> {
  const check = keyCheck(master)
  const stored = await store.putFactOnce('key_check', check)
  if (stored === check) {
    store.sealsUnder(check)
    return withCarriedKeys(master, await store.findFact('carried_keys'))
  }
  const unfinished = isBeingFilled(stored) ? NOT_ALL_THERE : readMark(stored) === null ? null : KEY_BEING_REPLACED
  if (unfinished !== null) throw new CannotStart(`${unfinished.problem} ${unfinished.remedy}`, 'unfinished')
  throw new CannotStart(
    'The master key is not the one this database was made with. Give the right one, or restore a backup.',
    'wrong_key',
  )
}

/** Throws `CannotStart` when clients know this server by another issuer, unless the operator accepts the new one. */
export async function claimIssuer(store: Store, issuer: string, acceptNew: boolean): Promise<void> {
  const stored = await store.putFactOnce('issuer', issuer)
  if (stored !== issuer && !acceptNew) {
    throw new CannotStart(
      `The issuer was ${stored} until now, and clients know it by that name. To make it ${issuer}, start once with --accept-new-issuer (acceptNewIssuer: true in a program).`,
      'issuer_changed',
    )
  }
  if (stored !== issuer) await store.putFact('issuer', issuer)
  if ((await store.findFact('answered_as')) !== issuer) await store.putFact('answered_as', issuer)
}
