// Replacing the master key (docs/decisions/0061): what is sealed under the former one is sealed under the next one, and
// what cannot be computed anew is carried on. Cut off anywhere it leaves a mark on which nothing starts, and goes on
// when it is run again.

import { resealClientSecret } from '../credentials/client-secret.ts'
import { keyCheck } from '../credentials/master-key.ts'
import { carriedKeys, markOf, type Replacement, readMark, withCarriedKeys } from '../credentials/replaced-master-key.ts'
import type { SigningKey } from '../model/signing-key.ts'
import type { Clock } from '../platform/clock.ts'
import type { Store } from '../store/store.ts'
import type { Fact } from '../store/verbs/installation.ts'
import type { SealedSecret } from '../store/verbs/master-key.ts'

/** What the issuer seals, under the next key; null: it is already. */
export interface IssuersKeys {
  readonly resealSigningKey: (keys: Replacement, key: SigningKey) => Uint8Array | null
  readonly resealedFacts: (
    store: Store,
    keys: Replacement,
  ) => Promise<readonly { readonly name: Fact; readonly value: string }[]>
}

export interface ReplacementParts {
  readonly store: Store
  readonly clock: Clock
  readonly issuer: IssuersKeys
  /** Resolves once no server and no command can still write by the former key. */
  readonly untilNoticed: () => Promise<void>
  /** Puts the next key where it will be looked for, before the database belongs to it. */
  readonly putInPlace: () => void
  readonly progress: (done: number) => void
}

/** How far a replacement has come. `foreign`: the database belongs to another key, or to another replacement. */
export type ReplacementState = 'not_begun' | 'begun' | 'done' | 'foreign'

export function replacementState(stored: string | null, { former, next }: Replacement): ReplacementState {
  if (stored === null || stored === keyCheck(former)) return 'not_begun'
  if (stored === keyCheck(next)) return 'done'
  const mark = readMark(stored)
  return mark?.former === keyCheck(former) && mark.next === keyCheck(next) ? 'begun' : 'foreign'
}

export interface Replaced {
  readonly clientSecrets: number
  readonly signingKeys: number
}

/** Another run was faster, or the database belongs to another key by now. */
export class ReplacementOvertaken extends Error {}

/** Client secrets of one transaction. */
const BATCH = 100

/**
 * `replacementState` is `not_begun` or `begun`. Both keys are needed until it has ended. Throws `SealBroken`, before
 * anything has begun, where a value does not open.
 */
export async function replaceMasterKey(keys: Replacement, parts: ReplacementParts): Promise<Replaced> {
  const { store, clock, issuer } = parts
  const check = keyCheck(keys.former)
  const mark = markOf(keys)
  if ((await store.putFactOnce('key_check', check)) !== mark) {
    await assertAllOpens(keys, parts)
    if (!(await store.changeKeyCheck(check, mark))) throw new ReplacementOvertaken()
  }
  await parts.untilNoticed()
  const former = withCarriedKeys(keys.former, await store.findFact('carried_keys'))
  const signingKeys = await resealSigningKeys(keys, parts)
  const clientSecrets = await resealClientSecrets(keys, parts)
  parts.putInPlace()
  const facts = [
    ...(await issuer.resealedFacts(store, keys)),
    { name: 'carried_keys', value: carriedKeys({ former, next: keys.next }) } as const,
  ]
  const detail = { former: keys.former.keyId, next: keys.next.keyId }
  const event = { type: 'master_key_replaced', at: clock.now(), detail } as const
  if (!(await store.changeKeyCheck(mark, keyCheck(keys.next), facts, [event]))) throw new ReplacementOvertaken()
  return { clientSecrets, signingKeys }
}

/** Once it has begun nothing starts before it has ended, so what would stop it is looked for first. */
async function assertAllOpens(keys: Replacement, { store, issuer }: ReplacementParts): Promise<void> {
  withCarriedKeys(keys.former, await store.findFact('carried_keys'))
  for (const key of await usedSigningKeys(store)) issuer.resealSigningKey(keys, key)
  await issuer.resealedFacts(store, keys)
  for await (const page of sealedSecrets(store)) {
    for (const { clientId, sealed } of page) resealClientSecret(keys, clientId, sealed)
  }
}

/** A key that was revoked signs nothing any more: whether it opens does not matter. */
async function usedSigningKeys(store: Store): Promise<readonly SigningKey[]> {
  return (await store.listSigningKeys()).filter(({ revokedAt }) => revokedAt === null)
}

async function resealSigningKeys(keys: Replacement, { store, issuer }: ReplacementParts): Promise<number> {
  const used = await usedSigningKeys(store)
  const changes = used.flatMap((key) => {
    const sealed = issuer.resealSigningKey(keys, key)
    return sealed === null ? [] : [{ keyId: key.keyId, former: key.sealedPrivateKey, sealed }]
  })
  await store.resealSigningKeys(changes)
  return used.length
}

async function resealClientSecrets(keys: Replacement, { store, progress }: ReplacementParts): Promise<number> {
  let done = 0
  for await (const page of sealedSecrets(store)) {
    const changes = page.flatMap(({ clientId, sealed: former }) => {
      const sealed = resealClientSecret(keys, clientId, former)
      return sealed === null ? [] : [{ clientId, former, sealed }]
    })
    await store.resealClientSecrets(changes)
    done += page.length
    progress(done)
  }
  return done
}

async function* sealedSecrets(store: Store): AsyncGenerator<readonly SealedSecret[]> {
  for (let after = ''; ; ) {
    const page = await store.listSealedSecrets(after, BATCH)
    yield page
    const last = page.at(-1)
    if (last === undefined || page.length < BATCH) return
    after = last.clientId
  }
}
