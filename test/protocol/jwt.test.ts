// JWTs of strangers, taken apart before anything in them is believed.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isJwe, readJweHeader } from '../../src/protocol/jwe.ts'
import { readPublicJwk } from '../../src/protocol/jwk.ts'
import { readJwt } from '../../src/protocol/jwt.ts'

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const GOOD = `${encode({ alg: 'ES256' })}.${encode({ sub: 'a' })}.${Buffer.alloc(64, 1).toString('base64url')}`
const part = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.jsonValue().map(encode),
  fc.dictionary(fc.string(), fc.jsonValue()).map(encode),
)
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.array(part, { minLength: 1, maxLength: 7 }).map((parts) => parts.join('.')),
)

describe('RFC 7519 §7.2 readJwt', () => {
  test('takes apart what is a JWT, and says what is wrong with all else', () => {
    expect(readJwt(GOOD, 1_000)).toMatchObject({ header: { alg: 'ES256' }, claims: { sub: 'a' } })
    fc.assert(
      fc.property(anything, fc.boolean(), (text, unsigned) => {
        const read = readJwt(text, 16_384, { unsigned })
        if ('problem' in read) {
          expect(read.problem).toMatch(/^(is|has|holds) /)
          return
        }
        expect(text.split('.')).toHaveLength(3)
        expect(unsigned || !text.endsWith('.')).toBe(true)
        expect(read.text).toBe(text)
      }),
      { numRuns: 3_000 },
    )
  })

  test('an unsigned one only where that is asked for', () => {
    const unsigned = `${encode({ alg: 'none' })}.${encode({})}.`
    expect(readJwt(unsigned, 1_000)).toHaveProperty('problem')
    expect(readJwt(unsigned, 1_000, { unsigned: true })).toHaveProperty('claims')
  })

  test('O21 one spelling only: padding, foreign letters, leftover bits and bytes that are no UTF-8 are refused', () => {
    const [head, body, tail] = GOOD.split('.')
    for (const text of [
      `${GOOD}=`,
      `${GOOD}.`,
      `${head} .${body}.${tail}`,
      `${head}.${body}\n.${tail}`,
      `${head}.${body}.A`,
      `${head}.${body}.AB`,
      `${head}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${tail}`,
      `${head}.${encode([])}.${tail}`,
      `${head}.${encode(null)}.${tail}`,
    ]) {
      expect(readJwt(text, 1_000), text).toHaveProperty('problem')
    }
  })

  test('O21 a megabyte, or a million dots, costs no time', () => {
    const began = process.cpuUsage()
    for (const text of ['A'.repeat(1_048_576), '.'.repeat(1_048_576), `${GOOD}${'.'.repeat(1_048_576)}`]) {
      expect(readJwt(text, 16_384)).toHaveProperty('problem')
      expect(readJwt(text, 2_000_000)).toHaveProperty('problem')
      expect(isJwe(text)).toBe(false)
    }
    const { user, system } = process.cpuUsage(began)
    expect(user + system).toBeLessThan(1_000_000)
  })
})

test('RFC 7516 §3 whatever is sent as a JWE is read or refused', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const read = readJweHeader(text)
      if ('problem' in read) expect(read.problem).toMatch(/^is /)
      else expect(read.alg).not.toMatch(/RSA1_5|PBES2/)
    }),
    { numRuns: 3_000 },
  )
})

test('RFC 7517 §4 whatever is published as a key is taken without its private members, or refused', () => {
  const members = fc.record(
    {
      kty: fc.oneof(fc.constantFrom('RSA', 'EC', 'OKP', 'oct'), fc.jsonValue()),
      crv: fc.oneof(fc.constantFrom('P-256', 'P-384', 'Ed25519', '__proto__', 'constructor'), fc.jsonValue()),
      x: fc.oneof(
        fc.uint8Array({ minLength: 32, maxLength: 48 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
        fc.jsonValue(),
      ),
      y: fc.oneof(
        fc.uint8Array({ minLength: 32, maxLength: 48 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
        fc.jsonValue(),
      ),
      n: fc.oneof(
        fc.uint8Array({ minLength: 256, maxLength: 256 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
        fc.jsonValue(),
      ),
      e: fc.oneof(fc.constantFrom('AQAB', 'AQ', 'Ag'), fc.jsonValue()),
      d: fc.string(),
      use: fc.jsonValue(),
      key_ops: fc.jsonValue(),
      x5u: fc.webUrl(),
    },
    { requiredKeys: ['kty'] },
  )
  fc.assert(
    fc.property(fc.oneof(members, fc.jsonValue()), (value) => {
      const read = readPublicJwk(value)
      if ('problem' in read) expect(read.problem).toMatch(/^(is|has) /)
      else expect(Object.keys(read.key)).not.toEqual(expect.arrayContaining(['d']))
    }),
    { numRuns: 3_000 },
  )
})
