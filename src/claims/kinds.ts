// Which kinds of personal data a client would receive, for the consent page: read from the same rules that make the
// claims, so that the page cannot say less than is sent.

import type { Client } from '../model/client.ts'
import type { DataKind } from '../model/data-kind.ts'
import type { User } from '../model/user.ts'
import { kindOfSource } from './standard-claims.ts'
import { claimRules, sourceValue } from './user-claims.ts'

export interface KindValue {
  readonly kind: DataKind
  /** The value that would be sent; null where this person has none. */
  readonly value: string | null
  /** The claim's own name, for kinds that only the operator knows. */
  readonly label?: string
  readonly verified?: boolean
}

/** Each kind once, the identifier first (every client receives it). */
export function dataKinds(client: Client, scope: readonly string[]): readonly DataKind[] {
  const kinds = claimRules(client, scope).flatMap(({ rule }) => rule.from.map(kindOfSource))
  const offline: readonly DataKind[] = scope.includes('offline_access') ? ['offline'] : []
  return [...new Set<DataKind>(['identifier', ...kinds, ...offline])]
}

/** The same with this person's values. Fields of the operator's own stand one by one, under their claim's name. */
export function kindValues(user: User, client: Client, scope: readonly string[]): readonly KindValue[] {
  const rules = claimRules(client, scope)
  return dataKinds(client, scope).flatMap((kind): readonly KindValue[] => {
    if (kind === 'offline') return [{ kind, value: null }]
    if (kind === 'identifier') return [{ kind, value: user.userId }]
    if (kind === 'custom') {
      return rules
        .filter(({ rule }) => rule.from.some((source) => kindOfSource(source) === 'custom'))
        .map(({ name, rule }) => ({ kind, label: name, value: firstValue(user, client, rule.from) }))
    }
    const sources = rules.flatMap(({ rule }) => rule.from.filter((source) => kindOfSource(source) === kind))
    const value = firstValue(user, client, sources)
    if (kind === 'phone') return [{ kind, value, verified: user.phoneVerified }]
    if (kind === 'email') return [{ kind, value, verified: user.emailVerified }]
    return [{ kind, value }]
  })
}

function firstValue(user: User, client: Client, sources: readonly string[]): string | null {
  for (const source of sources) {
    const value = sourceValue(user, client, source)
    if (typeof value === 'string' && value !== '') return value
    if (typeof value === 'object' && value !== null) return Object.values(value).join(' ')
  }
  return null
}
