// Whether this server can serve now: what load balancers ask, and what the log says when that changes.

import { type Log } from '../platform/log.ts'
import { newId } from '../platform/random.ts'
import { type ClockOffset } from '../store/database/postgres/clock-offset.ts'
import { type SchemaWatch } from '../store/schema/watch.ts'
import type { Store } from '../store/store.ts'

/**
 * A read that touches the database; and where the newest write failed, a write: nobody else may be asking while a load
 * balancer keeps its distance. Details stay in the log: strangers may ask too.
 */
export function readiness(
  store: Store,
  { schema, offset, log }: { readonly schema: SchemaWatch; readonly offset: ClockOffset | null; readonly log: Log },
): () => Promise<string | null> {
  let known: string | null = null
  let look: Promise<string | null> | null = null
  // Whoever asks while somebody's look is under way gets what that finds: many askers are no load on a database in trouble.
  return () => {
    look ??= lookNow().finally(() => {
      look = null
    })
    return look
  }

  async function lookNow(): Promise<string | null> {
    // It has been told, and nothing makes it good.
    if (schema.unready() !== null) return schema.unready()
    let reason: string | null = null
    try {
      await store.findFact('issuer')
      if ((store.driver.trouble?.() ?? null) !== null) await store.putFact('written_again', newId('wa'))
      // A write may hold where the log of writes cannot be brought into the file.
      reason = store.driver.trouble?.() ?? offset?.unready() ?? null
    } catch (error) {
      reason = error instanceof Error ? error.message : 'the store does not answer'
    }
    // What stands in brackets differs from one lost connection to the next.
    const plain = reason === null ? null : reason.replace(/ \(.*\)$/s, '')
    if (plain !== known) {
      if (plain === null) log.info('ready again')
      else log.warn('not ready', { reason })
      known = plain
    }
    return plain
  }
}
