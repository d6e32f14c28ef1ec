// The successor of a refresh token, derived rather than drawn: whoever repeats the request inside the window gets the
// same strings again, although only their hashes are kept.

import { expand } from '../../credentials/digest.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import { sealUnder, unsealUnder } from '../../credentials/sealing.ts'
import { instantOfSalt, LATEST_INSTANT, secretFrom, tokenOf } from '../../platform/random.ts'

export interface TokenSecrets {
  readonly accessToken: string
  readonly refreshToken: string
}

export interface Successor extends TokenSecrets {
  /**
   * A signed access token cannot be derived: ECDSA and PSS draw a random number. It is kept itself, under a key that
   * takes the presented token to make; whoever has the database, and even the master key, reads nothing.
   */
  seal(accessToken: string): Uint8Array
  unseal(sealed: Uint8Array): string
}

/** The same strings for the same salt (`newSalt`) and presented token; unpredictable without the master key. */
export function successorOf(master: MasterKey, salt: Uint8Array, presentedToken: string): Successor {
  const seed = master.hmac('refresh-successor', Buffer.concat([salt, Buffer.from(presentedToken)]))
  const instant = instantOfSalt(salt)
  const labelled = (label: string) => {
    const secret = secretFrom((block) => expand(seed, `${label}.${block}`, 64))
    // A salt of a release before is random, and nearly always tells no instant: a repeat gets what it was given then.
    return instant > LATEST_INSTANT ? secret : tokenOf(instant, secret)
  }
  const sealKey = () => expand(seed, 'sealed-access-token', 32)
  return {
    accessToken: labelled('access-token'),
    refreshToken: labelled('refresh-token'),
    seal: (accessToken) => sealUnder(sealKey(), Buffer.from(accessToken, 'latin1')),
    unseal: (sealed) => Buffer.from(unsealUnder(sealKey(), sealed)).toString('latin1'),
  }
}
