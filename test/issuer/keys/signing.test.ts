// Signing keys: made, sealed, used, and recognised again; foreign tokens are refused in bounded time.

import { createHmac, createPublicKey, generateKeyPairSync, sign as nodeSign } from 'node:crypto'
import * as fc from 'fast-check'
import { calculateJwkThumbprint, importJWK, jwtVerify } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { masterKeyFrom } from '../../../src/credentials/master-key.ts'
import { SealBroken } from '../../../src/credentials/sealing.ts'
import { createSigningKey, openSigningKey, type Signer, verifyOwnJwt } from '../../../src/issuer/keys/signing.ts'
import type { SigningAlgorithm } from '../../../src/model/client/client.ts'
import type { SigningKey } from '../../../src/model/signing-key.ts'
import { ASYMMETRIC_ALGORITHMS } from '../../../src/protocol/jwk.ts'
import { threadTime } from '../../support/thread-time.ts'

const master = masterKeyFrom(Buffer.alloc(32, 9))
const payload = { iss: 'https://sso.example', sub: '张三', aud: 'c1', exp: 1_000 }
const NOW = 1_800_000_000
const ALGORITHMS = ASYMMETRIC_ALGORITHMS

interface Opened {
  readonly key: SigningKey
  readonly signer: Signer
}
const opened = new Map<SigningAlgorithm, Opened>()
function of(algorithm: SigningAlgorithm): Opened {
  const found = opened.get(algorithm)
  if (found === undefined) throw new Error(`no ${algorithm} key`)
  return found
}
const ring = () => [...opened.values()].map(({ key }) => key)

beforeAll(async () => {
  for (const algorithm of ALGORITHMS) {
    const key = await createSigningKey({ algorithm, turn: 1, activeAt: NOW + 5 }, NOW, master)
    opened.set(algorithm, { key, signer: openSigningKey(key, master) })
  }
})

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
function forge(
  header: object,
  signature: string | ((signed: string) => Uint8Array) = '',
  body: unknown = payload,
): string {
  const signed = `${encode(header)}.${encode(body)}`
  return `${signed}.${typeof signature === 'string' ? signature : Buffer.from(signature(signed)).toString('base64url')}`
}
const isGenuine = (token: string, type?: 'JWT' | 'at+jwt') => verifyOwnJwt(token, ring(), type ? { type } : {}).genuine

describe.each(ALGORITHMS)('%s', (algorithm) => {
  it('RFC 7638 §3.2, RFC 8037 §2 a new key is named by its thumbprint and shows only public members', async () => {
    const { key } = of(algorithm)
    const jwk: Record<string, unknown> = JSON.parse(key.publicJwk)
    expect(key.keyId).toBe(await calculateJwkThumbprint(jwk))
    expect(jwk).toMatchObject({ kid: key.keyId, alg: algorithm, use: 'sig' })
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(jwk).not.toHaveProperty(member)
    expect(key).toMatchObject({ algorithm, createdAt: NOW, activeAt: NOW + 5, retiredAt: null })
    if (jwk['kty'] === 'RSA')
      expect(createPublicKey({ key: jwk, format: 'jwk' }).asymmetricKeyDetails?.modulusLength).toBe(2048)
  })

  it('a key opens with its own master key and record only', () => {
    const { key } = of(algorithm)
    expect(() => openSigningKey(key, masterKeyFrom(Buffer.alloc(32, 8)))).toThrow(SealBroken)
    expect(() => openSigningKey({ ...key, keyId: 'another' }, master)).toThrow(SealBroken)
    expect(openSigningKey(key, master).keyId).toBe(key.keyId)
  })

  it('RFC 7515 another implementation verifies what is signed', async () => {
    const { key, signer } = of(algorithm)
    const token = signer.signJwt('at+jwt', payload)
    const verified = await jwtVerify(token, await importJWK(JSON.parse(key.publicJwk)), { currentDate: new Date(0) })
    expect(verified.payload).toEqual(payload)
    expect(verified.protectedHeader).toEqual({ alg: algorithm, typ: 'at+jwt', kid: key.keyId })
  })

  it('RFC 7518 §3.4 every signature has its full length, however small its numbers are', () => {
    const { signer } = of(algorithm)
    // One number in 256 begins with a zero byte, and half of them have a byte more in DER.
    const tokens = Array.from({ length: algorithm === 'ES256' ? 1_500 : 20 }, (_, at) =>
      signer.signJwt('JWT', { ...payload, at }),
    )
    const bytes = tokens.map((token) => Buffer.from(token.split('.')[2] ?? '', 'base64url'))
    expect(new Set(bytes.map(({ length }) => length)).size).toBe(1)
    if (algorithm === 'ES256') expect(bytes.some((each) => each[0] === 0 || each[32] === 0)).toBe(true)
    expect(tokens.filter((token) => !isGenuine(token))).toEqual([])
  })

  it('OpenID Connect Core §3.1.2.1 our own token is recognised, long expired, and by its type only', () => {
    const { key, signer } = of(algorithm)
    expect(verifyOwnJwt(signer.signJwt('JWT', payload), ring())).toEqual({ genuine: true, keyId: key.keyId, payload })
    expect(isGenuine(signer.signJwt('at+jwt', payload), 'at+jwt')).toBe(true)
    expect(isGenuine(signer.signJwt('at+jwt', payload))).toBe(false)
    expect(isGenuine(signer.signJwt('logout+jwt', payload), 'at+jwt')).toBe(false)
  })

  it('one changed letter anywhere makes it foreign', () => {
    const token = of(algorithm).signer.signJwt('JWT', payload)
    for (let at = 0; at < token.length; at++) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
      expect(isGenuine(changed)).toBe(false)
    }
    expect(isGenuine(token)).toBe(true)
  })

  it('a key that has left the ring vouches for nothing', () => {
    const token = of(algorithm).signer.signJwt('JWT', payload)
    expect(verifyOwnJwt(token, []).genuine).toBe(false)
    expect(
      verifyOwnJwt(
        token,
        ring().filter((key) => key.algorithm !== algorithm),
      ).genuine,
    ).toBe(false)
  })
})

describe('a forged token is refused', () => {
  it('RFC 8725 §2.1, §3.1 with alg none, empty or kept signature', () => {
    const { key, signer } = of('ES256')
    const signature = signer.signJwt('JWT', payload).split('.')[2] ?? ''
    for (const alg of ['none', 'None', 'NONE', '', null, 'ES384']) {
      expect(isGenuine(forge({ alg, typ: 'JWT', kid: key.keyId }))).toBe(false)
      expect(isGenuine(forge({ alg, typ: 'JWT', kid: key.keyId }, signature))).toBe(false)
    }
  })

  it.each(ALGORITHMS)('RFC 8725 §2.1 with HS256 keyed by the public %s key', (algorithm) => {
    const { key } = of(algorithm)
    const open = createPublicKey({ key: JSON.parse(key.publicJwk), format: 'jwk' })
    const secrets = [
      key.publicJwk,
      open.export({ format: 'pem', type: 'spki' }),
      open.export({ format: 'der', type: 'spki' }),
      '',
    ]
    for (const secret of secrets) {
      const hmac = (signed: string) => createHmac('sha256', secret).update(signed).digest()
      expect(isGenuine(forge({ alg: 'HS256', typ: 'JWT', kid: key.keyId }, hmac))).toBe(false)
      expect(isGenuine(forge({ alg: algorithm, typ: 'JWT', kid: key.keyId }, hmac))).toBe(false)
    }
  })

  it('with an all-zero signature, or one that is DER', () => {
    const header = { alg: 'ES256', typ: 'JWT', kid: of('ES256').key.keyId }
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect(isGenuine(forge(header, () => new Uint8Array(64)))).toBe(false)
    expect(isGenuine(forge(header, (signed) => nodeSign('sha256', Buffer.from(signed), stranger.privateKey)))).toBe(
      false,
    )
    const genuine = of('ES256').signer.signJwt('JWT', payload)
    const raw = Buffer.from(genuine.split('.')[2] ?? '', 'base64url')
    const integer = (bytes: Buffer) => {
      const value = (bytes[0] ?? 0) >= 128 ? Buffer.concat([Buffer.of(0), bytes]) : bytes
      return Buffer.concat([Buffer.of(2, value.length), value])
    }
    const both = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))])
    const der = Buffer.concat([Buffer.of(0x30, both.length), both]).toString('base64url')
    expect(isGenuine(`${genuine.slice(0, genuine.lastIndexOf('.'))}.${der}`)).toBe(false)
    expect(isGenuine(genuine)).toBe(true)
  })

  it('with a key of its own: foreign kid, our kid, or brought in the header', () => {
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = stranger.publicKey.export({ format: 'jwk' })
    const signed = (text: string) =>
      nodeSign('sha256', Buffer.from(text), { key: stranger.privateKey, dsaEncoding: 'ieee-p1363' })
    for (const kid of ['stranger', of('ES256').key.keyId, undefined, of('RS256').key.keyId]) {
      expect(isGenuine(forge({ alg: 'ES256', typ: 'JWT', kid, jwk }, signed))).toBe(false)
    }
  })

  it('RFC 7515 §4.1.11 with a critical header, even when the signature is ours', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key: SigningKey = {
      ...of('ES256').key,
      keyId: 'k',
      publicJwk: JSON.stringify(publicKey.export({ format: 'jwk' })),
    }
    const signed = (text: string) =>
      nodeSign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    const header = { alg: 'ES256', typ: 'JWT', kid: 'k' }
    expect(verifyOwnJwt(forge(header, signed), [key]).genuine).toBe(true)
    expect(verifyOwnJwt(forge({ ...header, crit: ['b64'], b64: false }, signed), [key]).genuine).toBe(false)
    for (const body of ['[1]', 'null', '"text"', 'not json']) {
      expect(verifyOwnJwt(forge(header, signed, body), [key]).genuine).toBe(false)
    }
  })

  it('in bounded time: 1 MiB, a thousand dots, padding, foreign letters', () => {
    const genuine = of('ES256').signer.signJwt('JWT', payload)
    const began = threadTime()
    for (let round = 0; round < 1000; round++) {
      expect(isGenuine('a'.repeat(1_048_576))).toBe(false)
      expect(isGenuine('.'.repeat(1000))).toBe(false)
    }
    expect(threadTime() - began).toBeLessThan(1000)
    for (const near of [
      `${genuine}=`,
      `${genuine} `,
      ` ${genuine}`,
      `${genuine}.`,
      `.${genuine}`,
      `${genuine}\n`,
      genuine.replace('.', '.\u00e9'),
    ]) {
      expect(isGenuine(near)).toBe(false)
    }
    expect(isGenuine(genuine)).toBe(true)
  })

  it('whatever it is', () => {
    const header = fc.record({
      alg: fc.constantFrom('ES256', 'RS256', 'none'),
      typ: fc.constant('JWT'),
      kid: fc.constantFrom('x', ''),
    })
    const ours = header.map((value) => ({ ...value, kid: of('ES256').key.keyId }))
    const jwt = fc
      .tuple(fc.oneof(header, ours), fc.json(), fc.base64String())
      .map(([head, body, tail]) => forge(head, tail, body))
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          jwt,
          fc.array(fc.base64String(), { maxLength: 5 }).map((parts) => parts.join('.')),
        ),
        (token) => {
          expect(isGenuine(token)).toBe(false)
        },
      ),
    )
  })
})
