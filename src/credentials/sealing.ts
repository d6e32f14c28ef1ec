// Sealed columns: AES-256-GCM under a key derived from the master key, bound to the one place they were written for.

import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import { randomBytes } from '../platform/random.ts'
import type { MasterKey } from './master-key.ts'

/** Where a sealed value lives. It opens nowhere else, so a row copied over another is noticed. */
export interface SealedPlace {
  readonly table: string
  readonly column: string
  /** The row's primary key. */
  readonly row: string
}

/** A sealed value cannot be opened: the master key is another one, or the bytes were changed or moved. */
export class SealBroken extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SealBroken'
  }
}

// version (1) · key id (4) · nonce (12) · ciphertext · tag (16)
const VERSION = 1
const NONCE_AT = 5
const TEXT_AT = 17
const TAG_BYTES = 16

export function seal(master: MasterKey, plain: Uint8Array, place: SealedPlace): Uint8Array {
  const head = Buffer.concat([Buffer.from([VERSION]), Buffer.from(master.keyId, 'hex'), randomBytes(12)])
  const cipher = createCipheriv('aes-256-gcm', master.key('seal'), head.subarray(NONCE_AT), {
    authTagLength: TAG_BYTES,
  })
  cipher.setAAD(associatedData(head, place))
  return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

export function unseal(master: MasterKey, sealed: Uint8Array, place: SealedPlace): Uint8Array {
  const where = `${place.table}.${place.column} of ${place.row}`
  if (sealed.length < TEXT_AT + TAG_BYTES) throw new SealBroken(`${where} is too short to be a sealed value`)
  if (sealed[0] !== VERSION) throw new SealBroken(`${where} is sealed in an unknown format (${sealed[0]})`)
  const keyId = Buffer.from(sealed.subarray(1, NONCE_AT)).toString('hex')
  if (keyId !== master.keyId) {
    throw new SealBroken(`${where} was sealed with master key ${keyId}, but the key in use is ${master.keyId}`)
  }
  const end = sealed.length - TAG_BYTES
  const nonce = sealed.subarray(NONCE_AT, TEXT_AT)
  const decipher = createDecipheriv('aes-256-gcm', master.key('seal'), nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(associatedData(sealed.subarray(0, TEXT_AT), place))
  decipher.setAuthTag(sealed.subarray(end))
  const plain = decipher.update(sealed.subarray(TEXT_AT, end))
  try {
    return Buffer.concat([plain, decipher.final()])
  } catch (error) {
    throw new SealBroken(`${where} does not open: it was changed, or moved here from another place`, { cause: error })
  }
}

/** The same value sealed under the next master key; null: it is already. Throws `SealBroken` like `unseal`. */
export function reseal(
  sealed: Uint8Array,
  place: SealedPlace,
  { former, next }: { readonly former: MasterKey; readonly next: MasterKey },
): Uint8Array | null {
  if (Buffer.from(sealed.subarray(1, NONCE_AT)).toString('hex') === next.keyId) {
    unseal(next, sealed, place)
    return null
  }
  const plain = unseal(former, sealed, place)
  try {
    return seal(next, plain, place)
  } finally {
    plain.fill(0)
  }
}

/** Seals under a key that is made for this one value and stored nowhere. */
export function sealUnder(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), nonce, { authTagLength: TAG_BYTES })
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Throws `SealBroken`. */
export function unsealUnder(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const end = sealed.length - TAG_BYTES
  try {
    const nonce = sealed.subarray(0, 12)
    const decipher = createDecipheriv('aes-256-gcm', createSecretKey(key), nonce, { authTagLength: TAG_BYTES })
    decipher.setAuthTag(sealed.subarray(end))
    return Buffer.concat([decipher.update(sealed.subarray(12, end)), decipher.final()])
  } catch (error) {
    throw new SealBroken('a value under a key of its own does not open', { cause: error })
  }
}

/** JSON keeps the three names apart: `a`+`bc` and `ab`+`c` must not be the same place. */
function associatedData(head: Uint8Array, place: SealedPlace): Uint8Array {
  return Buffer.concat([head, Buffer.from(JSON.stringify([place.table, place.column, place.row]), 'utf8')])
}
