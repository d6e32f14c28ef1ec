// Sectors: which clients see the same pairwise subject. OpenID Connect Core §8.1.

import type { Evidence } from '../../protocol/evidence.ts'

export const SUBJECT_TYPES = ['public', 'pairwise'] as const
export type SubjectType = (typeof SUBJECT_TYPES)[number]

/**
 * The identifier by which a certain client knows a certain person; the type keeps a user id from being used by mistake.
 * Made by `credentials/subject.ts`.
 */
export type Subject = Evidence<string, 'subject for this client'>

interface Facts {
  readonly redirect_uris: readonly string[]
  readonly sector_identifier_uri: string | null
}

/**
 * The host that stands for everybody who may learn the same subject; null: nothing names one. A loopback address or a
 * private-use scheme belongs to no single host, so such clients need a `sector_identifier_uri`.
 */
export function sectorOf({ redirect_uris, sector_identifier_uri }: Facts): string | null {
  if (sector_identifier_uri !== null) return new URL(sector_identifier_uri).hostname
  const hosts = new Set(redirect_uris.map(hostOf))
  const [only] = hosts
  return hosts.size === 1 ? (only ?? null) : null
}

function hostOf(uri: string): string | null {
  const { protocol, hostname } = new URL(uri)
  return /^https?:$/.test(protocol) && !/^(localhost|127\..*|\[::1\])$/.test(hostname) ? hostname : null
}
