// From a request and its reply to what a trace keeps: the shape of what was sent, never its secrets.

import type { HttpRequest } from '../../http/message.ts'
import { networkOf } from '../../http/request/address.ts'
import { bodyText, readFormOrJson, readQuery } from '../../http/request/form.ts'
import type { RequestRecord } from '../../http/routing/router.ts'
import type { Outcome } from '../../protocol/errors.ts'
import { Parameters } from '../../protocol/parameters.ts'
import { isAnswered } from './hints.ts'
import { inert, isPlainName, maskedIdentifier, maskedText, maskedUri, withoutSecrets } from './masking.ts'
import type { TraceParameters, TraceRecord } from './trace-record.ts'

/** Parameters whose values say nothing about a person and prove nothing. */
const PLAIN_VALUES = [
  'response_type',
  'response_mode',
  'grant_type',
  'prompt',
  'code_challenge_method',
  'scope',
  'max_age',
  'display',
  'acr_values',
  'ui_locales',
  'token_type_hint',
]
const URI_VALUES = ['redirect_uri', 'post_logout_redirect_uri', 'resource']
const MOST_NAMES = 40

/** Longer than any scope or type that works; longer ones are cut. */
const LONGEST_VALUE = 200

export function describeRequest(
  { request, reply, elapsed }: RequestRecord,
  endpoint: string,
  outcome: Outcome,
  claimedClient: string | null,
): Omit<TraceRecord, 'time' | 'order' | 'more'> {
  const query = readable(() => readQuery(request))
  const body = readable(() => (endpoint === 'register' ? readMetadata(request) : readFormOrJson(request)))
  return {
    endpoint,
    method: inert(request.method, 10),
    status: reply.status,
    elapsed: Math.round(elapsed * 10) / 10,
    contentType: mediaTypeOf(request.headers['content-type']),
    parameters: namesOf(query, body),
    values: valuesOf([body, query]),
    credentials: credentialStyle(request.headers['authorization'], query, body),
    claimedClient: claimedClient === null ? null : maskedIdentifier(claimedClient),
    network: inert(networkOf(request.peer.address), 60),
    userAgent: textOf(request.headers['user-agent'], 120),
    rule: outcome.rule,
    clause: outcome.clause,
    reason: maskedText(outcome.reason, 1200),
    observed: observedOf(outcome.observed),
    members: isAnswered(outcome.rule) ? membersOf(reply.headers['content-type'], reply.body) : null,
  }
}

/** The client_id that a request names, wherever it may be; nothing about it is proven. */
export function claimedClientId(request: HttpRequest): string | null {
  const inHeader = basicUser(request.headers['authorization'])
  if (inHeader !== null) return inHeader
  const inQuery = request.query.includes('client_id') ? readable(() => readQuery(request)) : null
  const named = inQuery?.get('client_id')
  if (named !== undefined) return named
  return readable(() => readFormOrJson(request))?.get('client_id') ?? null
}

const BASIC = /^Basic +([A-Za-z0-9+/_-]+={0,2}) *$/i

function basicUser(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.length > 4096) return null
  const encoded = BASIC.exec(authorization)?.[1]
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon > 0 ? text.slice(0, colon) : null
}

/** Null where the parameters cannot be read. That is no error here: the endpoint has refused the request for it. */
function readable(read: () => Parameters): Parameters | null {
  try {
    return read()
  } catch {
    return null
  }
}

/** What a client says about itself is nested, unlike parameters: every name, and the values that are text. RFC 7591 §2 */
function readMetadata(request: HttpRequest): Parameters {
  const text = bodyText(request)
  const members: unknown = text === '' ? {} : JSON.parse(text)
  if (typeof members !== 'object' || members === null || Array.isArray(members)) throw new SyntaxError('no metadata')
  return new Parameters(
    new Map(Object.entries(members).map(([name, value]) => [name, typeof value === 'string' ? value : '…'])),
  )
}

function namesOf(query: Parameters | null, body: Parameters | null): TraceParameters {
  const all = [...(query?.names ?? []), ...(body?.names ?? [])]
  const shown = (parameters: Parameters | null) =>
    (parameters?.names ?? []).filter((name) => isShown(parameters, name)).slice(0, MOST_NAMES)
  const names = { query: shown(query), body: shown(body) }
  return {
    ...names,
    repeated: [...(query?.repeated ?? []), ...(body?.repeated ?? [])].filter(isPlainName).slice(0, MOST_NAMES),
    unnamed: all.length - names.query.length - names.body.length,
    unreadable: [...(query === null ? (['query'] as const) : []), ...(body === null ? (['body'] as const) : [])],
  }
}

/**
 * Whether the name of a parameter is shown. A single word without a value is not: it is more likely a value that lost
 * its name, such as a token sent as the whole body.
 */
function isShown(parameters: Parameters | null, name: string): boolean {
  if (!isPlainName(name)) return false
  return KNOWN_NAMES.has(name) || parameters?.get(name) !== undefined
}

const SECRET_NAMES =
  'client_id client_secret code state nonce claims claims_locales code_challenge code_verifier login_hint id_token_hint request request_uri ' +
  'client_assertion client_assertion_type resource refresh_token access_token token username password decision csrf account another remember'

const KNOWN_NAMES: ReadonlySet<string> = new Set([...PLAIN_VALUES, ...URI_VALUES, ...SECRET_NAMES.split(' ')])

function valuesOf(sources: readonly (Parameters | null)[]): Readonly<Record<string, string>> {
  const values: Record<string, string> = {}
  for (const source of sources) {
    for (const name of PLAIN_VALUES) {
      const value = source?.get(name)
      if (value !== undefined) values[name] ??= plainValue(value)
    }
    for (const name of URI_VALUES) {
      const value = source?.get(name)
      if (value !== undefined) values[name] ??= maskedUri(value)
    }
  }
  return values
}

/**
 * The value if it consists of words, as scopes and types do. Anything else is masked, since it may be a secret in the
 * wrong field.
 */
function plainValue(value: string): string {
  return /^[A-Za-z0-9 ._:/,-]*$/.test(value)
    ? withoutSecrets(value.slice(0, LONGEST_VALUE))
    : `… (${value.length} characters, not only letters and digits)`
}

/** How credentials were sent (`basic`, `body`, …), never the credentials themselves. */
function credentialStyle(authorization: string | undefined, query: Parameters | null, body: Parameters | null): string {
  const styles: string[] = []
  if (authorization !== undefined) {
    const scheme = /^([A-Za-z]+) +\S/.exec(authorization)?.[1]?.toLowerCase()
    const known = scheme === 'basic' || scheme === 'bearer' || scheme === 'dpop'
    styles.push(known ? scheme : scheme === undefined ? 'header without a scheme' : 'header with another scheme')
  }
  if (body?.get('client_secret') !== undefined) styles.push('body')
  if (body?.get('client_assertion') !== undefined) styles.push('assertion')
  if (body?.get('access_token') !== undefined) styles.push('token in the body')
  if (query?.get('client_secret') !== undefined) styles.push('query')
  if (query?.get('client_assertion') !== undefined) styles.push('assertion in the query')
  if (query?.get('access_token') !== undefined) styles.push('token in the query')
  return styles.length === 0 ? 'none' : styles.join(' + ')
}

export const NO_MEDIA_TYPE = 'not a media type'

/** The type, and a charset when one was named; a boundary says nothing. */
function mediaTypeOf(header: string | undefined): string | null {
  if (header === undefined) return null
  const type = /^\s*([a-z]{1,20}\/[a-z0-9.+-]{1,60})\s*(?:;|$)/i.exec(header)?.[1]
  if (type === undefined) return NO_MEDIA_TYPE
  const charset = /;\s*charset\s*=\s*"?([a-z0-9_-]{1,20})"?/i.exec(header.slice(0, 200))?.[1]
  return withoutSecrets(`${type}${charset === undefined ? '' : `; charset=${charset}`}`)
}

function textOf(text: string | undefined, longest: number): string | null {
  return text === undefined || text === '' ? null : maskedText(text, longest)
}

function observedOf(observed: Outcome['observed']): TraceRecord['observed'] {
  const entries = Object.entries(observed ?? {}).slice(0, 12)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? maskedText(value, 300) : value]),
  )
}

function membersOf(contentType: unknown, body: string | Uint8Array): readonly string[] | null {
  if (typeof contentType !== 'string' || !contentType.startsWith('application/json') || typeof body !== 'string') {
    return null
  }
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? Object.keys(value).slice(0, MOST_NAMES) : null
  } catch {
    return null
  }
}
