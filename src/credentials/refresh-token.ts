// Refresh tokens as text. A token names its grant and how many came before it, so that a whole family fits into one
// row. It also proves that we have made it: whoever uses an old token again ends the family, but nobody can do so by
// making one up. docs/decisions/0056

import { sameBytes, sha256, tokenKey } from './digest.ts'
import type { MasterKey } from './master-key.ts'

/** A refresh token as somebody presents it. That it has the right form does not prove that it is one. */
export interface PresentedRefreshToken {
  /** The hash under which it is stored. */
  readonly hash: Uint8Array
  /** The part that nobody can guess. */
  readonly secret: string
  /** The grant that it names; null: a token of an older release, which names none. */
  readonly grantId: string | null
  /** How many of its family came before it, modulo `ROTATIONS_COUNTED`; 0 where it does not tell. */
  readonly rotations: number
}

export interface RefreshTokens {
  /**
   * 64 of `[A-Za-z0-9]`. `secret`: ends with 27 letters that nobody can guess, 160 bits (RFC 6749 §10.10). `grantId`: from
   * `newId('gr')`.
   */
  make(secret: string, grantId: string, rotations: number): string
  /** Whether this server has made it. A token that names no grant does not prove it, so the answer is no. */
  isOurs(text: string): boolean
}

const SECRET = 27
const GRANT = 24
const COUNT = 3
const PROOF = 10
const SHAPE = new RegExp(`^[A-Za-z0-9]{${SECRET}}[0-9a-z]{${GRANT + COUNT + PROOF}}$`)
const GRANT_ID = new RegExp(`^gr_[0-9a-z]{${GRANT}}$`)
/** After this many rotations the count begins at 0 again. */
export const ROTATIONS_COUNTED = 36 ** COUNT
const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz'

export function createRefreshTokens(master: MasterKey): RefreshTokens {
  /** 51 bits, so that nobody can end a family who knows its grant (from a log, say) but none of its tokens. */
  const proofOf = (body: string) => {
    let proof = ''
    for (const byte of master.expand('refresh-token', body, PROOF)) proof += LETTERS.charAt(byte % LETTERS.length)
    return proof
  }
  return {
    make(secret, grantId, rotations) {
      if (secret.length < SECRET || !GRANT_ID.test(grantId))
        throw new TypeError('no secret or grant of a refresh token')
      const body = `${secret.slice(-SECRET)}${grantId.slice(-GRANT)}${(rotations % ROTATIONS_COUNTED).toString(36).padStart(COUNT, '0')}`
      return `${body}${proofOf(body)}`
    },
    isOurs(text) {
      if (!SHAPE.test(text)) return false
      return sameBytes(Buffer.from(text.slice(-PROOF)), Buffer.from(proofOf(text.slice(0, -PROOF))))
    },
  }
}

export function readRefreshToken(text: string): PresentedRefreshToken {
  // Tokens of older releases are stored under the key that orders them by time (`tokenKey`).
  if (!SHAPE.test(text)) return { hash: tokenKey(text), secret: text, grantId: null, rotations: 0 }
  return {
    hash: sha256(text),
    secret: text.slice(0, SECRET),
    grantId: `gr_${text.slice(SECRET, SECRET + GRANT)}`,
    rotations: Number.parseInt(text.slice(SECRET + GRANT, -PROOF), 36),
  }
}
