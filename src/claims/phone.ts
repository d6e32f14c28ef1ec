// How a phone number is written for a client. It is stored as E.164; numbers of mainland China can be given without
// +86.

import type { ClientSettings } from '../model/client/client.ts'

const MAINLAND = /^\+86(1[3-9]\d{9})$/

/** Null: this client does not get this number. */
export function formatPhone(e164: string, verified: boolean, settings: ClientSettings['phone']): string | null {
  if (!verified && settings.unverified === 'omit') return null
  const national = MAINLAND.exec(e164)?.[1]
  if (national === undefined) return settings.nonMainland === 'omit' ? null : e164
  switch (settings.format) {
    case 'cn-national':
      return national
    case 'cn-dashed':
      return `+86-${national}`
    default:
      return e164
  }
}
