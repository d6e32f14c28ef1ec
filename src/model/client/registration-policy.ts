// What clients that register themselves may have: an operator's limits, as plain data. The policy of a single initial
// access token may be narrower, never wider.

import { isDocumentId } from '../../protocol/client-document.ts'
import type { PublicJwks } from '../../protocol/jwk.ts'
import { RESPONSE_TYPES, type ResponseType } from '../../protocol/response-type.ts'
import { scopeWords } from '../../protocol/scope.ts'
import type { SettingProblem } from '../setting.ts'
import { type Kind, listOf, orNothing, scopeList, shown, wholeNumber } from '../setting.ts'
import type { Seconds } from '../time.ts'
import type { Client, ClientAuthenticationMethod, GrantTypeName } from './client.ts'
import { jwksKind, keysAddress } from './jwks.ts'
import { kindOf } from './setting-table.ts'

export interface RegistrationPolicy {
  readonly grantTypes: readonly GrantTypeName[]
  readonly responseTypes: readonly ResponseType[]
  readonly authMethods: readonly ClientAuthenticationMethod[]
  /** Other scopes are not refused but left out, because clients ask for every name that metadata lists. */
  readonly scope: string
  /** See `redirectHostMatches`. Empty: any. */
  readonly redirectHosts: readonly string[]
  readonly mostRedirectUris: number
}

/** An issuer of software statements that are believed, and the keys for them. RFC 7591 §2.3. */
export interface StatementIssuer {
  readonly issuer: string
  readonly jwks: PublicJwks | null
  readonly jwks_uri: string | null
}

export interface RegistrationRules extends RegistrationPolicy {
  /** `guarded`: only with an initial access token. */
  readonly access: 'off' | 'guarded' | 'open'
  /** Clients that one network may register within an hour without an initial access token. */
  readonly perAddress: number
  /** Clients that may exist without an initial access token. */
  readonly most: number
  /** A client that is not used for this long is removed, unless an operator has approved it. */
  readonly unusedLifetime: Seconds
  readonly statementIssuers: readonly StatementIssuer[]
  readonly statementRequired: boolean
  /** The value of `authorize.pkce` for native clients and for those that keep no secret. RFC 9700 §2.1.1 */
  readonly publicPkce: 'required' | 'unprotected'
  /**
   * The `request_object_signing_alg` of clients that name none; they are told of it. Null: any that their keys allow.
   * RFC 7591 §3.2.1
   */
  readonly requestObjectAlg: 'none' | null
  /** Whether a client_id may be the address of a document about the client, whatever `access` is. */
  readonly documents: boolean
  /** Hosts of such documents, as `redirectHostMatches` reads them. Empty: any. */
  readonly documentHosts: readonly string[]
  /** Clients known by a document that may exist at once. */
  readonly mostDocuments: number
}

export const DEFAULT_REGISTRATION: RegistrationRules = {
  access: 'off',
  grantTypes: ['authorization_code', 'refresh_token', 'implicit'],
  responseTypes: RESPONSE_TYPES,
  authMethods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'],
  scope: 'openid profile email offline_access',
  redirectHosts: [],
  mostRedirectUris: 20,
  perAddress: 30,
  most: 10_000,
  unusedLifetime: 90 * 86_400,
  statementIssuers: [],
  statementRequired: false,
  publicPkce: 'required',
  requestObjectAlg: null,
  documents: false,
  documentHosts: [],
  mostDocuments: 10_000,
}

/**
 * `https://issuer.example=https://issuer.example/jwks`; or a map, in which the keys may stand instead of their address.
 */
export const statementIssuers: Kind<readonly StatementIssuer[]> = {
  describes: '`ISSUER=ADDRESS` of its keys, or a JSON map of issuers to addresses or JWK sets',
  parse(value) {
    const map = issuerMap(value)
    if (typeof map !== 'object' || map === null || Array.isArray(map)) return { problem: 'must be a map of issuers' }
    const issuers: StatementIssuer[] = []
    for (const [issuer, keys] of Object.entries(map)) {
      const [jwks, jwks_uri] = typeof keys === 'string' ? [null, keys] : [keys, null]
      const [set, address] = [jwksKind.parse(jwks), keysAddress.parse(jwks_uri)]
      if ('problem' in set) return { problem: `for ${shown(issuer)} ${set.problem}` }
      if ('problem' in address) return { problem: `for ${shown(issuer)} ${address.problem}` }
      if (set.value === null && address.value === null)
        return { problem: `for ${shown(issuer)} must name its keys: ${issuer}=https://…` }
      issuers.push({ issuer, jwks: set.value, jwks_uri: address.value })
    }
    return { value: issuers }
  },
}

function issuerMap(value: unknown): unknown {
  const texts: unknown = typeof value === 'string' ? [value] : value
  if (!Array.isArray(texts) || !texts.every((each) => typeof each === 'string')) return value
  const [first = ''] = texts
  if (first.trimStart().startsWith('{')) return texts.length === 1 ? parseJson(first) : null
  const words = texts.flatMap((each) => each.split(/[\s,]+/)).filter((each) => each !== '')
  return Object.fromEntries(
    words.map((word) => {
      const [issuer = '', ...address] = word.split('=')
      return [issuer, address.length === 0 ? null : address.join('=')]
    }),
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const ENTRY =
  /^(?:(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?::\d{1,5})?|\[::1\]|[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:)$/

/** `app.example.com`, `app.example.com:8443`, `*.example.com`, `127.0.0.1`, or a private-use scheme: `com.example.app:`. */
export const redirectHosts: Kind<readonly string[]> = {
  describes: 'hosts (`app.example.com`, `*.example.com`, `127.0.0.1`) or private-use schemes (`com.example.app:`)',
  parse(value) {
    const list = typeof value === 'string' ? value.split(/[\s,]+/).filter((each) => each !== '') : value
    if (!Array.isArray(list) || !list.every((each) => typeof each === 'string')) return { problem: 'must be a list' }
    const bad = list.find((each) => !ENTRY.test(each))
    if (bad === undefined) return { value: [...new Set(list)] }
    return { problem: `holds ${shown(bad)}, which is neither a host such as app.example.com nor a scheme with a dot` }
  },
}

/**
 * Compares the whole host of the parsed address. An entry for all hosts of a domain begins with `*.`; without a port
 * the usual one is meant.
 */
function redirectHostMatches(entries: readonly string[], uri: string): boolean {
  const { protocol, hostname, host } = new URL(uri)
  if (protocol !== 'https:' && protocol !== 'http:') return entries.includes(protocol)
  // RFC 8252 §7.3: any port, because the client takes whichever is free.
  const isLoopback = protocol === 'http:'
  return entries.some((entry) =>
    entry.startsWith('*.')
      ? host.endsWith(entry.slice(1)) && host.length > entry.length - 1
      : entry === host || (isLoopback && entry === hostname),
  )
}

export type DocumentRules = Pick<RegistrationRules, 'documents' | 'documentHosts'>

/** What is told to a client that is refused because of its document. */
export const DOCUMENTS_REFUSED = 'This server does not take the client ID metadata document of the client'

/**
 * Why a client known by this document is not accepted at all, as the end of a sentence about its client_id; null: it is
 * accepted, or the id is not the address of a document. Once it is refused, what it was given before is no longer good
 * either.
 */
export function documentIdRefusal({ documents, documentHosts }: DocumentRules, clientId: string): string | null {
  if (!isDocumentId(clientId)) return null
  if (!documents)
    return 'is the address of a document, and client ID metadata documents are off (registration.documents)'
  return documentHosts.length === 0 || redirectHostMatches(documentHosts, clientId)
    ? null
    : 'is on a host that is none of registration.documentHosts'
}

/** The rows of a policy, by which both options and initial access tokens are read. */
export const POLICY_KINDS: { readonly [Name in keyof RegistrationPolicy]: Kind<RegistrationPolicy[Name]> } = {
  grantTypes: kindOf<readonly GrantTypeName[]>('grant_types'),
  responseTypes: kindOf<readonly ResponseType[]>('response_types'),
  authMethods: listOf('client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'),
  scope: scopeList,
  redirectHosts,
  mostRedirectUris: wholeNumber(1, 100),
}

/** A policy that is narrower than the server's, in what it mentions. */
export type NarrowPolicy = Partial<RegistrationPolicy>

/** From stored text, or as an operator wrote it. Throws `RangeError` with what is wrong. */
export function parseNarrowPolicy(input: Readonly<Record<string, unknown>>): NarrowPolicy {
  const narrow: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(input)) {
    const kind = Object.hasOwn(POLICY_KINDS, name) ? POLICY_KINDS[name as keyof RegistrationPolicy] : undefined
    if (kind === undefined) throw new RangeError(`${shown(name)} is no part of a policy`)
    const parsed = orNothing<unknown>(kind).parse(value)
    if ('problem' in parsed) throw new RangeError(`${name} ${parsed.problem}`)
    if (parsed.value !== null) narrow[name] = parsed.value
  }
  return narrow
}

/** The words of `scope` that every policy allows, in the order of the request. */
export function scopeWithin(policies: readonly NarrowPolicy[], scope: string): string {
  const allowed = policies.flatMap(({ scope: ceiling }) => (ceiling === undefined ? [] : [scopeWords(ceiling)]))
  return scopeWords(scope)
    .filter((word) => allowed.every((words) => words.includes(word)))
    .join(' ')
}

/** What one of the policies forbids; null: nothing. */
export function policyProblem(policies: readonly NarrowPolicy[], client: Client): SettingProblem | null {
  for (const policy of policies) {
    const problem = flowProblem(policy, client) ?? uriProblem(policy, client)
    if (problem !== null) return problem
  }
  return null
}

function flowProblem({ grantTypes, responseTypes, authMethods }: NarrowPolicy, client: Client): SettingProblem | null {
  const grant = client.grant_types.find((each) => grantTypes?.includes(each) === false)
  if (grant !== undefined) return { setting: 'grant_types', problem: `must not have ${grant} here` }
  const type = client.response_types.find((each) => responseTypes?.includes(each) === false)
  if (type !== undefined) return { setting: 'response_types', problem: `must not have '${type}' here` }
  const method = client.token_endpoint_auth_method
  if (authMethods?.includes(method) !== false) return null
  return { setting: 'token_endpoint_auth_method', problem: `must not be ${method} here` }
}

function uriProblem(
  { redirectHosts: hosts = [], mostRedirectUris }: NarrowPolicy,
  client: Client,
): SettingProblem | null {
  for (const setting of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
    const uris = client[setting]
    if (mostRedirectUris !== undefined && uris.length > mostRedirectUris) {
      return { setting, problem: `has more than ${mostRedirectUris} entries` }
    }
    const foreign = hosts.length === 0 ? undefined : uris.find((uri) => !redirectHostMatches(hosts, uri))
    if (foreign !== undefined) return { setting, problem: `holds ${shown(foreign)}, whose host is not allowed here` }
  }
  return null
}
