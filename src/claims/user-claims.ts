// What a client receives about a user: rules are compiled once for each scope and all clients with the same settings,
// then applied to the user.

import type { ClaimRule, Client } from '../model/client/client.ts'
import type { User } from '../model/user.ts'
import { type ClaimWish, isWanted, wishFor } from '../protocol/claims-request.ts'
import { includesScope } from '../protocol/scope.ts'
import { isNothing, readerOf, typed } from './sources.ts'
import { claimsOfScope, standardClaim } from './standard-claims.ts'

export type Claims = Record<string, unknown>

interface Compiled {
  /** Where the value goes: into `member`, or below it along `path`. */
  readonly member: string
  readonly path: readonly string[]
  readonly value: (user: User) => unknown
}

type ByScope = Map<string, readonly Compiled[]>

// A client object is one version of its settings, so what is compiled for it never becomes stale.
const compiled = new WeakMap<Client, ByScope>()
/** Most clients have the same settings for claims, and the compiled rules take three times the memory of a client. */
const alike = new Map<string, ByScope>()
const MOST_ALIKE = 1_000
const MOST_SCOPES = 256

const NO_WISHES: readonly ClaimWish[] = []

/** The claims of user info. `sub` always comes from the user id. OpenID Connect Core §5.3.2. */
export function userClaims(
  user: User,
  client: Client,
  scope: readonly string[],
  wishes: readonly ClaimWish[] = NO_WISHES,
): Claims {
  const claims = render({ sub: user.userId }, user, compiledFor(client, scope))
  return wishes.length === 0 ? claims : render(claims, user, compileAsked(askedRules(client, scope, wishes), client))
}

/**
 * The user's part of an ID token; `sub` and the protocol's own members are added by the signer. OpenID Connect Core
 * §5.4: claims that scopes ask for go to user info whenever there is an access token, so usually there are none here.
 */
export function idTokenClaims(
  user: User,
  client: Client,
  scope: readonly string[],
  { wishes, whole }: { readonly wishes: readonly ClaimWish[]; readonly whole: boolean } = {
    wishes: NO_WISHES,
    whole: false,
  },
): Claims {
  const all = whole || client.idToken.claims === 'all'
  const claims = all ? render({}, user, compiledFor(client, scope)) : {}
  if (wishes.length === 0) return claims
  // What is asked for here may also be what the scope would give at the other place (user info or ID token).
  const rules = [...claimRules(client, scope), ...askedRules(client, scope, wishes)]
  const asked = rules.flatMap(({ name, rule }) => {
    const wish = wishFor(wishes, name) ?? wishFor(wishes, name.split('.', 1)[0] ?? name)
    return wish === undefined ? [] : [{ name, rule, wish }]
  })
  return render(claims, user, compileAsked(asked, client))
}

/**
 * The rules that apply, in the order in which they are written: those of the scope, then the client's own, which win,
 * then those for claims asked for singly.
 */
export function claimRules(
  client: Client,
  scope: readonly string[],
  wishes: readonly ClaimWish[] = NO_WISHES,
): readonly { name: string; rule: ClaimRule }[] {
  const standard = client.claimsFrom === 'map' ? [] : scope.flatMap(claimsOfScope)
  const own = Object.entries(client.claims).map(([name, rule]) => ({ name, rule }))
  const ownNames = new Set(own.map(({ name }) => name))
  const rules = [...standard.filter(({ name }) => !ownNames.has(name)), ...own]
  return wishes.length === 0 ? rules : [...rules, ...askedRules(client, scope, wishes)]
}

/**
 * What a client may ask for by name. OpenID Connect Core §5.5: claims that scopes of its own registration would give,
 * and those of its map; claims that we do not know are ignored.
 */
export function isGivable(client: Client, name: string): boolean {
  if (Object.keys(client.claims).some((own) => own === name || own.startsWith(`${name}.`))) return true
  const standard = client.claimsFrom === 'map' ? undefined : standardClaim(name)
  return standard !== undefined && includesScope(client.scope, standard.scope)
}

interface AskedRule {
  readonly name: string
  readonly rule: ClaimRule
  readonly wish: ClaimWish
}

/** Claims asked for singly, beyond the scope and the client's own map. */
function askedRules(client: Client, scope: readonly string[], wishes: readonly ClaimWish[]): readonly AskedRule[] {
  return wishes.flatMap((wish) => {
    const { name } = wish
    const standard = standardClaim(name)
    if (standard === undefined || scope.includes(standard.scope)) return []
    const isOwn = Object.keys(client.claims).some((own) => own.split('.', 1)[0] === name)
    return isOwn || !isGivable(client, name) ? [] : [{ name, rule: standard.rule, wish }]
  })
}

function compileAsked(rules: readonly AskedRule[], client: Client): readonly Compiled[] {
  return compile(rules, client).map((compiled, at) => {
    const wish = rules[at]?.wish
    if (wish?.values === undefined) return compiled
    // OpenID Connect Core §5.5.1: a claim asked for with a value is given with that value or not at all.
    return { ...compiled, value: (user) => onlyWanted(wish, compiled.value(user)) }
  })
}

function onlyWanted(wish: ClaimWish, value: unknown): unknown {
  return isWanted(wish, value) ? value : undefined
}

function compile(rules: readonly { name: string; rule: ClaimRule }[], { empty, phone }: Client): readonly Compiled[] {
  return rules.map(({ name, rule }) => {
    const [member = name, ...path] = name.split('.')
    return { member, path, value: valueReader(rule, { empty, phone }) }
  })
}

function compiledOf(client: Client): ByScope {
  const known = compiled.get(client)
  if (known !== undefined) return known
  const { claimsFrom, claims, empty, phone } = client
  const key = JSON.stringify([claimsFrom, claims, empty, phone])
  const byScope: ByScope = alike.get(key) ?? new Map()
  if (alike.size >= MOST_ALIKE) alike.clear()
  alike.set(key, byScope)
  compiled.set(client, byScope)
  return byScope
}

function compiledFor(client: Client, scope: readonly string[]): readonly Compiled[] {
  const byScope = compiledOf(client)
  const key = client.claimsFrom === 'map' ? '' : scope.join(' ')
  const known = byScope.get(key)
  if (known !== undefined) return known
  // `sub` is the user id, whatever a map says.
  const rules = claimRules(client, scope).filter(({ name }) => name !== 'sub')
  const fresh = compile(rules, client)
  // A client may write the words of a scope in any order, so the number of entries is bounded: what others ask for is
  // compiled again.
  if (byScope.size >= MOST_SCOPES) byScope.clear()
  byScope.set(key, fresh)
  return fresh
}

/** The first source that has a value counts. Undefined: the claim is left out. */
function valueReader(
  { from, type, constant }: ClaimRule,
  { empty, phone }: Pick<Client, 'empty' | 'phone'>,
): Compiled['value'] {
  if (constant !== undefined) return () => constant
  const nothing = { omit: undefined, null: null, '': '' }[empty]
  const readers = from.map((source) => readerOf(source, phone))
  return (user) => {
    for (const read of readers) {
      const value = read(user)
      const written = isNothing(value) ? null : typed(value, type)
      if (written !== null) return written
    }
    return nothing
  }
}

function render(claims: Claims, user: User, rules: readonly Compiled[]): Claims {
  for (const { member, path, value } of rules) {
    const written = value(user)
    if (written === undefined) continue
    claims[member] = path.length === 0 ? written : nested(claims[member], path, written)
  }
  return claims
}

/** `within` is an object that this reply has made itself; anything else there is replaced by one. */
function nested(within: unknown, path: readonly string[], value: unknown): unknown {
  const [segment, ...rest] = path
  if (segment === undefined) return value
  const object: Claims = typeof within === 'object' && within !== null ? { ...within } : {}
  object[segment] = nested(object[segment], rest, value)
  return object
}
