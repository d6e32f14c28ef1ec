// The body of a registration request: one JSON object. RFC 7591 §3.1.

import type { HttpRequest } from '../../http/message.ts'
import { bodyText, mediaType } from '../../http/request/form.ts'
import type { Metadata } from '../../model/client/metadata.ts'
import { refusal } from './refusals.ts'

export function readMetadata(request: HttpRequest): Metadata {
  if (mediaType(request.headers) !== 'application/json') {
    throw refusal('invalid_client_metadata', 'content_type_unsupported', 'The Content-Type must be application/json')
  }
  let value: unknown
  try {
    value = JSON.parse(bodyText(request))
  } catch {
    throw refusal('invalid_client_metadata', 'json_malformed', 'The body is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusal('invalid_client_metadata', 'json_malformed', 'The body must be a JSON object')
  }
  return { ...value }
}
