// A resource: an API that accepts our access tokens, known by the URI that clients name in `resource` (RFC 8707) and
// find in `aud` (RFC 9068). Its settings, and how they are read.

import { ASYMMETRIC_ALGORITHMS } from '../protocol/jwk.ts'
import { resourceProblem } from '../protocol/resource.ts'
import type { Client, SigningAlgorithm } from './client/client.ts'
import { type Kind, oneOf, orNothing, type Parsed, scopeList, text } from './setting.ts'
import type { Seconds } from './time.ts'

export interface Resource {
  /** The value that the resource server expects in `aud`. */
  readonly identifier: string
  /** Shown to people on the consent page. */
  readonly name: string
  /** Scopes that mean something to it, space separated. */
  readonly scope: string
  /** Who may ask for it: clients whose setting `resources` names it, or every client with all of its scopes. */
  readonly clients: 'listed' | 'all'
  /** `jwt`: RFC 9068, for a resource server that verifies by itself. */
  readonly tokenFormat: 'opaque' | 'jwt'
  readonly typ: 'at+jwt' | 'JWT'
  readonly signingAlgorithm: SigningAlgorithm
  /** Null: as long as the server's own. */
  readonly tokenLifetime: Seconds | null
}

export interface ResourceRecord {
  readonly resource: Resource
  /** The key under which it is found, however its identifier is spelled. */
  readonly key: string
  readonly version: number
  /** Grows when every token for it must end (disable, remove). */
  readonly generation: number
  readonly enabled: boolean
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/** An access token that outlives a day should have been a refresh token. */
export const LONGEST_TOKEN_LIFETIME: Seconds = 86_400

const seconds: Kind<Seconds | null> = {
  describes: `whole seconds, 10 to ${LONGEST_TOKEN_LIFETIME}`,
  parse(value): Parsed<Seconds | null> {
    const isSpan = typeof value === 'number' && Number.isInteger(value) && value >= 10
    return isSpan && value <= LONGEST_TOKEN_LIFETIME
      ? { value }
      : { problem: `must be a number of seconds, 10 to ${LONGEST_TOKEN_LIFETIME}` }
  },
}

export interface ResourceSetting {
  readonly name: Exclude<keyof Resource, 'identifier'>
  readonly kind: Kind<unknown>
  readonly fallback: unknown
  readonly en: string
  readonly zh: string
}

// biome-ignore format: a table is read by its columns
export const RESOURCE_SETTINGS: readonly ResourceSetting[] = [
  { name: 'name', kind: text(100), fallback: null, en: 'Shown to people on the consent page.', zh: '在授权页上显示的名称。' },
  { name: 'scope', kind: scopeList, fallback: '', en: 'The scopes that mean something to it; a token for it holds no others.', zh: '对该资源有意义的权限范围；发给它的令牌只含这些范围。' },
  { name: 'clients', kind: oneOf('listed', 'all'), fallback: 'listed', en: 'Who may ask for it: clients whose setting `resources` names it, with the scopes that their own `scope` has too; or `all` clients, with all of its scopes.', zh: '哪些客户端可以请求它：`listed` 为 `resources` 设置中列出它的客户端，且权限范围同时受客户端 `scope` 限制；`all` 为所有客户端，可请求它的全部权限范围。' },
  { name: 'tokenFormat', kind: oneOf('opaque', 'jwt'), fallback: 'opaque', en: 'What its access tokens are: opaque ones, which it introspects, or JWTs (RFC 9068), which it verifies by itself.', zh: '访问令牌的形式：`opaque` 由资源服务器内省；`jwt`（RFC 9068）由资源服务器自行验证。' },
  { name: 'typ', kind: oneOf('at+jwt', 'JWT'), fallback: 'at+jwt', en: 'The header `typ` of its JWTs; `JWT` for libraries that refuse `at+jwt`.', zh: 'JWT 头部的 `typ`；若资源服务器的库不接受 `at+jwt`，可改为 `JWT`。' },
  { name: 'signingAlgorithm', kind: oneOf(...ASYMMETRIC_ALGORITHMS), fallback: 'RS256', en: 'How its JWTs are signed. Every resource server must know RS256 (RFC 9068 §2.1); ES256 costs a fifth of its CPU.', zh: 'JWT 的签名算法。资源服务器都必须支持 RS256（RFC 9068 §2.1）；ES256 的计算开销约为五分之一。' },
  { name: 'tokenLifetime', kind: orNothing(seconds), fallback: null, en: 'How long its access tokens live, in seconds; the option `lifetimes.accessToken` otherwise.', zh: '访问令牌的有效期（秒）；不设置时取选项 `lifetimes.accessToken`。' },
]

const byName = new Map<string, ResourceSetting>(RESOURCE_SETTINGS.map((setting) => [setting.name, setting]))

/** Every problem at once; each is a sentence. */
export class InvalidResource extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('; '))
    this.name = 'InvalidResource'
  }
}

/** Settings with the strict defaults filled in. Throws `InvalidResource`. */
export function parseResource(identifier: string, given: Readonly<Record<string, unknown>>): Resource {
  const problem = resourceProblem(identifier)
  const problems = problem === null ? [] : [`The identifier ${problem}`]
  for (const name of Object.keys(given)) {
    if (!byName.has(name)) {
      problems.push(`${name.slice(0, 80)} is not a setting of a resource; known are ${[...byName.keys()].join(', ')}`)
    }
  }
  const values: Record<string, unknown> = { identifier }
  for (const { name, kind, fallback } of RESOURCE_SETTINGS) {
    const value = given[name]
    if (value === undefined) {
      values[name] = fallback
      continue
    }
    const parsed = kind.parse(value)
    if ('value' in parsed) values[name] = parsed.value
    else problems.push(`${name} ${parsed.problem}`)
  }
  values['name'] ??= identifier
  if (problems.length > 0) throw new InvalidResource(problems)
  // The one place where checked values become the type: each came from its row above.
  return values as unknown as Resource
}

/** `tokenFormat=jwt`: the value as JSON where the setting takes it so, otherwise as text. */
export function parseResourceAssignment(assignment: string): Readonly<Record<string, unknown>> {
  const equals = assignment.indexOf('=')
  if (equals < 1) throw new InvalidResource([`${assignment.slice(0, 80)} must be written NAME=VALUE`])
  const name = assignment.slice(0, equals).trim()
  const written = assignment.slice(equals + 1)
  const json = readJson(written)
  const setting = byName.get(name)
  return { [name]: setting !== undefined && 'value' in setting.kind.parse(json) ? json : written }
}

function readJson(written: string): unknown {
  try {
    return JSON.parse(written)
  } catch {
    return written
  }
}

/** A stored resource; settings that are younger than the record have their defaults. */
export function resourceFromStored(json: string): Resource {
  const stored = JSON.parse(json) as Resource
  const fallbacks = Object.fromEntries(RESOURCE_SETTINGS.map(({ name, fallback }) => [name, fallback]))
  return { ...(fallbacks as unknown as Resource), ...stored }
}

export function mayAskFor(client: Client, { identifier, clients }: Resource): boolean {
  return clients === 'all' || client.resources.includes(identifier)
}

/** Those of these words that the client may have by itself, in their order. */
export function ownScope(client: Client, words: readonly string[]): readonly string[] {
  const own = client.scope.split(' ')
  return words.filter((word) => own.includes(word))
}

/** Those of these words that a token of this client for this resource may hold, in their order. */
export function scopeFor(client: Client, { scope, clients }: Resource, words: readonly string[]): readonly string[] {
  const meant = scope.split(' ')
  const known = words.filter((word) => meant.includes(word))
  return clients === 'all' ? known : ownScope(client, known)
}
