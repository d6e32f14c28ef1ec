// Nonces for proofs of a key: by one a client whose clock is wrong shows that its proof is new. They name the instant at
// which they were given out, and nothing is stored: every node recognises those of all. RFC 9449 §8.

import type { Seconds } from '../model/time.ts'
import { sameBytes } from './digest.ts'
import type { MasterKey } from './master-key.ts'

const MAC_BYTES = 16

export interface ProofNonces {
  /** Characters of RFC 9449 §8.1 (NQCHAR): `tlv3w0.` and 22 of base64url. */
  givenAt(now: Seconds): string
  /** When it was given out; null: it is none of ours. */
  instantOf(nonce: string): Seconds | null
}

export function createProofNonces(master: MasterKey): ProofNonces {
  const macOf = (instant: string) => Buffer.from(master.expand('proof-nonce', instant, MAC_BYTES)).toString('base64url')
  return {
    givenAt(now) {
      const instant = Math.floor(now).toString(36)
      return `${instant}.${macOf(instant)}`
    },
    instantOf(nonce) {
      const [, instant, mac] = /^([0-9a-z]{1,9})\.([A-Za-z0-9_-]{22})$/.exec(nonce) ?? []
      if (instant === undefined || mac === undefined) return null
      return sameBytes(Buffer.from(mac), Buffer.from(macOf(instant))) ? Number.parseInt(instant, 36) : null
    },
  }
}
