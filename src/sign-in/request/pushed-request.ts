// Authorization requests that clients push before they send a browser: checked when they are pushed, and found again when
// the browser comes. RFC 9126.

import { sha256 } from '../../credentials/digest.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import type { PushedRequest } from '../../model/pushed-request.ts'
import { invalidRequest, OAuthError } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { parametersFrom } from '../../protocol/pushed-request.ts'
import type { SignInParts } from '../parts.ts'
import { REQUEST_PARAMETERS, trustClient, UntrustedRequest } from './authorization-request.ts'
import { readRequest } from './read-request.ts'
import { requestInside } from './request-object.ts'

/**
 * Bytes, as for a request that a browser brings. Much that is sent is shortened or left out only when it is read, and
 * JSON can be six times as long as what was sent.
 */
const LONGEST_KEPT = 16_384

export interface FoundRequest {
  readonly parameters: Parameters
  /** For `AuthorizationRequest.pushed`. */
  readonly pushed: string
}

/** A reference that is good for this client now. Throws `UntrustedRequest`: what it stood for cannot be known. */
export async function findPushed(
  { store, clock }: Pick<SignInParts, 'store' | 'clock'>,
  { client }: ClientRecord,
  reference: string,
): Promise<FoundRequest> {
  const hash = sha256(reference)
  const found = await store.findPushedRequest(hash)
  if (found === null || found.clientId !== client.client_id) {
    throw gone('this client has pushed no such request, or it was answered before')
  }
  // RFC 9126 §4: "An expired request_uri MUST be rejected as invalid."
  if (found.validUntil <= clock.now()) throw gone('the browser came after the pushed request had expired')
  return { parameters: parametersFrom(found.parameters), pushed: Buffer.from(hash).toString('base64url') }
}

function gone(reason: string): UntrustedRequest {
  const description = 'This sign-in is no longer open; please begin again at the application'
  return new UntrustedRequest(
    'interaction_expired',
    new OAuthError({
      error: 'invalid_request_uri',
      rule: 'pushed_request_gone',
      clause: 'RFC 9126 §4',
      description,
      reason,
    }),
  )
}

/**
 * What a request that is pushed asks for, wherever it stands; everything is refused that the authorization endpoint would
 * refuse. RFC 9126 §2.1. Throws `OAuthError`.
 */
export async function checkPushed(
  parts: SignInParts,
  record: ClientRecord,
  form: Parameters,
): Promise<PushedRequest['parameters']> {
  if (form.get('request_uri') !== undefined) {
    throw invalidRequest('request_uri_pushed', 'RFC 9126 §2.1', 'request_uri must not be pushed')
  }
  const { parameters, problem } = await requestInside(parts, form, record, 'pushed')
  const trusted = trusting(parameters, record)
  if (problem !== null) throw problem
  const kept = REQUEST_PARAMETERS.flatMap((name) => parameters.getAll(name).map((value) => [name, value] as const))
  if (Buffer.byteLength(JSON.stringify(kept)) > LONGEST_KEPT) throw tooLarge()
  await readRequest(parts, parameters, trusted)
  return kept
}

function tooLarge(): OAuthError {
  return new OAuthError({
    error: 'invalid_request',
    status: 413,
    description: 'The authorization request is too large',
    rule: 'request_too_large',
    clause: 'RFC 9126 §2.3',
  })
}

/** Nobody is looking at a page here: the client is told. */
function trusting(parameters: Parameters, record: ClientRecord) {
  try {
    return trustClient(parameters, record)
  } catch (error) {
    throw error instanceof UntrustedRequest ? error.error : error
  }
}
