// Refresh tokens as text: what they name, and that only this server can have made them.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256, tokenKey } from '../../src/credentials/digest.ts'
import { masterKeyFrom } from '../../src/credentials/master-key.ts'
import { createRefreshTokens, ROTATIONS_COUNTED, readRefreshToken } from '../../src/credentials/refresh-token.ts'
import { newId, newSecret, newToken } from '../../src/platform/random.ts'

const tokens = createRefreshTokens(masterKeyFrom(new Uint8Array(32).fill(7)))

describe('a refresh token', () => {
  it('is 64 letters and digits that name the grant and how many came before', () => {
    const grantId = newId('gr')
    const secret = newSecret()
    const text = tokens.make(secret, grantId, 71)
    expect(text).toMatch(/^[A-Za-z0-9]{64}$/)
    const read = readRefreshToken(text)
    expect(read).toEqual({ hash: sha256(text), secret: secret.slice(-27), grantId, rotations: 71 })
    expect(tokens.isOurs(text)).toBe(true)
    expect(readRefreshToken(tokens.make(secret, grantId, ROTATIONS_COUNTED + 3)).rotations).toBe(3)
  })

  it('is made of a secret that is long enough, and of a grant', () => {
    expect(() => tokens.make('short', newId('gr'), 0)).toThrow(TypeError)
    expect(() => tokens.make(newSecret(), newId('se'), 0)).toThrow(TypeError)
    expect(() => tokens.make(newSecret(), 'gr_1', 0)).toThrow(TypeError)
  })

  it('is ours with every letter in its place and under our key, and no other is', () => {
    const text = tokens.make(newSecret(), newId('gr'), 5)
    for (let at = 0; at < text.length; at++) {
      const letter = text[at] === 'a' ? 'b' : 'a'
      expect(tokens.isOurs(text.slice(0, at) + letter + text.slice(at + 1)), `letter ${at}`).toBe(false)
    }
    expect(createRefreshTokens(masterKeyFrom(new Uint8Array(32).fill(8))).isOurs(text)).toBe(false)
    fc.assert(fc.property(fc.string({ maxLength: 80 }), (other) => !tokens.isOurs(other)))
    expect(tokens.isOurs(text)).toBe(true)
  })

  it('of an older release is kept by the key that orders it, and names no grant', () => {
    const former = newToken()
    expect(readRefreshToken(former)).toEqual({ hash: tokenKey(former), secret: former, grantId: null, rotations: 0 })
    expect(tokens.isOurs(former)).toBe(false)
    for (const text of ['', 'x'.repeat(63), `${'x'.repeat(64)}\n`, `${'x'.repeat(63)}-`]) {
      expect(readRefreshToken(text)).toMatchObject({ grantId: null, secret: text })
    }
  })
})
