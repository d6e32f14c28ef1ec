// The token endpoint. RFC 6749 §3.2: authenticate the client (§2.3), find the grant type (§5.2), redeem, answer (§5.1).

import type { Endpoint, HttpRequest } from '../../http/message.ts'
import { json } from '../../http/reply/replies.ts'
import { mediaType, readForm, readJson, readQuery } from '../../http/request/form.ts'
import { type Client, scriptOrigins } from '../../model/client/client.ts'
import { invalidRequest, OAuthError } from '../../protocol/errors.ts'
import { Parameters } from '../../protocol/parameters.ts'
import { assertSingle } from '../../protocol/single.ts'
import { type AuthenticationParts, authenticateClient } from '../client-authentication/authenticate.ts'
import { readCredentials } from '../client-authentication/credentials.ts'
import { type GrantType, unauthorizedClient } from '../grant-types/grant-type.ts'
import { type ProofParts, provenKey } from '../tokens/proven-key.ts'

export interface TokenEndpointParts {
  /** The endpoint as it is published. */
  readonly url: string
  readonly authentication: AuthenticationParts
  readonly proofs: ProofParts
  readonly grantTypes: readonly GrantType[]
}

export function tokenEndpoint({ url, authentication, proofs, grantTypes }: TokenEndpointParts): Endpoint {
  const byName = new Map<string, GrantType>(grantTypes.map((grantType) => [grantType.name, grantType]))
  return async (request) => {
    const { parameters, credentials: body, source } = readTokenRequest(request)
    const credentials = readCredentials(request.headers['authorization'], body)
    const name = parameters.get('grant_type')
    if (name === undefined) throw invalidRequest('grant_type_missing', 'RFC 6749 §5.2', 'grant_type is required')
    const grantType = byName.get(name)
    if (grantType === undefined) throw unsupportedGrantType()

    const find = (clientId: string) => grantType.find(clientId, parameters)
    const { client, found } = await authenticateClient(authentication, credentials, find, request.peer.address)
    assertSource(client.client, source)
    if (!client.client.grant_types.includes(grantType.name)) throw unauthorizedClient(grantType.name)

    const key = await provenKey(proofs, request, { url })
    if (key === null && client.client.dpop_bound_access_tokens) throw proofMissing()
    const response = await found.redeem({
      client,
      parameters,
      address: request.peer.address,
      userAgent: (request.headers['user-agent'] ?? '').slice(0, LONGEST_USER_AGENT),
      now: authentication.clock.now(),
      key,
      mayBeLate: request.mayBeLate ?? false,
    })
    const outcome = { rule: 'token_issued', clause: 'RFC 6749 §5.1', reason: `tokens issued by ${name}` }
    return {
      ...json(200, response),
      origins: scriptOrigins(client.client),
      outcome: { ...outcome, clientId: client.client.client_id },
    }
  }
}

/** It is stored with each rotation of a refresh token. */
const LONGEST_USER_AGENT = 256

type Source = Client['token']['paramSources'][number]

interface ReadRequest {
  readonly parameters: Parameters
  /** Where client credentials may stand: never in a query. */
  readonly credentials: Parameters
  readonly source: Source
}

const NOTHING = new Parameters(new Map())
/** Never read from a query, because logs and histories keep it. RFC 6749 §2.3.1. */
const PROOFS = ['client_secret', 'client_assertion', 'client_assertion_type']

/**
 * The form body; else the JSON body; else, if the body has no grant_type, the query. Whether this client may use that
 * place is asked later.
 */
function readTokenRequest(request: HttpRequest): ReadRequest {
  const isJson = mediaType(request.headers) === 'application/json'
  // Clients that put everything into the query still name a type for the body that they do not send.
  const body = request.body.length === 0 ? NOTHING : isJson ? readJson(request) : readForm(request)
  assertSingleParameters(body)
  if (body.get('grant_type') !== undefined || request.query === '') {
    return { parameters: body, credentials: body, source: isJson ? 'json' : 'form' }
  }
  const query = readQuery(request)
  assertSingleParameters(query)
  if (query.get('grant_type') === undefined) return { parameters: body, credentials: body, source: 'form' }
  const clientId = body.get('client_id') ?? query.get('client_id')
  const proofs = PROOFS.map((name) => [name, body.get(name)] as [string, string | undefined])
  const values = new Map([['client_id', clientId] as [string, string | undefined], ...proofs].filter(hasValue))
  return { parameters: query, credentials: values.size === 0 ? NOTHING : new Parameters(values), source: 'query' }
}

/** RFC 8707 §2: only `resource` may be sent more than once. */
function assertSingleParameters(parameters: Parameters): void {
  assertSingle(parameters, 'RFC 6749 §3.2', ['resource'])
}

function hasValue(entry: [string, string | undefined]): entry is [string, string] {
  return entry[1] !== undefined
}

function assertSource({ token }: Client, source: Source): void {
  if (token.paramSources.includes(source)) return
  throw invalidRequest(
    'parameter_source',
    'RFC 6749 §3.2',
    'Send the parameters as application/x-www-form-urlencoded in the body',
    `the parameters came by ${source}; this client's setting token.paramSources does not allow that`,
  )
}

/** RFC 9449 §5.2 */
function proofMissing(): OAuthError {
  return new OAuthError({
    error: 'invalid_dpop_proof',
    description: 'This client must send a DPoP proof with each request for tokens',
    rule: 'dpop_proof_missing',
    clause: 'RFC 9449 §5.2',
  })
}

function unsupportedGrantType(): OAuthError {
  return new OAuthError({
    error: 'unsupported_grant_type',
    description: 'This server does not have that grant_type',
    rule: 'grant_type_unsupported',
    clause: 'RFC 6749 §5.2',
  })
}
