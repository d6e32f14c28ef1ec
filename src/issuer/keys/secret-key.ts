// The key that is made of a client secret for encrypting to the client, and for what it encrypts to us. OpenID Connect
// Core §10.2.

import { hash } from 'node:crypto'
import { unsealClientSecret } from '../../credentials/client-secret.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import { type ContentAlgorithm, keyBytes, type SECRET_KEY_ALGORITHMS } from '../../protocol/jwe.ts'

/** Null: the secret itself is not kept for this client. */
export function secretKeyOf(
  master: MasterKey,
  { client, sealedSecret }: ClientRecord,
  algorithm: (typeof SECRET_KEY_ALGORITHMS)[number],
  enc: ContentAlgorithm,
): Uint8Array | null {
  if (sealedSecret === null) return null
  const bytes = keyBytes(algorithm, enc)
  const digest = bytes <= 32 ? 'sha256' : 'sha512'
  return new Uint8Array(hash(digest, unsealClientSecret(master, client.client_id, sealedSecret), 'buffer')).subarray(
    0,
    bytes,
  )
}
