// SQL for a replacement of the master key: what is sealed under it.

import { statement } from '../database/driver.ts'

export interface SealedSecretRow {
  readonly client_id: string
  readonly sealed_secret: Uint8Array
}

/** In the order of ids; `after` is exclusive, an empty string starts. */
export const listSealedSecrets = statement<{ after: string; most: number }, SealedSecretRow>(
  'list_sealed_secrets',
  `SELECT client_id, sealed_secret FROM client WHERE client_id > :after AND sealed_secret IS NOT NULL
   ORDER BY client_id LIMIT :most`,
)

/** The client has the same secret as before, so that nothing of it is read anew. */
export const resealClientSecret = statement<{ client_id: string; former: Uint8Array; sealed: Uint8Array }>(
  'reseal_client_secret',
  'UPDATE client SET sealed_secret = :sealed WHERE client_id = :client_id AND sealed_secret = :former',
)

export const resealSigningKey = statement<{ key_id: string; former: Uint8Array; sealed: Uint8Array }>(
  'reseal_signing_key',
  'UPDATE signing_key SET sealed_private_key = :sealed WHERE key_id = :key_id AND sealed_private_key = :former',
)
