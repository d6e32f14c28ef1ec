// What a running server does by itself: it reads keys anew, follows the clock of its database, stores what it has
// noted, and deletes what has expired. No request waits for any of it.

import { waitForClients } from '../administration/key-patience.ts'
import type { KeySightingRecorder } from '../administration/key-sightings.ts'
import { STALE_AFTER } from '../administration/user-import/index.ts'
import { SEEN_BY_ALL_NODES } from '../issuer/keys/rotation.ts'
import type { LogoutDispatcher } from '../issuer/logout/dispatcher.ts'
import { type RegistrationUse, removeUnusedClients } from '../issuer/registration/unused.ts'
import type { Seconds } from '../model/time.ts'
import { createFailureSeries } from '../platform/failure-series.ts'
import type { ClockOffset } from '../store/database/postgres/clock-offset.ts'
import { createPruner, type Pruner } from '../store/pruner.ts'
import type { SchemaWatch } from '../store/schema/watch.ts'
import type { Parts } from './parts.ts'

export interface UpkeepParts {
  readonly parts: Parts
  readonly schema: SchemaWatch
  /** Null: the clock is not to be corrected. */
  readonly offset: ClockOffset | null
  readonly logout: LogoutDispatcher
  readonly sightings: KeySightingRecorder
  readonly use: RegistrationUse
  /** How long a key waits for clients at most: see `keys.waitForClients`. */
  readonly waitForClients: Seconds
}

/** For this long, and the time of one look, a server goes on writing beside a newer release. */
const SCHEMA_MS = 2_000
const SOON_MS = 5_000
const CLOCK_MS = 10_000
const NOW_AND_THEN_MS = 30_000
/** While the database is down all of it fails, and the database says so itself, more often than this. */
const TELL_EVERY_MS = 300_000

export function startUpkeep(upkeep: UpkeepParts): { stop(): Promise<void> } {
  const { parts, schema, offset, logout, sightings, use } = upkeep
  const { log, keys, decryption, frontPage, operatorName, lifetimes } = parts
  const pruning = pruner(parts, logout)
  const patience = {
    longest: upkeep.waitForClients,
    publishAhead: lifetimes.keyPublishAhead,
    seenByAllNodes: SEEN_BY_ALL_NODES,
  }
  const every = (milliseconds: number, what: string, task: () => Promise<unknown>) => {
    const { failed, held } = createFailureSeries(log, { every: TELL_EVERY_MS, again: `${what} works again` })
    return setInterval(() => {
      task().then(held, (error: unknown) =>
        failed(`${what} failed`, { error: error instanceof Error ? error.name : '' }),
      )
    }, milliseconds)
  }
  const timers = [
    every(SCHEMA_MS, 'reading the schema version', schema.look),
    ...(offset === null ? [] : [every(CLOCK_MS, 'reading the clock of the database', offset.measure)]),
    every(SOON_MS, 'reading the signing keys', keys.refresh),
    ...(decryption === null ? [] : [every(SOON_MS, 'reading the decryption keys', decryption.refresh)]),
    ...(frontPage === null ? [] : [every(SOON_MS, 'reading whether the set-up is done', frontPage.look)]),
    ...(operatorName === null ? [] : [every(SOON_MS, 'reading the name of the operator', operatorName.look)]),
    every(NOW_AND_THEN_MS, 'pruning', pruning.run),
    every(NOW_AND_THEN_MS, 'waiting for clients', () => waitForClients(parts, patience)),
    every(SOON_MS, 'noting who has fetched the signing keys', sightings.flush),
    every(NOW_AND_THEN_MS, 'noting which registered clients are used', use.flush),
  ]
  for (const timer of timers) timer.unref()
  void schema.outdated.then(() => timers.forEach((timer) => clearInterval(timer)))
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer)
      await pruning.stop()
      await logout.close()
      await use.flush().catch(() => undefined)
      await sightings.flush().catch(() => undefined)
    },
  }
}

/** Rows of one table deleted in one step: few enough that no request notices. */
const PRUNE_STEP = 100

function pruner({ store, clock, lifetimes, registration }: Parts, logout: LogoutDispatcher): Pruner {
  const kept = { events: lifetimes.events, endedSessions: lifetimes.refreshAbsolute, most: PRUNE_STEP }
  return createPruner(store.driver, () => clock.now(), [
    async () => {
      await removeUnusedClients(store, clock, registration.unusedLifetime)
      return true
    },
    ...store.pruneTables.map((pruneTable) => () => pruneTable(clock.now(), kept)),
    () => logout.tidy(PRUNE_STEP),
    () => store.tidyImports(clock.now() - STALE_AFTER, PRUNE_STEP),
  ])
}
