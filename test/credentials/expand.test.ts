// Bytes that follow from a secret seed: the same for the same label, unlike for every other.

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { expand } from '../../src/credentials/digest.ts'

const seed = new Uint8Array(32).fill(7)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('bytes from a seed', () => {
  it('are SHAKE256 over seed and label, as another implementation has it', () => {
    const other = createHash('shake256', { outputLength: 64 }).update(seed).update('access-token.0').digest()
    expect(hex(expand(seed, 'access-token.0', 64))).toBe(other.toString('hex'))
  })

  it('are as many as asked for, and the same each time', () => {
    expect(expand(seed, 'a', 32)).toHaveLength(32)
    expect(hex(expand(seed, 'a', 32))).toBe(hex(expand(seed, 'a', 32)))
  })

  it('differ by label and by seed', () => {
    const all = [expand(seed, 'a', 32), expand(seed, 'b', 32), expand(new Uint8Array(32).fill(8), 'a', 32)]
    expect(new Set(all.map(hex)).size).toBe(3)
  })
})
