// The successor of a refresh token, derived rather than drawn: whoever repeats the request inside the window gets the
// same strings again, although only their hashes are kept.

import { expand } from '../../credentials/digest.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import { secretFrom } from '../../platform/random.ts'

export interface TokenSecrets {
  readonly accessToken: string
  readonly refreshToken: string
}

/** The same strings for the same salt and presented token; unpredictable without the master key. */
export function successorOf(master: MasterKey, salt: Uint8Array, presentedToken: string): TokenSecrets {
  const seed = master.hmac('refresh-successor', Buffer.concat([salt, Buffer.from(presentedToken)]))
  const labelled = (label: string) => secretFrom((block) => expand(seed, `${label}.${block}`, 64))
  return { accessToken: labelled('access-token'), refreshToken: labelled('refresh-token') }
}
