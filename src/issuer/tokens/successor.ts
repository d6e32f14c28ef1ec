// The successor of a refresh token is derived, not drawn at random: whoever repeats the request inside the window gets
// the same texts again, although only their hashes are stored.

import type { MasterKey } from '../../credentials/master-key.ts'
import { sealUnder, unsealUnder } from '../../credentials/sealing.ts'
import { instantOfSalt, secretFrom, tokenOf } from '../../platform/random.ts'

export interface TokenSecrets {
  readonly accessToken: string
  readonly refreshToken: string
}

export interface Successor extends TokenSecrets {
  /**
   * A signed access token cannot be derived, because ECDSA and PSS draw a random number. So it is stored, sealed under
   * a key that can be made only with the presented token: the database and even the master key are not enough to read
   * it.
   */
  seal(accessToken: string): Uint8Array
  unseal(sealed: Uint8Array): string
}

const SECRET_BYTES = 64

/**
 * Gives the same texts for the same salt (`newSalt`) and the same presented secret; nobody can predict them without the
 * master key. The refresh token here is only the secret part of one.
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
