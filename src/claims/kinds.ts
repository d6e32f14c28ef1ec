// Which kinds of personal data a client would receive, for the consent page: read from the same rules that make the
// claims, so that the page cannot say less than what is sent.

import type { ClaimRule, Client } from '../model/client/client.ts'
import { DATA_KINDS, type DataKind } from '../model/data-kind.ts'
import type { User } from '../model/user.ts'
import type { ClaimWish } from '../protocol/claims-request.ts'
import { isNothing, readerOf } from './sources.ts'
import { kindOfSource } from './standard-claims.ts'
import { claimRules } from './user-claims.ts'

export interface KindValue {
  readonly kind: DataKind
  /** The value that would be sent; null where this person has none. Whoever shows it masks numbers and addresses. */
  readonly value: string | null
  /** The claim's own name, for kinds that only the operator knows. */
  readonly label?: string
  readonly verified?: boolean
}

/** Each kind once, the identifier first (every client receives it). */
export function dataKinds(
  client: Client,
  scope: readonly string[],
  wishes: readonly ClaimWish[] = [],
): readonly DataKind[] {
  const kinds = claimRules(client, scope, wishes).flatMap(({ rule }) => rule.from.map((source) => kindIn(rule, source)))
  const offline: readonly DataKind[] = scope.includes('offline_access') ? ['offline'] : []
  return [...new Set<DataKind>(['identifier', ...kinds, ...offline])]
}

/**
 * What a remembered consent covers: the kinds, and each of the operator's own fields by its name, so that for a new one
 * the person is asked again.
 */
export function consentKinds(
  client: Client,
  scope: readonly string[],
  wishes: readonly ClaimWish[] = [],
): readonly string[] {
  const fields = claimRules(client, scope, wishes).flatMap(({ rule }) =>
    rule.from.filter((source) => kindOfSource(source) === 'custom'),
  )
  return [...dataKinds(client, scope, wishes).filter((kind) => kind !== 'custom'), ...new Set(fields)]
}

/**
 * What the words of a remembered consent stand for, as the consent page would name it; words about other things are
 * left out.
 */
export function kindsAgreedTo(
  client: Client,
  scope: readonly string[],
  words: readonly string[],
): readonly Pick<KindValue, 'kind' | 'label'>[] {
  const named = claimRules(client, scope)
  const nameOf = (field: string) =>
    named.find(({ rule }) => rule.from.includes(field))?.name ?? field.slice(CUSTOM.length)
  return [
    ...DATA_KINDS.filter((kind) => kind !== 'custom' && words.includes(kind)).map((kind) => ({ kind })),
    ...words
      .filter((word) => word.startsWith(CUSTOM))
      .map((field) => ({ kind: 'custom' as const, label: nameOf(field) })),
  ]
}

/** The beginning of the names of the operator's own fields. */
const CUSTOM = 'custom.'

/** The same with this person's values. The operator's own fields are listed one by one, under their claim's name. */
export function kindValues(
  user: User,
  client: Client,
  scope: readonly string[],
  wishes: readonly ClaimWish[] = [],
): readonly KindValue[] {
  const rules = claimRules(client, scope, wishes)
  return dataKinds(client, scope, wishes).flatMap((kind): readonly KindValue[] => {
    if (kind === 'offline') return [{ kind, value: null }]
    if (kind === 'identifier') return [{ kind, value: user.userId }]
    if (kind === 'custom') {
      return rules
        .filter(({ rule }) => rule.from.some((source) => kindOfSource(source) === 'custom'))
        .map(({ name, rule }) => ({ kind, label: name, value: firstText(user, client, rule.from) }))
    }
    const sources = rules.flatMap(({ rule }) => rule.from.filter((source) => kindIn(rule, source) === kind))
    const value = firstText(user, client, sources)
    if (kind === 'phone') return [{ kind, value, verified: user.phoneVerified }]
    if (kind === 'email') return [{ kind, value, verified: user.emailVerified }]
    return [{ kind, value }]
  })
}

/** A user name that replaces a missing name is sent as the name, and shown as the name. */
function kindIn({ from: [first = ''] }: ClaimRule, source: string): DataKind {
  const kind = kindOfSource(source)
  return kind === 'username' && kindOfSource(first) === 'name' ? 'name' : kind
}

function firstText(user: User, client: Client, sources: readonly string[]): string | null {
  for (const source of sources) {
    const value = readerOf(source, client.phone)(user)
    if (isNothing(value)) continue
    if (typeof value === 'string') return value
    if (typeof value === 'object') return Object.values(value).join(' ')
  }
  return null
}
