// The successor of a refresh token, derived rather than drawn: whoever repeats the request inside the window gets the
// same strings again, although only their hashes are kept.

import type { MasterKey } from '../../credentials/master-key.ts'
import { sealUnder, unsealUnder } from '../../credentials/sealing.ts'
import { instantOfSalt, secretFrom, tokenOf } from '../../platform/random.ts'

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

const SECRET_BYTES = 64

/**
 * The same strings for the same salt (`newSalt`) and secret of what was presented; unpredictable without the master key. The
 * refresh token is the secret of one.
 */
export function successorOf(master: MasterKey, salt: Uint8Array, presentedSecret: string): Successor {
  const of = `${Buffer.from(salt).toString('hex')} ${presentedSecret}`
  const stream = (block: number) => master.expand('refresh-successor', `tokens.${block} ${of}`, 2 * SECRET_BYTES)
  const first = stream(0)
  const instant = instantOfSalt(salt)
  const token = (from: number) => {
    const bytes = (block: number) => (block === 0 ? first : stream(block)).subarray(from, from + SECRET_BYTES)
    return tokenOf(instant, secretFrom(bytes))
  }
  const sealKey = () => master.expand('refresh-successor', `seal ${of}`, 32)
  return {
    accessToken: token(0),
    refreshToken: token(SECRET_BYTES),
    seal: (accessToken) => sealUnder(sealKey(), Buffer.from(accessToken, 'latin1')),
    unseal: (sealed) => Buffer.from(unsealUnder(sealKey(), sealed)).toString('latin1'),
  }
}
