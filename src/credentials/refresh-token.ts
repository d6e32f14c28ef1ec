// Refresh tokens as text. One names the grant that its family hangs on and how many came before it, so that a family is one row,
// and proves that it is ours: who uses a former one again ends the family, and who makes one up does not.
// docs/decisions/0056

import { sameBytes, sha256, tokenKey } from './digest.ts'
import type { MasterKey } from './master-key.ts'

/** A refresh token as somebody presents it. That it has the shape of one says nothing about whether it is one. */
export interface PresentedRefreshToken {
  /** What it is kept by. */
  readonly hash: Uint8Array
  /** The part that nobody can guess. */
  readonly secret: string
  /** The grant it names; null: it was made before tokens named one. */
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
  /** Whether this server has made it; of one that names no grant nothing can be told, and the answer is no. */
  isOurs(text: string): boolean
}

const SECRET = 27
const GRANT = 24
const COUNT = 3
const PROOF = 10
const SHAPE = new RegExp(`^[A-Za-z0-9]{${SECRET}}[0-9a-z]{${GRANT + COUNT + PROOF}}$`)
const GRANT_ID = new RegExp(`^gr_[0-9a-z]{${GRANT}}$`)
/** Then a token counts from 0 again. */
export const ROTATIONS_COUNTED = 36 ** COUNT
const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz'

export function createRefreshTokens(master: MasterKey): RefreshTokens {
  /** 51 bits keep those from ending a family who know its grant, as from a log, and none of its tokens. */
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
  // Those of before are kept by the key that orders them (`tokenKey`).
  if (!SHAPE.test(text)) return { hash: tokenKey(text), secret: text, grantId: null, rotations: 0 }
  return {
    hash: sha256(text),
    secret: text.slice(0, SECRET),
    grantId: `gr_${text.slice(SECRET, SECRET + GRANT)}`,
    rotations: Number.parseInt(text.slice(SECRET + GRANT, -PROOF), 36),
  }
}
