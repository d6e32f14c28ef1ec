// Client secrets: what is stored of them, how they are generated, and which ones that an operator brings along are
// strong enough for a fast digest.

import { type Client, needsSecretItself } from '../model/client/client.ts'
import { newSecret } from '../platform/random.ts'
import type { MasterKey } from './master-key.ts'
import type { Replacement } from './replaced-master-key.ts'
import { reseal, seal, unseal } from './sealing.ts'

const SHORTEST_CLIENT_SECRET = 32
const LONGEST_CLIENT_SECRET = 512

/** `weak`: can be used if the operator sets the flag. `unusable`: no flag helps. */
export class WeakSecret extends Error {
  readonly kind: 'weak' | 'unusable'
  constructor(kind: 'weak' | 'unusable', message: string) {
    super(message)
    this.name = 'WeakSecret'
    this.kind = kind
  }
}

/** 256 bits of `[A-Za-z0-9]`: raw and form-encoded Basic credentials agree. */
export function newClientSecret(): string {
  return newSecret()
}

/**
 * Throws WeakSecret unless the secret may be used. `weak` in the answer says that only the flag has let it through, so
 * that failed attempts against it need a stricter limit.
 */
export function assertClientSecret(
  secret: string,
  options: { readonly acceptWeak: boolean },
): { readonly weak: boolean } {
  if (secret === '') throw new WeakSecret('unusable', 'The client secret is empty')
  // RFC 6749 appendix A.2: client-secret = *VSCHAR
  if (!/^[\x20-\x7E]+$/.test(secret)) {
    throw new WeakSecret(
      'unusable',
      'The client secret may hold printable ASCII characters only (RFC 6749 appendix A.2)',
    )
  }
  if (secret.length > LONGEST_CLIENT_SECRET) {
    throw new WeakSecret(
      'unusable',
      `The client secret has ${secret.length} characters; at most ${LONGEST_CLIENT_SECRET} are allowed`,
    )
  }
  if (secret.length >= SHORTEST_CLIENT_SECRET) return { weak: false }
  if (options.acceptWeak) return { weak: true }
  throw new WeakSecret(
    'weak',
    `The client secret has ${secret.length} characters; at least ${SHORTEST_CLIENT_SECRET} are needed. ` +
      'Let a secret be generated, or accept this one with --accept-weak-secret',
  )
}

const placeOf = (clientId: string) => ({ table: 'client', column: 'sealed_secret', row: clientId })

/** For authentication methods that need the secret itself, not only a digest of it. */
export function sealClientSecret(master: MasterKey, clientId: string, secret: string): Uint8Array {
  return seal(master, Buffer.from(secret, 'utf8'), placeOf(clientId))
}

export function unsealClientSecret(master: MasterKey, clientId: string, sealed: Uint8Array): string {
  return Buffer.from(unseal(master, sealed, placeOf(clientId))).toString('utf8')
}

/** Null: it is sealed under the next key already. */
export function resealClientSecret(keys: Replacement, clientId: string, sealed: Uint8Array): Uint8Array | null {
  return reseal(sealed, placeOf(clientId), keys)
}

/** What is stored of a secret: a digest, and the sealed secret for a method that needs it. */
export function keptOfSecret(
  master: MasterKey,
  client: Client,
  secret: string | null,
): { readonly hash: Uint8Array | null; readonly sealed: Uint8Array | null } {
  if (secret === null) return { hash: null, sealed: null }
  return {
    hash: digestClientSecret(master, secret),
    sealed: needsSecretItself(client) ? sealClientSecret(master, client.client_id, secret) : null,
  }
}

/**
 * The digest of a client secret: useless to somebody who has only the database, and cheap enough for every token
 * request.
 */
export function digestClientSecret(master: MasterKey, secret: string): Uint8Array {
  return master.hmac('client-secret', secret)
}
