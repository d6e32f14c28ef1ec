// The parameters of an authorization request, in the query or form, or in a request object there. OpenID Connect Core §6,
// RFC 9101 §5.

import type { ClientRecord } from '../../model/client/client.ts'
import { invalidRequest, type OAuthError } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { mergedParameters } from '../../protocol/request-object.ts'
import { scopeWords } from '../../protocol/scope.ts'
import type { SignInParts } from '../parts.ts'

export interface WholeRequest {
  readonly parameters: Parameters
  /** The request must be refused with this error; the parameters then only say where to send it. */
  readonly problem: OAuthError | null
}

/** `record`: the client that the request names. `arrival`: how the request came. */
export async function requestInside(
  parts: Pick<SignInParts, 'openRequestObject' | 'openReferencedObject'>,
  outer: Parameters,
  record: ClientRecord,
  arrival: 'pushed' | 'by browser',
): Promise<WholeRequest> {
  const object = outer.get('request')
  const address = outer.get('request_uri')
  const { require_signed_request_object: required } = record.client
  if (object === undefined && address === undefined) {
    return { parameters: outer, problem: required ? objectMissing() : null }
  }
  if (object !== undefined && address !== undefined) return { parameters: outer, problem: bothGiven() }
  const { claims, problem } =
    object === undefined
      ? await parts.openReferencedObject(record, address ?? '')
      : await parts.openRequestObject(record, object)
  // By RFC 9101 §6.3 and RFC 9126 §3 only what is inside counts; by OpenID Connect Core §6.1 the rest is taken from
  // outside.
  const isOpenId = scopeWords(outer.get('scope') ?? '').includes('openid')
  const isStrict = required || arrival === 'pushed' || !isOpenId
  return { parameters: mergedParameters(outer, claims ?? {}, claims !== null && isStrict), problem }
}

function objectMissing(): OAuthError {
  const description = 'This client must send its request as a signed request object'
  return invalidRequest('request_object_missing', 'RFC 9101 §10.5', description)
}

function bothGiven(): OAuthError {
  return invalidRequest('request_and_request_uri', 'RFC 9101 §5', 'request and request_uri must not both be sent')
}
