// SQL about traces: why each request was decided as it was.

import { statement } from '../database/driver.ts'

export interface TraceRow {
  readonly trace_id: string
  readonly at: number
  readonly client_id: string | null
  readonly endpoint: string
  readonly outcome: string
  readonly record: string
}

const TRACE_COLUMNS = 'trace_id, at, client_id, endpoint, outcome, record'

export const insertTrace = statement<{
  trace_id: string
  at: number
  client_id: string | null
  endpoint: string
  outcome: string
  record: string
}>(
  'insert_trace',
  `INSERT INTO trace (${TRACE_COLUMNS}) VALUES (:trace_id, :at, :client_id, :endpoint, :outcome, :record)
   ON CONFLICT (trace_id) DO UPDATE SET record = excluded.record, at = excluded.at`,
)

export const findTrace = statement<{ trace_id: string }, TraceRow>(
  'find_trace',
  `SELECT ${TRACE_COLUMNS} FROM trace WHERE trace_id = :trace_id`,
)

/** Newest first. */
export const listTraces = statement<{ most: number }, TraceRow>(
  'list_traces',
  `SELECT ${TRACE_COLUMNS} FROM trace ORDER BY at DESC, trace_id LIMIT :most`,
)

export const listTracesOfClient = statement<{ client_id: string; most: number }, TraceRow>(
  'list_traces_of_client',
  `SELECT ${TRACE_COLUMNS} FROM trace WHERE client_id = :client_id ORDER BY at DESC, trace_id LIMIT :most`,
)

export const latestTrace = statement<{ client_id: string; endpoint: string }, TraceRow>(
  'latest_trace',
  `SELECT ${TRACE_COLUMNS} FROM trace WHERE client_id = :client_id AND endpoint = :endpoint
   ORDER BY at DESC, trace_id LIMIT 1`,
)

/** Strangers displace only each other, never what happened to a client of ours. */
export const pruneTraces = statement<{ before: number; keep: number; keep_of_nobody: number }>(
  'prune_traces',
  `DELETE FROM trace WHERE at < :before
   OR trace_id IN (SELECT trace_id FROM trace ORDER BY at DESC, trace_id LIMIT 2000 OFFSET :keep)
   OR trace_id IN (SELECT trace_id FROM trace WHERE client_id IS NULL
     ORDER BY at DESC, trace_id LIMIT 2000 OFFSET :keep_of_nobody)`,
)
