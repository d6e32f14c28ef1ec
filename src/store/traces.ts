// Verbs about traces and tickets: what operators look at.

import type { Seconds } from '../model/time.ts'
import type { Driver } from './driver.ts'
import { step } from './driver.ts'
import type { TraceRow } from './statements/event.ts'
import * as traceSql from './statements/event.ts'
import * as ticketSql from './statements/ticket.ts'

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
  /** Keeps the newest `keep`, and of those that name no client of ours the newest `keepOfNobody`. */
  pruneTraces(before: Seconds, keep: number, keepOfNobody?: number): Promise<void>
}

export interface Ticket {
  readonly purpose: string
  readonly detail: string
  /** Null until somebody has spent it. */
  readonly boundBrowserHash: Uint8Array | null
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
}

export interface TicketVerbs {
  addTicket(hash: Uint8Array, ticket: Omit<Ticket, 'boundBrowserHash'>): Promise<void>
  findTicket(hash: Uint8Array, now: Seconds): Promise<Ticket | null>
  /** True for exactly one browser; what it opens lasts until `expiresAt`. */
  bindTicket(hash: Uint8Array, browserHash: Uint8Array, now: Seconds, expiresAt: Seconds): Promise<boolean>
  setTicketDetail(hash: Uint8Array, detail: string): Promise<void>
  deleteTicket(hash: Uint8Array): Promise<void>
  deleteTicketsOfPurpose(purpose: string): Promise<void>
}

export function createTraceVerbs(driver: Driver): TraceVerbs {
  return {
    async writeTraces(traces) {
      if (traces.length === 0) return
      await driver.atomic(
        traces.map(({ traceId, at, clientId, endpoint, outcome, record }) =>
          step(traceSql.insertTrace, { trace_id: traceId, at, client_id: clientId, endpoint, outcome, record }),
        ),
      )
    },
    async findTrace(traceId) {
      const [row] = await driver.rows(traceSql.findTrace, { trace_id: traceId })
      return row === undefined ? null : toTrace(row)
    },
    async listTraces(most, clientId) {
      const rows =
        clientId === undefined
          ? driver.rows(traceSql.listTraces, { most })
          : driver.rows(traceSql.listTracesOfClient, { client_id: clientId, most })
      return (await rows).map(toTrace)
    },
    async latestTrace(clientId, endpoint) {
      const [row] = await driver.rows(traceSql.latestTrace, { client_id: clientId, endpoint })
      return row === undefined ? null : toTrace(row)
    },
    async pruneTraces(before, keep, keepOfNobody = keep) {
      await driver.atomic([step(traceSql.pruneTraces, { before, keep, keep_of_nobody: keepOfNobody })])
    },
  }
}

function toTrace(row: TraceRow): StoredTrace {
  return {
    traceId: row.trace_id,
    at: row.at,
    clientId: row.client_id,
    endpoint: row.endpoint,
    outcome: row.outcome,
    record: row.record,
  }
}

export function createTicketVerbs(driver: Driver): TicketVerbs {
  return {
    async addTicket(hash, { purpose, detail, createdAt, expiresAt }) {
      await driver.atomic([
        step(ticketSql.insertTicket, { hash, purpose, detail, now: createdAt, expires_at: expiresAt }),
      ])
    },
    async findTicket(hash, now) {
      const [row] = await driver.rows(ticketSql.findTicket, { hash, now })
      if (row === undefined) return null
      return {
        purpose: row.purpose,
        detail: row.detail,
        boundBrowserHash: row.bound_browser_hash,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
      }
    },
    async bindTicket(hash, browserHash, now, expiresAt) {
      const bind = { hash, browser_hash: browserHash, now, expires_at: expiresAt }
      return (await driver.atomic([step(ticketSql.bindTicket, bind, 'ticket')])).held
    },
    async setTicketDetail(hash, detail) {
      await driver.atomic([step(ticketSql.setTicketDetail, { hash, detail })])
    },
    async deleteTicket(hash) {
      await driver.atomic([step(ticketSql.deleteTicket, { hash })])
    },
    async deleteTicketsOfPurpose(purpose) {
      await driver.atomic([step(ticketSql.deleteTicketsOfPurpose, { purpose })])
    },
  }
}
