// Passwords: hashing, verifying what other systems made, the same time for nobody, and the bounds.

import { compare, hashSync } from 'bcryptjs'
import { describe, expect, it } from 'vitest'
import { createBcrypt } from '../../src/credentials/bcrypt.ts'
import { PasswordHashingBusy } from '../../src/credentials/hashing-queue.ts'
import { type Argon2, createPasswordHasher, loadArgon2, nodeArgon2 } from '../../src/credentials/password-hash.ts'
import { PasswordRefused } from '../../src/credentials/password-text.ts'
import { processTime } from '../support/thread-time.ts'

const hasher = createPasswordHasher()
const PASSWORD = 'correct horse 电池'
const OURS = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/

describe('a hash of ours', () => {
  it('is argon2id with 19 MiB, another one each time, and matches its password only', async () => {
    const stored = await hasher.hash(PASSWORD)
    expect(stored).toMatch(OURS)
    expect(await hasher.hash(PASSWORD)).not.toBe(stored)
    expect(await hasher.verify(PASSWORD, stored)).toEqual({ matches: true, upgrade: false })
    expect(await hasher.verify(`${PASSWORD} `, stored)).toEqual({ matches: false, upgrade: false })
    expect(await hasher.verify('', stored)).toEqual({ matches: false, upgrade: false })
  })

  it('RFC 8265 §4.2 matches however the keyboard composes accents and writes blanks', async () => {
    const stored = await hasher.hash('caf\u00e9 au lait')
    expect((await hasher.verify('cafe\u0301\u3000au\u00a0lait', stored)).matches).toBe(true)
    expect((await hasher.verify('Caf\u00e9 au lait', stored)).matches).toBe(false)
    expect((await hasher.verify('cafe au lait', stored)).matches).toBe(false)
  })

  it('looks at the last of 1,024 bytes', async () => {
    const long = 'x'.repeat(1023)
    const stored = await hasher.hash(`${long}a`)
    expect((await hasher.verify(`${long}a`, stored)).matches).toBe(true)
    expect((await hasher.verify(`${long}b`, stored)).matches).toBe(false)
  })

  it('is never made of what can be no password, and none matches', async () => {
    const stored = await hasher.hash(PASSWORD)
    for (const text of ['x'.repeat(1025), '电'.repeat(342), `${PASSWORD}\0`, 'lone \ud800 surrogate']) {
      await expect(hasher.hash(text)).rejects.toThrow(PasswordRefused)
      expect(await hasher.verify(text, stored)).toEqual({ matches: false, upgrade: false })
      expect(await hasher.verifyAgainstNobody(text)).toEqual({ matches: false, upgrade: false })
    }
  })

  it('costs nothing to ask with 1 MiB', async () => {
    const stored = await hasher.hash(PASSWORD)
    const huge = 'é'.repeat(1_048_576)
    const began = processTime()
    for (let round = 0; round < 1000; round++) expect((await hasher.verify(huge, stored)).matches).toBe(false)
    expect(processTime() - began).toBeLessThan(1000)
  })
})

describe('a hash that another system made', () => {
  // Made with CPython's hashlib and crypt, with the reference argon2, and with OpenSSL's.
  const foreign: readonly (readonly [string, string])[] = [
    [
      'passlib pbkdf2-sha256',
      '$pbkdf2-sha256$29000$AgABAgMEBQYHCAkKCwwNDg$DZbtHLc6UvV7/Sz.k5.RJOMAnFEVIMqVQjlLrMP4Dx0',
    ],
    [
      'passlib pbkdf2-sha512',
      '$pbkdf2-sha512$25000$AgABAgMEBQYHCAkKCwwNDg$0FiuWUJ97nRpsuQnIay.kE2x8kOm2eqElDP8Lo4QYvnmg3L7Jj2SX4oH1TVGgY98X35rc7pfHCs6XBnElGcMMg',
    ],
    [
      'PHC pbkdf2-sha256',
      '$pbkdf2-sha256$i=1000,l=32$AgABAgMEBQYHCAkKCwwNDg$GhgIyWuqZpAyyOBNf67OijTd8XXQmrjbF4LYaQygFEA',
    ],
    ['Django pbkdf2_sha256', 'pbkdf2_sha256$26000$pepperandsalt1$YrWj49/bxZUyjoQNgH/SZpbp+6M4OKzW/HpY2N2ctBg='],
    ['scrypt', '$scrypt$ln=14,r=8,p=1$AgABAgMEBQYHCAkKCwwNDg$KGEmS7V2Uo+bwkbum5vge9RgGY61+6TEBLHIgtggdSE'],
    [
      'scrypt with lanes',
      '$scrypt$ln=4,r=8,p=2$AgABAgMEBQYHCAkKCwwNDg$9oVNnABREi6+j0cISXYaV52CCy957kHqBHmWjszc3nyIy9X9Z+hvUfvSkHSTAWube93UsIG5qmr/oa8vV4oopA',
    ],
    [
      'argon2id of another cost',
      '$argon2id$v=19$m=4096,t=3,p=2$MDEyMzQ1Njc4OWFiY2RlZg$DAG4+iwYNoGRVJbjVJGZBMzLSgEp8bBgxLQTyowkbZk',
    ],
    ['argon2i', '$argon2i$v=19$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$TqgffB2Fuqb40Ylpic5YRSJuLUGmxKkxvhgGq1+z5Pk'],
    [
      'Django argon2',
      'argon2$argon2i$v=19$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$TqgffB2Fuqb40Ylpic5YRSJuLUGmxKkxvhgGq1+z5Pk',
    ],
    ['bcrypt $2b$', '$2b$05$abcdefghijklmnopqrstuu3lmkme6xVExSSYqiD1545l6I/X7/cDu'],
    ['bcrypt $2a$', '$2a$05$abcdefghijklmnopqrstuu3lmkme6xVExSSYqiD1545l6I/X7/cDu'],
    ['bcrypt $2y$', '$2y$05$abcdefghijklmnopqrstuu3lmkme6xVExSSYqiD1545l6I/X7/cDu'],
  ]

  it.each(foreign)('%s matches its password only, and is to be upgraded', async (_name, stored) => {
    expect(await hasher.verify(PASSWORD, stored)).toEqual({ matches: true, upgrade: true })
    expect(await hasher.verify(PASSWORD.slice(0, -1), stored)).toEqual({ matches: false, upgrade: false })
  })

  it('agrees with the reference argon2id example', async () => {
    for (const argon2 of [await loadArgon2(), nodeArgon2]) {
      const cost = { kind: 'argon2id', memory: 65_536, passes: 2, parallel: 1, length: 32 } as const
      const digest = await argon2(Buffer.from('password'), { ...cost, salt: Buffer.from('somesalt') })
      expect(Buffer.from(digest).toString('hex')).toBe(
        '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7',
      )
    }
  })

  it('that was hashed as typed, not normalised, matches as typed', async () => {
    const typed = 'cafe\u0301\u3000au lait'
    const stored = hashSync(typed, 4)
    expect(await hasher.verify(typed, stored)).toEqual({ matches: true, upgrade: true })
    expect((await hasher.verify('café au laiT', stored)).matches).toBe(false)
  })

  it('bcrypt never matches a password of which it would see 72 bytes only', async () => {
    const seen = 'x'.repeat(72)
    const stored = hashSync(seen, 4)
    expect(await compare(`${seen}tail`, stored)).toBe(true)
    expect(await hasher.verify(`${seen}tail`, stored)).toEqual({ matches: false, upgrade: false })
    expect(await hasher.verify(seen, stored)).toEqual({ matches: true, upgrade: true })
  })

  it('bcrypt leaves the event loop free, and does without its thread when it cannot start', async () => {
    const stored = hashSync(PASSWORD, 12)
    const bcrypt = createBcrypt()
    await bcrypt.verify(PASSWORD, hashSync(PASSWORD, 4))
    let ticks = 0
    const ticking = setInterval(() => ticks++, 5)
    expect(await bcrypt.verify(PASSWORD, stored)).toBe(true)
    clearInterval(ticking)
    // In slices on the event loop there would be one tick a tenth of a second.
    expect(ticks).toBeGreaterThan(10)
    const without = createBcrypt(new URL('./there-is-no-such-file.ts', import.meta.url))
    const quick = hashSync(PASSWORD, 4)
    expect(await Promise.all([without.verify(PASSWORD, quick), without.verify('wrong', quick)])).toEqual([true, false])
  })
})

describe('a stored text that is no hash, or none at all', () => {
  it.each([null, '', PASSWORD, '$2b$31$short', '$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA'])(
    '%j matches nothing, and takes one hash like everything else',
    async (stored) => {
      let hashed = 0
      const counting: Argon2 = async (password, parameters) => {
        hashed++
        expect(parameters).toMatchObject({ kind: 'argon2id', memory: 19_456, passes: 2, parallel: 1 })
        return nodeArgon2(password, parameters)
      }
      const counted = createPasswordHasher({ argon2: counting })
      expect(await counted.verify(PASSWORD, stored)).toEqual({ matches: false, upgrade: false })
      expect(hashed).toBe(1)
    },
  )
})

describe('an unknown user', () => {
  it('costs what a wrong password costs: the same hash with the same parameters', async () => {
    const asked: unknown[] = []
    const spying: Argon2 = async (password, { salt, ...cost }) => {
      asked.push({ ...cost, password: Buffer.from(password).toString(), salt: salt.length })
      return nodeArgon2(password, { salt, ...cost })
    }
    const spied = createPasswordHasher({ argon2: spying })
    const stored = await spied.hash(PASSWORD)
    asked.length = 0
    for (const typed of ['wrong password', 'wrong\u3000password']) {
      expect((await spied.verify(typed, stored)).matches).toBe(false)
      const known = asked.splice(0)
      expect((await spied.verifyAgainstNobody(typed)).matches).toBe(false)
      const unknown = asked.splice(0)
      const plain = (calls: readonly unknown[]) => calls.map((call) => ({ ...Object(call) }))
      expect(unknown.length).toBeGreaterThan(0)
      expect(plain(unknown).map(({ digest: _digest, ...rest }) => rest)).toEqual(
        plain(known).map(({ digest: _digest, ...rest }) => rest),
      )
    }
  })
})

describe('the bounds', () => {
  function slow() {
    const ends: (() => void)[] = []
    let running = 0
    let most = 0
    const argon2: Argon2 = async () => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => ends.push(resolve))
      running--
      return new Uint8Array(32)
    }
    return { argon2, ends, most: () => most }
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve))

  it('hold: so many at once, so many waiting, and the next is refused until there is room', async () => {
    const { argon2, ends, most } = slow()
    const small = createPasswordHasher({ concurrent: 2, mostWaiting: 3, argon2 })
    const answers = Array.from({ length: 5 }, () => small.verifyAgainstNobody(PASSWORD))
    await expect(small.verifyAgainstNobody(PASSWORD)).rejects.toThrow(PasswordHashingBusy)
    await expect(small.hash(PASSWORD)).rejects.toThrow(PasswordHashingBusy)
    await settle()
    expect(ends).toHaveLength(2)
    ends.shift()?.()
    await settle()
    const late = small.verifyAgainstNobody(PASSWORD)
    while (ends.length > 0) {
      ends.shift()?.()
      await settle()
    }
    expect(await Promise.all([...answers, late])).toHaveLength(6)
    expect(most()).toBe(2)
  })

  it('give the place back after a failure', async () => {
    let fails = true
    const argon2: Argon2 = async (password, parameters) => {
      if (fails) throw new Error('out of memory')
      return nodeArgon2(password, parameters)
    }
    const single = createPasswordHasher({ concurrent: 1, mostWaiting: 1, argon2 })
    await expect(single.hash(PASSWORD)).rejects.toThrow('out of memory')
    fails = false
    expect(await single.hash(PASSWORD)).toMatch(OURS)
  })

  it('leave the event loop free while twenty sign in', async () => {
    const stored = await hasher.hash(PASSWORD)
    let ticks = 0
    const ticking = setInterval(() => ticks++, 5)
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => hasher.verify(PASSWORD, stored)))
    clearInterval(ticking)
    expect(verdicts.every(({ matches }) => matches)).toBe(true)
    expect(ticks).toBeGreaterThan(10)
  })
})
