// The keys that clients encrypt to us with: one RSA and one EC key, made once, sealed, and published beside the signing
// keys. Only there where the operator lets clients encrypt. OpenID Connect Core §10.2.

import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { MasterKey } from '../../credentials/master-key.ts'
import { seal, unseal } from '../../credentials/sealing.ts'
import type { ClientRecord } from '../../model/client.ts'
import { type JweHeader, readJweHeader, takesSecret } from '../../protocol/jwe.ts'
import type { Store } from '../../store/store.ts'
import { secretKeyOf } from './secret-key.ts'
import { thumbprint } from './signing.ts'

export interface DecryptionKeys {
  /** Public halves, for the JWKS. */
  readonly published: readonly Readonly<Record<string, unknown>>[]
  /** What is inside, or why it cannot be had: the end of a sentence. Bounded in time whatever is sent. */
  decrypt(record: ClientRecord, text: string): Promise<{ readonly plain: string } | { readonly problem: string }>
}

type Kind = 'rsa' | 'ec'

interface Kept {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicJwk: Readonly<Record<string, unknown>>
}

export async function openDecryptionKeys(
  store: Pick<Store, 'findFact' | 'putFactOnce'>,
  master: MasterKey,
): Promise<DecryptionKeys> {
  const [rsa, ec] = await Promise.all([keptKey(store, master, 'rsa'), keptKey(store, master, 'ec')])
  return {
    published: [rsa.publicJwk, ec.publicJwk],
    async decrypt(record, text) {
      const header = readJweHeader(text)
      if ('problem' in header) return header
      const { request_object_encryption_alg: alg, request_object_encryption_enc: enc } = record.client
      // What the client has registered it uses. RFC 8725 §3.1.
      if ((alg !== null && alg !== header.alg) || (enc !== null && enc !== header.enc)) {
        return { problem: 'is encrypted in another way than the client has registered' }
      }
      const key = keyFor(header, record)
      if (key === null) return { problem: 'is encrypted for a key that is not ours' }
      try {
        const { compactDecrypt } = await import('jose')
        const { plaintext } = await compactDecrypt(text, key, {
          keyManagementAlgorithms: [header.alg],
          contentEncryptionAlgorithms: [header.enc],
          maxDecompressedLength: 0,
        })
        return { plain: Buffer.from(plaintext).toString('utf8') }
      } catch {
        // One text for every reason: whoever sends it must not learn which part was wrong.
        return { problem: 'cannot be decrypted' }
      }
    },
  }

  function keyFor({ alg, enc, kid }: JweHeader, record: ClientRecord): KeyObject | Uint8Array | null {
    if (takesSecret(alg)) return secretKeyOf(master, record, alg, enc)
    const key = alg.startsWith('RSA-') ? rsa : ec
    return kid === null || kid === key.kid ? key.privateKey : null
  }
}

const generate = promisify(generateKeyPair)

/** Two nodes may make one each: the first that is kept counts for both. */
async function keptKey(store: Pick<Store, 'findFact' | 'putFactOnce'>, master: MasterKey, kind: Kind): Promise<Kept> {
  const name = `decryption_key_${kind}` as const
  const stored = (await store.findFact(name)) ?? (await store.putFactOnce(name, await newKey(master, name, kind)))
  const { publicJwk, sealed } = JSON.parse(stored) as { publicJwk: Kept['publicJwk']; sealed: string }
  const pkcs8 = Buffer.from(unseal(master, Buffer.from(sealed, 'base64url'), placeOf(name)))
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  pkcs8.fill(0)
  return { kid: String(publicJwk['kid']), privateKey, publicJwk }
}

async function newKey(master: MasterKey, name: string, kind: Kind): Promise<string> {
  const pair =
    kind === 'rsa'
      ? await generate('rsa', { modulusLength: 2048, publicExponent: 0x10001 })
      : await generate('ec', { namedCurve: 'P-256' })
  const jwk = pair.publicKey.export({ format: 'jwk' })
  const publicJwk = { ...jwk, kid: thumbprint(jwk), use: 'enc' }
  const sealed = seal(master, pair.privateKey.export({ format: 'der', type: 'pkcs8' }), placeOf(name))
  return JSON.stringify({ publicJwk, sealed: Buffer.from(sealed).toString('base64url') })
}

function placeOf(name: string) {
  return { table: 'installation', column: 'value', row: name }
}
