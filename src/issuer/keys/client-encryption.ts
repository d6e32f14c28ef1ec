// Encrypting for a client: with a public key of its own, or with a key made of its secret. OpenID Connect Core §10.2.

import type { MasterKey } from '../../credentials/master-key.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import { OAuthError } from '../../protocol/errors.ts'
import {
  type ContentAlgorithm,
  DEFAULT_CONTENT_ALGORITHM,
  encryptionKeysFor,
  type KeyAlgorithm,
  takesSecret,
} from '../../protocol/jwe.ts'
import type { PublicJwk } from '../../protocol/jwk.ts'
import type { ClientKeys } from './client-keys.ts'
import { openClientKey } from './opened-key.ts'
import { secretKeyOf } from './secret-key.ts'

export interface ClientEncryption {
  /**
   * Returns a compact JWE. `isJwt`: the content is a JWT itself (RFC 7519 §5.2). Throws `OAuthError` where the client
   * has no key for it, or its keys cannot be read now.
   */
  encrypt(
    record: ClientRecord,
    how: { readonly alg: KeyAlgorithm; readonly enc: ContentAlgorithm | null },
    plain: string,
    isJwt: boolean,
  ): Promise<string>
}

export function createClientEncryption(keys: ClientKeys, master: MasterKey): ClientEncryption {
  const keyFor = async (record: ClientRecord, alg: KeyAlgorithm, enc: ContentAlgorithm) => {
    if (takesSecret(alg)) {
      const key = secretKeyOf(master, record, alg, enc)
      if (key === null) throw withoutKey('its secret is not kept: make a new one')
      return { key, jwk: null }
    }
    const found = await keys.among(record.client, (all) => encryptionKeysFor(all, alg))
    if (typeof found === 'string') throw unavailable(found)
    const [jwk] = found
    if (jwk === undefined) throw withoutKey(`it publishes no key that ${alg} can encrypt for`)
    return { key: await opened(jwk, alg), jwk }
  }
  return {
    async encrypt(record, { alg, enc: registered }, plain, isJwt) {
      const enc = registered ?? DEFAULT_CONTENT_ALGORITHM
      const { key, jwk } = await keyFor(record, alg, enc)
      const header = { alg, enc, ...(jwk?.kid !== undefined && { kid: jwk.kid }), ...(isJwt && { cty: 'JWT' }) }
      const { CompactEncrypt } = await import('jose')
      return new CompactEncrypt(new TextEncoder().encode(plain)).setProtectedHeader(header).encrypt(key)
    },
  }
}

async function opened(jwk: PublicJwk, alg: KeyAlgorithm) {
  try {
    return await openClientKey(jwk, alg)
  } catch {
    throw withoutKey('its key for encryption is no key')
  }
}

const clause = 'OpenID Connect Core §10.2'

function withoutKey(reason: string): OAuthError {
  return new OAuthError({
    error: 'unauthorized_client',
    description: 'The client is registered for encryption, and has no key for it',
    rule: 'client_encryption_key',
    clause,
    reason,
  })
}

function unavailable(reason: string): OAuthError {
  return new OAuthError({
    error: 'temporarily_unavailable',
    status: 503,
    headers: { 'retry-after': '60' },
    description: 'The keys of the client cannot be read now',
    rule: 'client_encryption_keys_unavailable',
    clause,
    reason: `jwks_uri is of no use: ${reason}`,
  })
}
