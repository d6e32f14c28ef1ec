// The key of a backup: from a passphrase (scrypt) or for the holder of a private key (X25519), and found again when the
// backup is restored.

import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  scrypt,
} from 'node:crypto'
import { randomBytes } from '../../platform/random.ts'
import { AdministrationError } from '../errors.ts'
import { damaged, type Protection } from './container.ts'

/** 128 MiB and a third of a second: a passphrase is worth more to whoever guesses than one password is. */
const COST = 131_072
const BLOCK_SIZE = 8
const SHORTEST_PASSPHRASE = 12

export interface Secrets {
  readonly passphrase?: string
  /** X25519 public key, PEM. */
  readonly recipientKey?: string
}

export interface Protected {
  readonly protection: Protection
  /** Null: nothing protects the file. */
  readonly secret: Uint8Array | null
}

export async function protect({ passphrase, recipientKey }: Secrets): Promise<Protected> {
  if (passphrase !== undefined && recipientKey !== undefined) {
    throw new AdministrationError('backup_failed', 'A backup has a passphrase or a recipient key, not both')
  }
  if (passphrase !== undefined) {
    if (Array.from(passphrase).length < SHORTEST_PASSPHRASE) {
      throw new AdministrationError(
        'weak_password',
        `The passphrase must have at least ${SHORTEST_PASSPHRASE} characters`,
        'It protects the master key and all personal data; five random words are good',
      )
    }
    const salt = randomBytes(16)
    const protection = { kind: 'passphrase' as const, salt: text(salt), cost: COST, blockSize: BLOCK_SIZE }
    return { protection, secret: await stretch(passphrase, salt, COST, BLOCK_SIZE) }
  }
  if (recipientKey === undefined) return { protection: { kind: 'none' }, secret: null }
  const recipient = x25519Key(recipientKey, 'public')
  const pair = generateKeyPairSync('x25519')
  const ephemeral = raw(pair.publicKey)
  const secret = agree(pair.privateKey, recipient, ephemeral, raw(recipient))
  return { protection: { kind: 'recipient', ephemeralKey: ephemeral, recipientKey: raw(recipient) }, secret }
}

export interface Openers {
  readonly passphrase?: string
  /** X25519 private key, PEM. */
  readonly recipientPrivateKey?: string
}

export async function unprotect(protection: Protection, openers: Openers): Promise<Uint8Array | null> {
  if (protection.kind === 'none') return null
  if (protection.kind === 'passphrase') {
    if (openers.passphrase === undefined) {
      throw new AdministrationError('passphrase_required', 'The backup is protected by a passphrase')
    }
    const { salt, cost, blockSize } = protection
    return await stretch(openers.passphrase, Buffer.from(salt, 'base64url'), cost, blockSize)
  }
  if (openers.recipientPrivateKey === undefined) {
    throw new AdministrationError('private_key_required', 'The backup was made for the holder of a private key')
  }
  const key = x25519Key(openers.recipientPrivateKey, 'private')
  if (raw(createPublicKey(key)) !== protection.recipientKey) {
    throw new AdministrationError('wrong_key', 'The backup was made for another key than this one')
  }
  const { ephemeralKey, recipientKey } = protection
  return agree(key, ephemeralFrom(ephemeralKey), ephemeralKey, recipientKey)
}

function ephemeralFrom(x: string): KeyObject {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' })
  } catch (error) {
    throw damaged('the key in its first lines is none', { cause: error })
  }
}

function stretch(passphrase: string, salt: Uint8Array, cost: number, blockSize: number): Promise<Uint8Array> {
  const maxmem = 128 * blockSize * (cost + 4) + 1_048_576
  return new Promise((resolve, reject) => {
    // Keyboards and systems write the same letters in different ways.
    scrypt(passphrase.normalize('NFC'), salt, 32, { cost, blockSize, parallelization: 1, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

function agree(privateKey: KeyObject, publicKey: KeyObject, ephemeral: string, recipient: string): Uint8Array {
  try {
    const shared = diffieHellman({ privateKey, publicKey })
    return new Uint8Array(hkdfSync('sha256', shared, `${ephemeral}.${recipient}`, 'lingpai/1 backup recipient', 32))
  } catch (error) {
    throw new AdministrationError('wrong_key', 'The two keys agree on no secret', null, { cause: error })
  }
}

function x25519Key(pem: string, kind: 'public' | 'private'): KeyObject {
  const hint = 'Make one with: openssl genpkey -algorithm x25519 -out backup.key; openssl pkey -in backup.key -pubout'
  // A private key would be taken for its public one.
  if (/-----BEGIN .*PRIVATE KEY-----/.test(pem) !== (kind === 'private') && pem.includes('-----BEGIN ')) {
    const [is, belongs] = kind === 'public' ? ['private', 'public'] : ['public', 'private']
    const way =
      kind === 'public'
        ? 'Keep it away from the server; its public half is made with: openssl pkey -in backup.key -pubout'
        : null
    throw new AdministrationError('unusable_key', `This is a ${is} key; a ${belongs} key belongs here`, way)
  }
  let key: KeyObject
  try {
    key = kind === 'public' ? createPublicKey(pem) : createPrivateKey(pem)
  } catch (error) {
    throw new AdministrationError('unusable_key', `The ${kind} key cannot be read as PEM`, hint, { cause: error })
  }
  if (key.asymmetricKeyType === 'x25519') return key
  throw new AdministrationError('unusable_key', `The ${kind} key is no X25519 key`, hint)
}

function raw(key: KeyObject): string {
  return key.export({ format: 'jwk' }).x ?? ''
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
