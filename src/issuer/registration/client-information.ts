// The client information response. RFC 7591 §3.2.1, RFC 7592 §3.

import type { HttpReply } from '../../http/message.ts'
import { json } from '../../http/reply/replies.ts'
import { type ClientRecord, hasSecret } from '../../model/client/client.ts'
import { metadataOf } from '../../model/client/metadata.ts'
import type { Addresses } from '../../protocol/addresses.ts'

export interface ClientInformation {
  readonly client: ClientRecord['client']
  readonly createdAt: ClientRecord['createdAt']
  readonly softwareStatement: string | null
  readonly registrationAccessToken: string
  /** Only where it was made in this very request: afterwards only a digest of it is kept. */
  readonly secret: string | null
}

export function clientInformation(
  status: 200 | 201,
  addresses: Addresses,
  { client, createdAt, softwareStatement, registrationAccessToken, secret }: ClientInformation,
): HttpReply {
  return json(status, {
    ...metadataOf(client),
    client_id: client.client_id,
    client_id_issued_at: createdAt,
    // RFC 7591 §3.2.1: required with a secret; 0 says that it does not expire.
    ...(hasSecret(client) && { ...(secret !== null && { client_secret: secret }), client_secret_expires_at: 0 }),
    ...(softwareStatement !== null && { software_statement: softwareStatement }),
    registration_client_uri: `${addresses.url.register}/${encodeURIComponent(client.client_id)}`,
    registration_access_token: registrationAccessToken,
  })
}
