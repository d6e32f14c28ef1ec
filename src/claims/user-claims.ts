// What a client receives about a user: compiled once per client and scope, then read off the user.

import type { ClaimRule, Client } from '../model/client.ts'
import type { User, UserProfile } from '../model/user.ts'
import { formatPhone } from './phone.ts'
import { claimsOfScope } from './standard-claims.ts'

export type Claims = Record<string, unknown>

interface Compiled {
  /** Where the value goes; more than one segment nests. */
  readonly path: readonly string[]
  readonly rule: ClaimRule
}

// A client object is one version of its settings, so what is compiled from it never goes stale.
const compiled = new WeakMap<Client, Map<string, readonly Compiled[]>>()

/** The claims of user info. `sub` always comes from the user id. OpenID Connect Core §5.3.2. */
export function userClaims(user: User, client: Client, scope: readonly string[]): Claims {
  return { sub: user.userId, ...render(user, client, compiledFor(client, scope)) }
}

/**
 * The user's part of an ID token. OpenID Connect Core §5.4: claims that scopes ask for go to user info whenever there
 * is an access token, so here there are none; `sub` and the protocol's own members are added by whoever signs.
 */
export function idTokenClaims(_user: User, _client: Client, _scope: readonly string[]): Claims {
  return {}
}

/** The rules in force, in the order they are written. */
export function claimRules(client: Client, scope: readonly string[]): readonly { name: string; rule: ClaimRule }[] {
  const standard = client.claimsFrom === 'map' ? [] : scope.flatMap(claimsOfScope)
  const own = Object.entries(client.claims).map(([name, rule]) => ({ name, rule }))
  const ownNames = new Set(own.map(({ name }) => name))
  return [...standard.filter(({ name }) => !ownNames.has(name)), ...own]
}

function compiledFor(client: Client, scope: readonly string[]): readonly Compiled[] {
  let byScope = compiled.get(client)
  if (byScope === undefined) {
    byScope = new Map()
    compiled.set(client, byScope)
  }
  const key = client.claimsFrom === 'map' ? '' : scope.join(' ')
  const known = byScope.get(key)
  if (known !== undefined) return known
  const rules = claimRules(client, scope).map(({ name, rule }) => ({ path: name.split('.'), rule }))
  // Scopes are the client's own words, so few in number; a stranger cannot fill this.
  if (byScope.size < 256) byScope.set(key, rules)
  return rules
}

function render(user: User, client: Client, rules: readonly Compiled[]): Claims {
  const claims: Claims = {}
  for (const { path, rule } of rules) {
    const value = rule.constant ?? valueOf(user, client, rule)
    if (value !== null) place(claims, path, value)
    else if (client.empty !== 'omit') place(claims, path, client.empty === 'null' ? null : '')
  }
  return claims
}

function place(claims: Claims, path: readonly string[], value: unknown): void {
  let target = claims
  for (const segment of path.slice(0, -1)) {
    const inner = target[segment]
    const next: Claims = typeof inner === 'object' && inner !== null ? (inner as Claims) : {}
    target[segment] = next
    target = next
  }
  const last = path.at(-1)
  if (last !== undefined) target[last] = value
}

function valueOf(user: User, client: Client, { from, type }: ClaimRule): unknown {
  for (const source of from) {
    const value = sourceValue(user, client, source)
    if (value === null || value === undefined || value === '') continue
    const typed = convert(value, type)
    if (typed !== null) return typed
  }
  return null
}

function convert(value: unknown, type: ClaimRule['type']): unknown {
  switch (type) {
    case 'json':
      return value
    case 'boolean':
      return typeof value === 'boolean' ? value : String(value) === 'true' || String(value) === '1'
    case 'number': {
      const number = Number(value)
      return Number.isFinite(number) ? number : null
    }
    default:
      return typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
}

/** A user's field as this client may have it. Null or undefined: nothing. */
export function sourceValue(user: User, client: Client, source: string): unknown {
  switch (source) {
    case 'id':
      return user.userId
    case 'username':
      return user.username
    case 'phone':
      return user.phone === null ? null : formatPhone(user.phone, user.phoneVerified, client.phone)
    case 'phoneVerified':
      // Without a number there is nothing to have verified.
      return sourceValue(user, client, 'phone') === null ? null : user.phoneVerified
    case 'email':
      return user.email
    case 'emailVerified':
      return user.email === null ? null : user.emailVerified
    case 'updatedAt':
      return user.updatedAt
    default:
      return source.startsWith('custom.')
        ? ownValue(user.profile.custom, source.slice('custom.'.length))
        : ownValue(user.profile, source)
  }
}

function ownValue(record: UserProfile | Readonly<Record<string, string>> | undefined, name: string): unknown {
  if (record === undefined || !Object.hasOwn(record, name)) return null
  return new Map<string, unknown>(Object.entries(record)).get(name)
}
