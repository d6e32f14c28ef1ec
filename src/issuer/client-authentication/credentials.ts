// What a client presents to prove itself, before anything is believed: the method, and the id and secret it names.
// RFC 6749 §2.3.1.

import { invalidRequest, OAuthError } from '../../protocol/errors.ts'
import { readJwt, type UnverifiedJwt } from '../../protocol/jwt.ts'
import type { Parameters } from '../../protocol/parameters.ts'

/** An id and secret as one reading of the header gives them. */
export interface Pair {
  readonly clientId: string
  readonly secret: string
}

/** A secret, or nothing. */
export type PlainCredentials =
  | {
      readonly method: 'client_secret_basic'
      /** The raw reading first, then the form-decoded one where it differs: both kinds of client are common. */
      readonly pairs: readonly [Pair, ...Pair[]]
      /** The same secret was also sent in the body. */
      readonly repeatedInBody: boolean
    }
  | { readonly method: 'client_secret_post'; readonly pairs: readonly [Pair]; readonly repeatedInBody: false }
  | { readonly method: 'none'; readonly pairs: readonly [Pair]; readonly repeatedInBody: false }

export type PresentedCredentials =
  | PlainCredentials
  /** Nothing in it is proven yet. RFC 7523 §2.2. */
  | { readonly method: 'assertion'; readonly pairs: readonly [Pair]; readonly assertion: UnverifiedJwt }

export function invalidClient(rule: string, reason: string, description = 'Client authentication failed'): OAuthError {
  return new OAuthError({
    error: 'invalid_client',
    status: 401,
    description,
    rule,
    clause: 'RFC 6749 §5.2',
    reason,
    // RFC 9110 §15.5.2: every 401 names a scheme that would do.
    headers: { 'www-authenticate': 'Basic realm="client", charset="UTF-8"' },
  })
}

/** `body` holds the parameters of the request's body; a secret in a query is never looked at. */
export function readCredentials(authorization: string | undefined, body: Parameters): PresentedCredentials {
  const bodyId = body.get('client_id')
  const bodySecret = body.get('client_secret')
  const assertion = body.get('client_assertion')
  const assertionType = body.get('client_assertion_type')
  if (assertion !== undefined || assertionType !== undefined) {
    if (authorization !== undefined || bodySecret !== undefined) throw twoMethods()
    return readAssertion(assertion, assertionType, bodyId)
  }
  if (authorization === undefined) {
    if (bodyId === undefined) {
      throw invalidClient(
        'client_credentials_missing',
        'neither an authorization header nor a client_id or client_assertion was sent',
      )
    }
    const pair = { clientId: bodyId, secret: bodySecret ?? '' }
    return { method: bodySecret === undefined ? 'none' : 'client_secret_post', pairs: [pair], repeatedInBody: false }
  }
  const pairs = readBasic(authorization)
  if (bodyId !== undefined && !pairs.some(({ clientId }) => clientId === bodyId)) {
    throw invalidRequest('client_id_differs', 'RFC 6749 §3.2.1', 'client_id differs from the one in the header')
  }
  const repeatedInBody = bodySecret !== undefined
  if (repeatedInBody && !pairs.some(({ secret }) => secret === bodySecret)) throw twoMethods()
  return { method: 'client_secret_basic', pairs, repeatedInBody }
}

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** Ten times the length that the largest known clients need. */
const LONGEST_ASSERTION = 16_384

function readAssertion(
  text: string | undefined,
  type: string | undefined,
  bodyId: string | undefined,
): PresentedCredentials {
  // RFC 7521 §4.2: both are required.
  if (text === undefined || type === undefined) {
    throw invalidRequest(
      'assertion_incomplete',
      'RFC 7521 §4.2',
      'client_assertion and client_assertion_type must both be sent',
    )
  }
  if (type !== JWT_BEARER) throw invalidClient('assertion_type', `client_assertion_type must be ${JWT_BEARER}`)
  const assertion = readJwt(text, LONGEST_ASSERTION)
  if ('problem' in assertion) throw invalidClient('assertion_malformed', `the assertion ${assertion.problem}`)
  const { sub } = assertion.claims
  // RFC 6749 appendix A.1: a client_id is printable ASCII. Besides, PostgreSQL cannot even be asked about U+0000.
  if (typeof sub !== 'string' || !/^[\x20-\x7E]{1,2048}$/.test(sub)) {
    throw invalidClient('assertion_issuer', 'the assertion has no sub that could be a client_id')
  }
  // RFC 7521 §4.2: client_id is not needed beside an assertion, but if it is sent it must name the same client.
  if (bodyId !== undefined && bodyId !== sub) {
    throw invalidRequest('client_id_differs', 'RFC 7521 §4.2', 'client_id differs from the one in the assertion')
  }
  return { method: 'assertion', pairs: [{ clientId: sub, secret: '' }], assertion }
}

/** RFC 6749 §2.3: a client must not use more than one method in a request. */
export function twoMethods(): OAuthError {
  return invalidRequest('two_authentication_methods', 'RFC 6749 §2.3', 'The client authenticates in two ways at once')
}

const BASIC = /^Basic +([A-Za-z0-9+/_-]+={0,2}) *$/i

function readBasic(authorization: string): readonly [Pair, ...Pair[]] {
  const encoded = BASIC.exec(authorization)?.[1]
  if (encoded === undefined || encoded.length > 4096) {
    throw invalidClient(
      'basic_malformed',
      'the authorization header is not "Basic " and base64(client_id:client_secret)',
    )
  }
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  // No id or secret of ours contains U+0000, and PostgreSQL cannot even be asked about it.
  if (text.includes('\0')) throw invalidClient('basic_malformed', 'the decoded Basic credentials hold U+0000')
  const colon = text.indexOf(':')
  if (colon === -1) throw invalidClient('basic_malformed', 'the decoded Basic credentials hold no colon')
  const raw: Pair = { clientId: text.slice(0, colon), secret: text.slice(colon + 1) }
  const decoded = formDecoded(raw)
  return decoded === null ? [raw] : [raw, decoded]
}

/** RFC 6749 §2.3.1 form-encodes both halves. Null: that reading is the same, or there is none. */
function formDecoded({ clientId, secret }: Pair): Pair | null {
  if (!/[%+]/.test(clientId) && !/[%+]/.test(secret)) return null
  const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '))
  try {
    const pair = { clientId: decode(clientId), secret: decode(secret) }
    return pair.clientId.includes('\0') ? null : pair
  } catch {
    return null
  }
}
