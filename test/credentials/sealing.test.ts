// Sealed values open at their own place with their own key, and nowhere else.

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { masterKeyFrom } from '../../src/credentials/master-key.ts'
import { SealBroken, seal, unseal } from '../../src/credentials/sealing.ts'

const master = masterKeyFrom(Buffer.alloc(32, 3))
const place = { table: 'signing_key', column: 'sealed_private_key', row: 'k1' }
const plain = Buffer.from('an obviously fake private key')

describe('a sealed value', () => {
  it('opens at its place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (bytes, row) => {
        const there = { ...place, row }
        expect(Buffer.from(unseal(master, seal(master, bytes, there), there))).toEqual(Buffer.from(bytes))
      }),
    )
  })

  it('is another one each time, and holds nothing in clear', () => {
    const first = Buffer.from(seal(master, plain, place))
    expect(first.equals(seal(master, plain, place))).toBe(false)
    expect(first.includes(plain)).toBe(false)
  })

  it.each([
    { ...place, table: 'client' },
    { ...place, column: 'other' },
    { ...place, row: 'k2' },
    { table: 'signing_keys', column: 'ealed_private_key', row: 'k1' },
  ])('does not open at %j', (elsewhere) => {
    const sealed = seal(master, plain, place)
    expect(() => unseal(master, sealed, elsewhere)).toThrow(SealBroken)
    expect(() => unseal(master, sealed, elsewhere)).toThrow(/changed, or moved/)
  })

  it('does not open when any one bit has changed', () => {
    const sealed = seal(master, plain, place)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Uint8Array.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => unseal(master, changed, place)).toThrow(SealBroken)
    }
  })

  it('does not open when it is cut, and foreign bytes never open', () => {
    const sealed = seal(master, plain, place)
    for (let length = 0; length < sealed.length; length++) {
      expect(() => unseal(master, sealed.subarray(0, length), place)).toThrow(SealBroken)
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(() => unseal(master, bytes, place)).toThrow(SealBroken)
      }),
    )
  })

  it('names both keys when the master key is another one', () => {
    const other = masterKeyFrom(Buffer.alloc(32, 4))
    const sealed = seal(master, plain, place)
    expect(() => unseal(other, sealed, place)).toThrow(new RegExp(`${master.keyId}.*${other.keyId}`))
  })
})
