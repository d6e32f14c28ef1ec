// SQL about tickets: one-time links (set-up, rehearsal). Only a hash of the secret is kept.

import { statement } from '../database/driver.ts'

export interface TicketRow {
  readonly hash: Uint8Array
  readonly bound_browser_hash: Uint8Array | null
  readonly purpose: string
  readonly detail: string
  readonly created_at: number
  readonly expires_at: number
}

export const insertTicket = statement<{
  hash: Uint8Array
  purpose: string
  detail: string
  now: number
  expires_at: number
}>(
  'insert_ticket',
  `INSERT INTO ticket (hash, purpose, detail, created_at, expires_at) VALUES (:hash, :purpose, :detail, :now, :expires_at)`,
)

export const findTicket = statement<{ hash: Uint8Array; now: number }, TicketRow>(
  'find_ticket',
  `SELECT hash, bound_browser_hash, purpose, detail, created_at, expires_at FROM ticket
   WHERE hash = :hash AND expires_at > :now`,
)

/**
 * Guard: bound to the first browser that uses it, however often that one does. `expires_at` is the end of what the
 * ticket opens.
 */
export const bindTicket = statement<
  { hash: Uint8Array; browser_hash: Uint8Array; now: number; expires_at: number },
  { purpose: string }
>(
  'bind_ticket',
  `UPDATE ticket SET bound_browser_hash = :browser_hash, expires_at = :expires_at
   WHERE hash = :hash AND (bound_browser_hash IS NULL OR bound_browser_hash = :browser_hash) AND expires_at > :now
   RETURNING purpose`,
)

export const setTicketDetail = statement<{ hash: Uint8Array; detail: string }>(
  'set_ticket_detail',
  'UPDATE ticket SET detail = :detail WHERE hash = :hash',
)

export const deleteTicketsOfPurpose = statement<{ purpose: string }>(
  'delete_tickets_of_purpose',
  'DELETE FROM ticket WHERE purpose = :purpose',
)
