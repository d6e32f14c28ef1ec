// A standby may answer with an older state than the primary's: there a revoked token lives on for a while.

import type { Client } from 'pg'
import { StoreUnavailable } from '../driver.ts'
import { isUnknownFunction } from './errors.ts'

/** Throws `StoreUnavailable` when the connection leads to a standby. */
export async function assertNoStandby(client: Client): Promise<void> {
  if (await isStandby(client))
    throw new StoreUnavailable('the database is a standby: what it says may be old; promote it, or name the primary')
}

async function isStandby(client: Client): Promise<boolean> {
  const asked = await client.query<{ standby: string | null }>(
    `SELECT current_setting('in_hot_standby', true) AS standby`,
  )
  const standby = asked.rows[0]?.standby ?? null
  if (standby !== null) return standby === 'on'
  // PostgreSQL 13 lacks the setting; other servers that speak the protocol may lack the function as well.
  try {
    const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby')
    return rows[0]?.standby === true
  } catch (error) {
    if (isUnknownFunction(error)) return false
    throw error
  }
}
