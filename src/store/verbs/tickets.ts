// Verbs about tickets: what a one-time link opens, and for which browser.

import type { Seconds } from '../../model/time.ts'
import type { Driver } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import * as sql from '../statements/ticket.ts'

export interface Ticket {
  readonly purpose: string
  readonly detail: string
  /** Null until somebody has used the ticket. */
  readonly boundBrowserHash: Uint8Array | null
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
}

export interface TicketVerbs {
  addTicket(hash: Uint8Array, ticket: Omit<Ticket, 'boundBrowserHash'>): Promise<void>
  findTicket(hash: Uint8Array, now: Seconds): Promise<Ticket | null>
  /** True for the first browser, and for that one again; what the ticket opens lasts until `expiresAt`. */
  bindTicket(hash: Uint8Array, browserHash: Uint8Array, now: Seconds, expiresAt: Seconds): Promise<boolean>
  setTicketDetail(hash: Uint8Array, detail: string): Promise<void>
  deleteTicketsOfPurpose(purpose: string): Promise<void>
}

export function createTicketVerbs(driver: Driver): TicketVerbs {
  return {
    async addTicket(hash, { purpose, detail, createdAt, expiresAt }) {
      await driver.atomic([step(sql.insertTicket, { hash, purpose, detail, now: createdAt, expires_at: expiresAt })])
    },
    async findTicket(hash, now) {
      const [row] = await driver.rows(sql.findTicket, { hash, now })
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
      return (await driver.atomic([step(sql.bindTicket, bind, 'ticket')])).held
    },
    async setTicketDetail(hash, detail) {
      await driver.atomic([step(sql.setTicketDetail, { hash, detail })])
    },
    async deleteTicketsOfPurpose(purpose) {
      await driver.atomic([step(sql.deleteTicketsOfPurpose, { purpose })])
    },
  }
}
