// What the client would know about the person: every claim it was sent, with the kind of personal data it is.

import { kindOfSource } from '../../claims/standard-claims.ts'
import { claimRules } from '../../claims/user-claims.ts'
import type { Client } from '../../model/client/client.ts'
import type { DataKind } from '../../model/data-kind.ts'
import { scopeWords } from '../../protocol/scope.ts'
import type { Members } from './wire.ts'

export interface KnownClaim {
  /** Nested claims by their dotted path. */
  readonly claim: string
  readonly value: string
  readonly kind: DataKind
  /** It says whether a datum of this kind was verified, and is not the datum itself. */
  readonly isVerification?: true
}

export function knownClaims(members: Members | null, client: Client, scope: string): readonly KnownClaim[] {
  if (members === null) return []
  const sources = new Map(claimRules(client, scopeWords(scope)).map(({ name, rule }) => [name, rule.from[0] ?? '']))
  return flattened(members, '', sources).map(([claim, value]) => {
    const source = claim === 'sub' ? 'id' : (sources.get(claim) ?? '')
    return {
      claim,
      value: typeof value === 'string' ? value : JSON.stringify(value),
      kind: kindOfSource(source),
      ...((source === 'phoneVerified' || source === 'emailVerified') && { isVerification: true as const }),
    }
  })
}

/** A claim that is itself an object (`address`) stays whole. */
function flattened(
  members: Members,
  prefix: string,
  known: ReadonlyMap<string, string>,
): readonly (readonly [string, unknown])[] {
  return Object.entries(members).flatMap(([name, value]): readonly (readonly [string, unknown])[] => {
    const path = `${prefix}${name}`
    if (known.has(path) || typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]]
    return flattened(Object.fromEntries(Object.entries(value)), `${path}.`, known)
  })
}

/** The value at a dotted path. */
export function claimAt(members: Members, path: string): unknown {
  let value: unknown = members
  for (const segment of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = new Map<string, unknown>(Object.entries(value)).get(segment)
  }
  return value
}
