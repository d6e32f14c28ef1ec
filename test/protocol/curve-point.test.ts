// Which points a public key may be. What OpenSSL makes is taken; what is off its curve, or of small order, is not.

import { createPublicKey, diffieHellman, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { isUsablePoint } from '../../src/protocol/curve-point.ts'

const P = 2n ** 255n - 19n
const little = (number: bigint) => Buffer.from(Buffer.from(number.toString(16).padStart(64, '0'), 'hex').toReversed())
const bytes = (text = '') => Buffer.from(text, 'base64url')
const pointOf = ({ x, y }: JsonWebKey) => (y === undefined ? [bytes(x)] : [bytes(x), bytes(y)])
const made = (curve: string) => {
  const { publicKey } =
    curve === 'Ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: curve })
  return publicKey.export({ format: 'jwk' })
}

test.each(['P-256', 'P-384', 'P-521'])('RFC 7518 §6.2.1 a point of %s is taken, and no other', (curve) => {
  for (let round = 0; round < 20; round++) {
    const [x = bytes(), y = bytes()] = pointOf(made(curve))
    expect(isUsablePoint(curve, [x, y])).toBe(true)
    expect(isUsablePoint(curve, [y, x])).toBe(false)
    y[round] = (y[round] ?? 0) ^ 1
    expect(isUsablePoint(curve, [x, y])).toBe(false)
  }
  const size = pointOf(made(curve))[0]?.length ?? 0
  expect(isUsablePoint(curve, [Buffer.alloc(size), Buffer.alloc(size)])).toBe(false)
  expect(isUsablePoint(curve, [Buffer.alloc(size, 255), Buffer.alloc(size, 255)])).toBe(false)
})

test('RFC 8032 §5.1.3, §8.9 a key of Ed25519 is taken; what is no point, or of small order, is not', () => {
  for (let round = 0; round < 20; round++) expect(isUsablePoint('Ed25519', pointOf(made('Ed25519')))).toBe(true)
  const eight = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n
  const small = [0n, 1n, P - 1n, eight, P - eight]
  // 2 is the y of no point; from P on a number has a shorter spelling.
  for (const y of [...small, 2n, P, P + 1n, P + 3n]) {
    for (const sign of [0n, 2n ** 255n]) expect(isUsablePoint('Ed25519', [little(y + sign)]), `${y}`).toBe(false)
  }
})

test('RFC 7748 §4.1, §5, §6.1 a key of X25519 is taken where two can agree on something with it, and only there', () => {
  const own = generateKeyPairSync('x25519').privateKey
  const agrees = (point: Buffer) => {
    const jwk = { kty: 'OKP', crv: 'X25519', x: point.toString('base64url') }
    try {
      return diffieHellman({ privateKey: own, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) }).length === 32
    } catch {
      return false
    }
  }
  const eights = [
    0xb8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0n,
    0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5fn,
  ]
  for (const u of [0n, 1n, ...eights, P - 1n, P, P + 1n, 2n, 9n, P + 9n, P - 2n]) {
    for (const top of [0n, 2n ** 255n]) {
      const point = little(u + top)
      expect(isUsablePoint('X25519', [point]), `${u}`).toBe(agrees(point))
    }
  }
  expect(agrees(little(9n))).toBe(true)
})
