// Digests of secrets, the strength of client secrets, and the cookie of known browsers.

import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assertClientSecret,
  digestClientSecret,
  newClientSecret,
  WeakSecret,
} from '../../src/credentials/client-secret.ts'
import { hmacSha256, sameBytes, sha256, tokenKey } from '../../src/credentials/digest.ts'
import { createKnownBrowsers } from '../../src/credentials/known-browsers.ts'
import { masterKeyFrom } from '../../src/credentials/master-key.ts'
import { successorOf } from '../../src/issuer/tokens/successor.ts'
import {
  instantOf,
  instantOfId,
  instantOfSalt,
  newId,
  newSalt,
  newSecret,
  newToken,
  tokenOf,
} from '../../src/platform/random.ts'

const master = masterKeyFrom(Buffer.alloc(32, 3))
const other = masterKeyFrom(Buffer.alloc(32, 4))

describe('digests', () => {
  it('FIPS 180-4 SHA-256 agrees with the example, for text and for bytes', () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(Buffer.from(sha256('abc')).toString('hex')).toBe(abc)
    expect(Buffer.from(sha256(Buffer.from('abc'))).toString('hex')).toBe(abc)
  })

  it('RFC 4231 §4.3 HMAC-SHA256 agrees with test case 2', () => {
    const digest = hmacSha256(Buffer.from('Jefe'), 'what do ya want for nothing?')
    expect(Buffer.from(digest).toString('hex')).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
  })

  it('compares bytes of any lengths', () => {
    expect(sameBytes(sha256('a'), sha256('a'))).toBe(true)
    expect(sameBytes(sha256('a'), sha256('b'))).toBe(false)
    expect(sameBytes(sha256('a'), sha256('a').subarray(1))).toBe(false)
    expect(sameBytes(new Uint8Array(), new Uint8Array())).toBe(true)
  })

  it('of a client secret needs the master key, and is not its plain SHA-256', () => {
    const digest = digestClientSecret(master, 'fake-secret')
    expect(digest).toHaveLength(32)
    expect(sameBytes(digest, digestClientSecret(master, 'fake-secret'))).toBe(true)
    expect(sameBytes(digest, digestClientSecret(master, 'fake-secreT'))).toBe(false)
    expect(sameBytes(digest, digestClientSecret(other, 'fake-secret'))).toBe(false)
    expect(sameBytes(digest, createHash('sha256').update('fake-secret').digest())).toBe(false)
  })
})

describe('codes and tokens', () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

  it('are fifty letters and digits that tell their millisecond', () => {
    const before = Date.now()
    const token = newToken()
    expect(token).toMatch(/^[A-Za-z0-9]{50}$/)
    expect(instantOf(token)).toBeGreaterThanOrEqual(before)
    expect(instantOf(token)).toBeLessThanOrEqual(Date.now())
    expect(newToken().slice(7)).not.toBe(token.slice(7))
    const salt = newSalt()
    expect(instantOfSalt(salt)).toBeGreaterThanOrEqual(before)
    expect(hex(newSalt())).not.toBe(hex(salt))
    fc.assert(
      fc.property(fc.nat({ max: 62 ** 7 - 1 }), (at) => {
        expect(instantOf(tokenOf(at, newSecret()))).toBe(at)
      }),
    )
  })

  it('have keys in the order of their instants, and different ones within', () => {
    const secret = newSecret()
    const keys = [1, 2, 62, 1_790_000_000_000, 1_790_000_000_001].map((at) => hex(tokenKey(tokenOf(at, secret))))
    expect(keys).toEqual(keys.toSorted((a, b) => a.localeCompare(b)))
    expect(keys.map(({ length }) => length)).toEqual(Array.from({ length: 5 }, () => 64))
    expect(hex(tokenKey(tokenOf(7, newSecret())))).not.toBe(hex(tokenKey(tokenOf(7, secret))))
    const token = tokenOf(7, secret)
    expect(hex(tokenKey(token)).slice(12)).toBe(hex(sha256(token)).slice(0, 52))
  })

  it('RFC 9068 that are JWTs have keys in the order of the instants in their jti, which comes first', () => {
    const jwt = (jti: string, tail = 'x'.repeat(86)) =>
      `eyJhbGciOiJFUzI1NiJ9.${Buffer.from(JSON.stringify({ jti, iss: 'https://op.test' })).toString('base64url')}.${tail}`
    const id = newId('at')
    const token = jwt(id)
    expect(instantOfId(id)).toBeLessThanOrEqual(Date.now())
    expect(instantOfId(id)).toBeGreaterThan(Date.now() - 60_000)
    expect(hex(tokenKey(token)).slice(0, 12)).toBe(Number(instantOfId(id)).toString(16).padStart(12, '0'))
    expect(hex(tokenKey(token)).slice(12)).toBe(hex(sha256(token)).slice(0, 52))
    expect(hex(tokenKey(jwt(id, 'y'.repeat(86))))).not.toBe(hex(tokenKey(token)))
    for (const other of [
      jwt('other'),
      jwt('at_short'),
      jwt('AT_000000000'),
      token.replace('.', ''),
      '.',
      '..',
      'a.令',
    ]) {
      expect(hex(tokenKey(other))).toBe(hex(sha256(other)))
    }
  })

  it.each([
    '',
    'abc',
    newSecret(),
    `${newSecret()}x`,
    `-234567${newSecret()}`,
    `aaa.bbb.${newSecret()}`,
    '令'.repeat(50),
  ])('of any other shape have their whole SHA-256 for a key: %j', (text) => {
    expect(instantOf(text)).toBeNull()
    expect(hex(tokenKey(text))).toBe(hex(sha256(text)))
  })
})

describe('client secrets', () => {
  it('generated ones are strong, and differ', () => {
    const secret = newClientSecret()
    expect(secret).toMatch(/^[A-Za-z0-9]{43}$/)
    expect(assertClientSecret(secret, { acceptWeak: false })).toEqual({ weak: false })
    expect(newClientSecret()).not.toBe(secret)
  })

  it('of 32 characters are accepted, of 31 only with the flag', () => {
    expect(assertClientSecret('x'.repeat(32), { acceptWeak: false })).toEqual({ weak: false })
    expect(() => assertClientSecret('x'.repeat(31), { acceptWeak: false })).toThrow(
      /31 characters.*--accept-weak-secret/,
    )
    expect(assertClientSecret('x'.repeat(31), { acceptWeak: true })).toEqual({ weak: true })
  })

  it.each(['', `${'x'.repeat(40)}é`, `${'x'.repeat(40)}\n`, '密'.repeat(40), 'x'.repeat(513)])(
    'RFC 6749 appendix A.2 refuses %j with and without the flag',
    (secret) => {
      for (const acceptWeak of [false, true]) {
        expect(() => assertClientSecret(secret, { acceptWeak })).toThrow(WeakSecret)
      }
    },
  )
})

describe('known browsers', () => {
  const browsers = createKnownBrowsers(master)
  const now = 1_800_000_000
  const day = 86_400

  it('know the one who signed in, for 180 days, and nobody else', () => {
    const cookie = browsers.remember(null, 'alice', now)
    expect(browsers.knows(cookie, 'alice', now)).toBe(true)
    expect(browsers.knows(cookie, 'alice', now + 179 * day)).toBe(true)
    expect(browsers.knows(cookie, 'alice', now + 180 * day)).toBe(false)
    expect(browsers.knows(cookie, 'alice', now - day)).toBe(false)
    expect(browsers.knows(cookie, 'bob', now)).toBe(false)
    expect(browsers.knows(null, 'alice', now)).toBe(false)
    expect(createKnownBrowsers(other).knows(cookie, 'alice', now)).toBe(false)
  })

  it('keep their id and renew the day at each sign-in', () => {
    const first = browsers.remember(null, 'alice', now)
    const second = browsers.remember(first, 'alice', now + 100 * day)
    expect(browsers.deviceId(second)).toBe(browsers.deviceId(first))
    expect(browsers.knows(second, 'alice', now + 270 * day)).toBe(true)
    expect(second.split('.')).toHaveLength(2)
  })

  it('know up to five people; the one longest unseen makes room', () => {
    const people = ['u1', 'u2', 'u3', 'u4', 'u5', 'u6']
    const cookie = people.reduce<string | null>((value, user) => browsers.remember(value, user, now), null)
    expect(people.map((user) => browsers.knows(cookie, user, now))).toEqual([false, true, true, true, true, true])
    expect(cookie?.length).toBeLessThan(200)
  })

  it('drop people of more than 180 days ago from the cookie', () => {
    const old = browsers.remember(null, 'alice', now)
    expect(browsers.remember(old, 'bob', now + 200 * day).split('.')).toHaveLength(2)
  })

  it('hold nobody in clear', () => {
    const cookie = browsers.remember(null, 'alice-wonder', now)
    expect(cookie).toMatch(/^dv_[a-z0-9]{24}\.[0-9a-z]+-[A-Za-z0-9_-]{22}$/)
    expect(cookie).not.toContain('alice')
    expect(Buffer.from(cookie.slice(-22), 'base64url').toString('latin1')).not.toContain('alice')
  })

  it('take no entry of another browser, no other day, and no changed letter', () => {
    const cookie = browsers.remember(null, 'alice', now)
    const [id = '', entry = ''] = cookie.split('.')
    const elsewhere = browsers.remember(null, 'bob', now)
    expect(browsers.knows(`${browsers.deviceId(elsewhere)}.${entry}`, 'alice', now)).toBe(false)
    const today = Math.floor(now / day)
    const later = entry.replace(/^[^-]+/, (today + 1).toString(36))
    expect(browsers.knows(`${id}.${later}`, 'alice', now + day)).toBe(false)
    for (let at = 0; at < cookie.length; at++) {
      const letter = cookie[at] === '0' ? '1' : '0'
      expect(browsers.knows(cookie.slice(0, at) + letter + cookie.slice(at + 1), 'alice', now)).toBe(false)
    }
    expect(browsers.knows(cookie, 'alice', now)).toBe(true)
  })

  it('survive any cookie, and start afresh with one', () => {
    const genuine = browsers.remember(null, 'alice', now)
    const near = fc.tuple(fc.nat(genuine.length), fc.string()).map(([at, text]) => genuine.slice(0, at) + text)
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        fc.pre(!text.startsWith(genuine))
        expect(browsers.knows(text, 'alice', now)).toBe(false)
        expect(browsers.knows(browsers.remember(text, 'bob', now), 'bob', now)).toBe(true)
      }),
    )
    expect(browsers.deviceId('x'.repeat(1_000_000))).toBeNull()
  })
})

describe('successors of a refresh token', () => {
  it('are the same for the same salt and token, and tell the millisecond of the salt', () => {
    const salt = newSalt()
    const one = successorOf(master, salt, 'presented')
    const again = successorOf(master, salt, 'presented')
    expect([again.accessToken, again.refreshToken]).toEqual([one.accessToken, one.refreshToken])
    expect(instantOf(one.accessToken)).toBe(instantOfSalt(salt))
    expect(successorOf(master, salt, 'another').refreshToken).not.toBe(one.refreshToken)
    expect(one.refreshToken).not.toBe(one.accessToken)
  })
})
