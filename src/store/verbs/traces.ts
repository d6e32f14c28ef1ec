// Verbs about traces: what operators look at.

import type { Seconds } from '../../model/time.ts'
import type { Driver } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import * as sql from '../statements/trace.ts'

/** One request as the trace keeps it; `record` is JSON text whose shape `administration/trace` owns. */
export interface StoredTrace {
  readonly traceId: string
  readonly at: Seconds
  readonly clientId: string | null
  readonly endpoint: string
  readonly outcome: string
  readonly record: string
}

export interface TraceVerbs {
  writeTraces(traces: readonly StoredTrace[]): Promise<void>
  findTrace(traceId: string): Promise<StoredTrace | null>
  /** Newest first. */
  listTraces(most: number, clientId?: string): Promise<readonly StoredTrace[]>
  latestTrace(clientId: string, endpoint: string): Promise<StoredTrace | null>
  /** Keeps the newest `keep` traces, and among those that name no client of ours the newest `keepOfNobody`. */
  pruneTraces(before: Seconds, keep: number, keepOfNobody?: number): Promise<void>
}

export function createTraceVerbs(driver: Driver): TraceVerbs {
  return {
    async writeTraces(traces) {
      if (traces.length === 0) return
      await driver.atomic(
        traces.map(({ traceId, at, clientId, endpoint, outcome, record }) =>
          step(sql.insertTrace, { trace_id: traceId, at, client_id: clientId, endpoint, outcome, record }),
        ),
      )
    },
    async findTrace(traceId) {
      const [row] = await driver.rows(sql.findTrace, { trace_id: traceId })
      return row === undefined ? null : toTrace(row)
    },
    async listTraces(most, clientId) {
      const rows =
        clientId === undefined
          ? driver.rows(sql.listTraces, { most })
          : driver.rows(sql.listTracesOfClient, { client_id: clientId, most })
      return (await rows).map(toTrace)
    },
    async latestTrace(clientId, endpoint) {
      const [row] = await driver.rows(sql.latestTrace, { client_id: clientId, endpoint })
      return row === undefined ? null : toTrace(row)
    },
    async pruneTraces(before, keep, keepOfNobody = keep) {
      await driver.atomic([step(sql.pruneTraces, { before, keep, keep_of_nobody: keepOfNobody })])
    },
  }
}

function toTrace(row: sql.TraceRow): StoredTrace {
  return {
    traceId: row.trace_id,
    at: row.at,
    clientId: row.client_id,
    endpoint: row.endpoint,
    outcome: row.outcome,
    record: row.record,
  }
}
