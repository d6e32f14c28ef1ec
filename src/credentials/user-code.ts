// The code that a device shows and a person types: short, so only a keyed hash of it is stored. RFC 8628 §6.1

import { randomBytes } from '../platform/random.ts'
import type { MasterKey } from './master-key.ts'

/** No vowels, so that no words come about, and nothing that looks like something else. RFC 8628 §6.1 */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
const LENGTH = 8
const LETTERS_ONLY = new RegExp(`^[${LETTERS}]{${LENGTH}}$`)

/** `WDJB-MJHT`: one of 25 thousand million. */
export function newUserCode(): string {
  let code = ''
  while (code.length < LENGTH) {
    // 240 is the greatest multiple of 20 that a byte can be.
    for (const byte of randomBytes(LENGTH))
      if (byte < 240 && code.length < LENGTH) code += LETTERS[byte % LETTERS.length]
  }
  return shownUserCode(code)
}

/** The letters of what somebody typed, however they wrote them; null: it can be no user code. */
export function readUserCode(text: string): string | null {
  if (text.length > 64) return null
  const letters = text.toUpperCase().replace(/[\s\p{P}]/gu, '')
  return LETTERS_ONLY.test(letters) ? letters : null
}

export function shownUserCode(letters: string): string {
  return `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`
}

/** `letters`: as of `readUserCode`. */
export function hashUserCode(master: MasterKey, letters: string): Uint8Array {
  return master.hmac('user-code', letters)
}
