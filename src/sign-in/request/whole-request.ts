// The parameters of the request with which a browser comes, wherever they stand: in its query or form, in a request object
// there, or in what the client has pushed before.

import type { ClientRecord } from '../../model/client/client.ts'
import { invalidRequest } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { referenceIn } from '../../protocol/pushed-request.ts'
import type { SignInParts } from '../parts.ts'
import { findPushed } from './pushed-request.ts'
import { requestInside, type WholeRequest } from './request-object.ts'

/**
 * `record`: the client that the request names; null: it is unknown, so nothing is looked for. Throws `UntrustedRequest`
 * for a pushed request that is not there any more.
 */
export async function wholeRequest(
  parts: SignInParts,
  outer: Parameters,
  record: ClientRecord | null,
): Promise<WholeRequest & { readonly pushed?: string }> {
  const isRepeated = outer.isRepeated('request') || outer.isRepeated('request_uri')
  // Repeated parameters and unknown clients are refused later, by whoever reads the parameters.
  if (record === null || !record.enabled || isRepeated) return { parameters: outer, problem: null }
  const reference = referenceIn(outer.get('request_uri') ?? '')
  // RFC 9126 §4, RFC 9101 §5: whatever else stands beside the reference does not count.
  if (reference !== null) return { ...(await findPushed(parts, record, reference)), problem: null }
  const whole = await requestInside(parts, outer, record, 'by browser')
  return record.client.require_pushed_authorization_requests ? { ...whole, problem: notPushed() } : whole
}

function notPushed() {
  const description = 'This client must push its request first, and send the request_uri that it gets'
  return invalidRequest('request_not_pushed', 'RFC 9126 §6', description)
}
