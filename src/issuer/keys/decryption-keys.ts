// The keys that clients encrypt to us with: one RSA and one EC key, made once, sealed, and published beside the signing
// keys. They exist only where the operator lets clients encrypt. OpenID Connect Core §10.2.

import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { MasterKey } from '../../credentials/master-key.ts'
import type { Replacement } from '../../credentials/replaced-master-key.ts'
import { reseal, seal, unseal } from '../../credentials/sealing.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import { type JweHeader, readJweHeader, takesSecret } from '../../protocol/jwe.ts'
import type { Store } from '../../store/store.ts'
import { secretKeyOf } from './secret-key.ts'
import { thumbprint } from './signing.ts'

export interface DecryptionKeys {
  /** Public halves of the present keys, for the JWKS; the same list object until they change. */
  published(): readonly PublishedKey[]
  /** The decrypted content, or why there is none, as the end of a sentence. Takes a bounded time whatever is sent. */
  decrypt(record: ClientRecord, text: string): Promise<{ readonly plain: string } | { readonly problem: string }>
  /** Reads them anew: the command line or another node may have rotated them. */
  refresh(): Promise<void>
}

export type PublishedKey = Readonly<Record<string, unknown>>

export interface DecryptionKeyParts {
  readonly store: Pick<Store, 'findFact' | 'putFact' | 'putFactOnce'>
  readonly master: MasterKey
  readonly clock: Clock
}

const KINDS = ['rsa', 'ec'] as const
type Kind = (typeof KINDS)[number]

/**
 * OpenID Connect Core §10.2.1: for this long a former key still opens what is sent by clients that have not fetched the
 * present one yet.
 */
const KEPT_AFTER_ROTATION: Seconds = 86_400

/** The keys as the fact in the store holds them, the present ones first. */
interface Generation {
  readonly publicJwk: PublishedKey
  readonly sealed: string
  /** Null: the present one. */
  readonly until: Seconds | null
}

interface Kept extends Pick<Generation, 'publicJwk' | 'until'> {
  readonly kid: string
  readonly privateKey: KeyObject
}

export async function openDecryptionKeys(parts: DecryptionKeyParts): Promise<DecryptionKeys> {
  const { master, clock } = parts
  const texts = new Map<Kind, string>()
  const kept = new Map<Kind, readonly Kept[]>()
  let published: readonly PublishedKey[] = []
  const refresh = async () => {
    for (const kind of KINDS) {
      const text = await storedText(parts, kind)
      if (texts.get(kind) === text) continue
      kept.set(
        kind,
        parse(text).map((generation) => open(master, kind, generation)),
      )
      texts.set(kind, text)
      published = [...kept.values()]
        .flatMap((keys) => keys.filter(({ until }) => until === null))
        .map(({ publicJwk }) => publicJwk)
    }
  }
  await refresh()

  const keyFor = ({ alg, enc, kid }: JweHeader, record: ClientRecord): KeyObject | Uint8Array | null => {
    if (takesSecret(alg)) return secretKeyOf(master, record, alg, enc)
    const now = clock.now()
    const keys = (kept.get(alg.startsWith('RSA-') ? 'rsa' : 'ec') ?? []).filter(
      ({ until }) => until === null || now < until,
    )
    return keys.find((key) => kid === null || key.kid === kid)?.privateKey ?? null
  }

  return {
    published: () => published,
    refresh,
    async decrypt(record, text) {
      const header = readJweHeader(text)
      if ('problem' in header) return header
      const { request_object_encryption_alg: alg, request_object_encryption_enc: enc } = record.client
      // A client uses the algorithms that it has registered. RFC 8725 §3.1.
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
        // The same text for every reason: the sender must not learn which part was wrong.
        return { problem: 'cannot be decrypted' }
      }
    },
  }
}

export interface RotatedKey {
  readonly keyId: string
  readonly kty: string
  /** Until when the former keys open what was encrypted to them. */
  readonly formerUntil: Seconds
}

/**
 * The new keys are published within seconds. Null: there were none to replace, because no server has been started with
 * them turned on.
 */
export async function rotateDecryptionKeys(
  parts: DecryptionKeyParts & { readonly store: Pick<Store, 'appendEvents'> },
): Promise<readonly RotatedKey[] | null> {
  const { store, master, clock } = parts
  const rotated: RotatedKey[] = []
  for (const kind of KINDS) {
    const text = await store.findFact(nameOf(kind))
    if (text === null) return null
    const now = clock.now()
    const formerUntil = now + KEPT_AFTER_ROTATION
    const former = parse(text)
      .map((each) => ({ ...each, until: each.until ?? formerUntil }))
      .filter(({ until }) => now < until)
    const made = await newKey(master, kind)
    await store.putFact(nameOf(kind), JSON.stringify([made, ...former]))
    const [keyId, kty] = [String(made.publicJwk['kid']), String(made.publicJwk['kty'])]
    await store.appendEvents([
      { type: 'key_added', at: now, detail: { keyId, algorithm: `${kty} (enc)`, activeAt: now } },
    ])
    rotated.push({ keyId, kty, formerUntil })
  }
  return rotated
}

/** The facts that hold such keys, sealed under the next master key; empty where there are none. */
export async function resealedDecryptionKeys(
  store: Pick<Store, 'findFact'>,
  keys: Replacement,
): Promise<readonly { readonly name: ReturnType<typeof nameOf>; readonly value: string }[]> {
  const facts = await Promise.all(
    KINDS.map(async (kind) => {
      const text = await store.findFact(nameOf(kind))
      if (text === null) return []
      const resealed = parse(text).map((each) => {
        const sealed = reseal(Buffer.from(each.sealed, 'base64url'), placeOf(kind), keys)
        return sealed === null ? each : { ...each, sealed: Buffer.from(sealed).toString('base64url') }
      })
      return [{ name: nameOf(kind), value: JSON.stringify(resealed) }]
    }),
  )
  return facts.flat()
}

const nameOf = (kind: Kind) => `decryption_key_${kind}` as const

/** Two nodes may make one each: the one stored first counts for both. */
async function storedText({ store, master }: DecryptionKeyParts, kind: Kind): Promise<string> {
  const stored = await store.findFact(nameOf(kind))
  return stored ?? (await store.putFactOnce(nameOf(kind), JSON.stringify([await newKey(master, kind)])))
}

function parse(text: string): readonly Generation[] {
  return JSON.parse(text) as readonly Generation[]
}

function open(master: MasterKey, kind: Kind, { publicJwk, sealed, until }: Generation): Kept {
  const pkcs8 = Buffer.from(unseal(master, Buffer.from(sealed, 'base64url'), placeOf(kind)))
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  pkcs8.fill(0)
  return { kid: String(publicJwk['kid']), privateKey, publicJwk, until }
}

const generate = promisify(generateKeyPair)

async function newKey(master: MasterKey, kind: Kind): Promise<Generation> {
  const pair =
    kind === 'rsa'
      ? await generate('rsa', { modulusLength: 2048, publicExponent: 0x10001 })
      : await generate('ec', { namedCurve: 'P-256' })
  const jwk = pair.publicKey.export({ format: 'jwk' })
  const sealed = seal(master, pair.privateKey.export({ format: 'der', type: 'pkcs8' }), placeOf(kind))
  return {
    publicJwk: { ...jwk, kid: thumbprint(jwk), use: 'enc' },
    sealed: Buffer.from(sealed).toString('base64url'),
    until: null,
  }
}

function placeOf(kind: Kind) {
  return { table: 'installation', column: 'value', row: nameOf(kind) }
}
