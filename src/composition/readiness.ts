// Whether this server can serve now: what load balancers ask, and what the log says when that changes.

import type { Log } from '../platform/log.ts'
import { newId } from '../platform/random.ts'
import type { ClockOffset } from '../store/database/postgres/clock-offset.ts'
import type { SchemaWatch } from '../store/schema/watch.ts'
import type { Store } from '../store/store.ts'

/**
 * Reads from the database; and writes too if the newest write failed, because nobody else may be writing while a load
 * balancer sends no requests. Strangers may ask, so details are told only in the log.
 */
export function readiness(
  store: Store,
  { schema, offset, log }: { readonly schema: SchemaWatch; readonly offset: ClockOffset | null; readonly log: Log },
): () => Promise<string | null> {
  let known: string | null = null
  let look: Promise<string | null> | null = null
  // Whoever asks while a look is under way gets its result, so that many askers are no load on a database in trouble.
  return () => {
    look ??= lookNow().finally(() => {
      look = null
    })
    return look
  }

  async function lookNow(): Promise<string | null> {
    // The reason has been logged already, and nothing will change it.
    if (schema.unready() !== null) return schema.unready()
    let reason: string | null = null
    try {
      await store.findFact('issuer')
      if ((store.driver.trouble?.() ?? null) !== null) await store.putFact('written_again', newId('wa'))
      // A write may succeed although the write-ahead log cannot be brought into the file.
      reason = store.driver.trouble?.() ?? offset?.unready() ?? null
    } catch (error) {
      reason = error instanceof Error ? error.message : 'the store does not answer'
    }
    // What stands in parentheses differs from one lost connection to the next.
    const plain = reason === null ? null : reason.replace(/ \(.*\)$/s, '')
    if (plain !== known) {
      if (plain === null) log.info('ready again')
      else log.warn('not ready', { reason })
      known = plain
    }
    return plain
  }
}
