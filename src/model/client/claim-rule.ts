// A claim map as operators write it, parsed: output name → where the value comes from and how it is written.

import { nearestName } from '../names/nearest-name.ts'
import { shown } from '../setting.ts'
import type { ClaimRule } from './client.ts'

/** Fields of a user that a claim can come from; `custom.<name>` besides. */
export const CLAIM_SOURCES = [
  'id',
  'username',
  'displayName',
  'givenName',
  'familyName',
  'middleName',
  'nickname',
  'profile',
  'picture',
  'website',
  'gender',
  'birthdate',
  'zoneinfo',
  'locale',
  'address',
  'phone',
  'phoneVerified',
  'email',
  'emailVerified',
  'updatedAt',
] as const
export type ClaimSource = (typeof CLAIM_SOURCES)[number] | `custom.${string}`

/** Members that the protocol itself sets: no claim of a user may stand in for them. */
const PROTOCOL_CLAIMS = new Set([
  'iss',
  'aud',
  'exp',
  'iat',
  'nbf',
  'jti',
  'nonce',
  'at_hash',
  'c_hash',
  's_hash',
  'acr',
  'amr',
  'azp',
  'auth_time',
  'sid',
  'cnf',
  'act',
  'may_act',
  'events',
])

const BOOLEAN_SOURCES = new Set<string>(['phoneVerified', 'emailVerified'])
const OUTPUT_NAME = /^[A-Za-z_][A-Za-z0-9_:-]{0,63}(\.[A-Za-z_][A-Za-z0-9_:-]{0,63}){0,4}$/
const FORBIDDEN_SEGMENT = new Set(['__proto__', 'constructor', 'prototype'])

export type ParsedClaims = { readonly claims: Readonly<Record<string, ClaimRule>> } | { readonly problem: string }

/** `{ user_id: id, name: [displayName, username], level: { constant: 3 }, "user.phone": { from: phone } }` */
export function parseClaims(value: unknown): ParsedClaims {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problem: 'must be a map of claim names to user fields' }
  }
  const entries = Object.entries(value)
  if (entries.length > 100) return { problem: 'has more than 100 claims' }
  const claims: Record<string, ClaimRule> = {}
  const names = entries.map(([name]) => name)
  for (const [name, rule] of entries) {
    const parsed = nameProblem(name, names) ?? parseRule(name, rule)
    if (typeof parsed === 'string') return { problem: `holds ${shown(name)}, which ${parsed}` }
    claims[name] = parsed
  }
  return { claims }
}

function nameProblem(name: string, all: readonly string[]): string | null {
  const segments = name.split('.')
  if (!OUTPUT_NAME.test(name) || segments.some((segment) => FORBIDDEN_SEGMENT.has(segment))) {
    return 'is not a claim name: letters, digits, _ : - and dots for nesting'
  }
  // A dotted name makes its first segment a member of the reply.
  const [member = ''] = segments
  if (PROTOCOL_CLAIMS.has(member)) return 'is set by the protocol and cannot be mapped'
  if (member === 'sub' && segments.length > 1) return 'cannot be: sub is always the user id itself'
  const under = all.find((other) => other.startsWith(`${name}.`))
  return under === undefined ? null : `cannot be a value and hold ${under} at once`
}

function parseRule(name: string, value: unknown): ClaimRule | string {
  if (typeof value === 'string') return fromFields(name, [value], undefined)
  if (isTexts(value)) return fromFields(name, value, undefined)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must name a user field, or several'
  const { from, type, constant, ...rest }: { from?: unknown; type?: unknown; constant?: unknown } = value
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) return `has an unknown member ${shown(unknown)}; known are from, type and constant`
  if (type !== undefined && type !== 'string' && type !== 'number' && type !== 'boolean' && type !== 'json') {
    return 'has an unknown type; known are string, number, boolean and json'
  }
  const empty = from === undefined || (Array.isArray(from) && from.length === 0)
  if (constant !== undefined) return empty ? constantRule(name, constant) : 'has both from and constant'
  const fields = typeof from === 'string' ? [from] : from
  return isTexts(fields) ? fromFields(name, fields, type) : 'needs from: the user field it comes from'
}

function isTexts(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.length > 0 && value.length <= 10 && value.every((each) => typeof each === 'string')
  )
}

function constantRule(name: string, constant: unknown): ClaimRule | string {
  if (name === 'sub') return 'must come from id'
  if (typeof constant === 'string' && constant.length <= 1_000) return { from: [], type: 'string', constant }
  if (typeof constant === 'number' && Number.isFinite(constant)) return { from: [], type: 'number', constant }
  if (typeof constant === 'boolean') return { from: [], type: 'boolean', constant }
  return 'has a constant that is neither text (up to 1,000 characters), number nor boolean'
}

function fromFields(name: string, fields: readonly string[], type: ClaimRule['type'] | undefined): ClaimRule | string {
  for (const field of fields) {
    if ((CLAIM_SOURCES as readonly string[]).includes(field)) continue
    if (/^custom\.[A-Za-z0-9_-]{1,64}$/.test(field)) continue
    const near = nearestName(field, CLAIM_SOURCES)
    return `comes from an unknown user field ${shown(field)}${near === null ? '' : `; did you mean ${near}?`}`
  }
  // OpenID Connect Core §5.7: sub is the one claim a client may rely on; it is never anything but the id.
  if (name === 'sub' && (fields.length !== 1 || fields[0] !== 'id' || (type ?? 'string') !== 'string')) {
    return 'must come from id, as a string'
  }
  return { from: fields, type: type ?? naturalType(fields) }
}

function naturalType(fields: readonly string[]): ClaimRule['type'] {
  if (fields.every((field) => BOOLEAN_SOURCES.has(field))) return 'boolean'
  if (fields.every((field) => field === 'updatedAt')) return 'number'
  return fields.every((field) => field === 'address') ? 'json' : 'string'
}
