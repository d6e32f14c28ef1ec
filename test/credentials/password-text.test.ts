// Which new passwords are refused, and which stored texts are read as hashes.

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commonPasswords } from '../../src/credentials/common-passwords.ts'
import { findPasswordFault, preparePassword } from '../../src/credentials/password-text.ts'
import { argon2Text, isCurrent, recogniseHash } from '../../src/credentials/stored-hash.ts'

describe('a new password', () => {
  it.each(['correct horse', '电池订书钉马正确的', 'Tr0ub4dor&3', '  spaces around  ', 'x'.repeat(1000) + 'abc'])(
    '%j is good',
    (password) => {
      expect(findPasswordFault(password, 'alice')).toBeNull()
    },
  )

  it.each([
    ['seven77', 'too_short'],
    ['电池订书钉马正', 'too_short'],
    ['😀😀😀😀', 'too_short'],
    ['', 'too_short'],
    ['x'.repeat(1025), 'too_long'],
    ['正'.repeat(342), 'too_long'],
    ['nul\0inside', 'unusable_character'],
    ['half \ud83d emoji', 'unusable_character'],
    ['alice.wonder', 'same_as_username'],
    ['ＡＬＩＣＥ.wonder', 'same_as_username'],
    ['woaini1314', 'too_common'],
    ['WoAiNi1314', 'too_common'],
    ['ａ１２３４５６７８９', 'too_common'],
    ['a123456789', 'too_common'],
    ['Password1', 'too_common'],
    ['zzzzzzzzzzzz', 'too_common'],
    ['1212121212121', 'too_common'],
  ])('%j is refused: %s', (password, fault) => {
    expect(findPasswordFault(password, 'Alice.Wonder')).toBe(fault)
  })

  it('counts characters, not bytes', () => {
    expect(findPasswordFault('正确的马电池订书', 'alice')).toBeNull()
  })

  it('the block list holds only what could be chosen at all', () => {
    expect(commonPasswords.size).toBeGreaterThan(200)
    for (const entry of commonPasswords) {
      expect(entry.length).toBeGreaterThanOrEqual(8)
      expect(entry).toBe(entry.toLowerCase())
    }
  })

  it('is prepared alike however often', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (typed) => {
        const once = preparePassword(typed)
        if ('prepared' in once) expect(preparePassword(once.prepared)).toEqual(once)
      }),
    )
  })
})

const SALT = 'c29tZXNhbHQ'
const DIGEST = 'CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'

describe('a stored hash', () => {
  it.each([
    [`$argon2id$v=19$m=19456,t=2,p=1$${SALT}$${DIGEST}`, 'argon2id'],
    [`argon2$argon2id$v=19$m=102400,t=2,p=8$${SALT}$${DIGEST}`, 'argon2id'],
    [`$argon2i$v=19$m=8,t=1,p=1$${SALT}$${DIGEST}`, 'argon2i'],
    [`$2y$15$${'a'.repeat(53)}`, 'bcrypt'],
    [`$scrypt$ln=17,r=8,p=1$${SALT}$${DIGEST}`, 'scrypt'],
    [`$pbkdf2-sha256$600000$${SALT}$${DIGEST}=`, 'pbkdf2-sha256'],
    [`pbkdf2_sha512$1000$somesalt$${DIGEST}=`, 'pbkdf2-sha512'],
  ])('%s is read', (text, kind) => {
    expect(recogniseHash(text)).toMatchObject({ known: true, kind, hash: { kind } })
  })

  it.each([
    ['', /not a hash of a known kind/],
    ['secret', /not a hash of a known kind/],
    ['{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', /not a hash of a known kind/],
    ['5f4dcc3b5aa765d61d8327deb882cf99', /not a hash of a known kind/],
    [`$argon2d$v=19$m=4096,t=3,p=1$${SALT}$${DIGEST}`, /argon2d is not supported/],
    [`$argon2id$v=16$m=4096,t=3,p=1$${SALT}$${DIGEST}`, /another version/],
    [`$argon2id$v=19$m=4194304,t=2,p=1$${SALT}$${DIGEST}`, /too high/],
    [`$argon2id$v=19$m=8,t=4294967295,p=1$${SALT}$${DIGEST}`, /too high/],
    [`$argon2id$v=19$m=262144,t=5,p=1$${SALT}$${DIGEST}`, /too high/],
    [`$argon2id$v=19$m=4096,t=2,p=255$${SALT}$${DIGEST}`, /too high/],
    [`$argon2id$v=19$m=7,t=2,p=1$${SALT}$${DIGEST}`, /too low/],
    [`$argon2id$v=19$m=4096,t=0,p=1$${SALT}$${DIGEST}`, /too low/],
    [`$argon2id$v=19$m=4096,t=2,p=1$${SALT}$`, /16 to 64 bytes/],
    [`$argon2id$v=19$m=4096,t=2,p=1$$${DIGEST}`, /8 to 64 bytes/],
    [`$argon2id$v=19$m=4096,t=2,p=1$${SALT}$${DIGEST}!`, /not base64/],
    ['$argon2id$v=19$m=4096', /damaged argon2/],
    [`$2b$16$${'a'.repeat(53)}`, /cost of 16/],
    [`$2b$03$${'a'.repeat(53)}`, /cost of 3/],
    [`$2x$10$${'a'.repeat(53)}`, /damaged bcrypt/],
    [`$2b$10$${'a'.repeat(52)}`, /damaged bcrypt/],
    [`$scrypt$ln=30,r=8,p=1$${SALT}$${DIGEST}`, /too high/],
    [`$scrypt$ln=14,r=8,p=9999$${SALT}$${DIGEST}`, /too high/],
    [`$scrypt$ln=0,r=8,p=1$${SALT}$${DIGEST}`, /too low/],
    [`$pbkdf2-sha256$5000001$${SALT}$${DIGEST}`, /rounds/],
    [`$pbkdf2-sha256$0$${SALT}$${DIGEST}`, /rounds/],
    [`$pbkdf2-sha256$i=1000,l=64$${SALT}$${DIGEST}`, /length is not/],
    [`$pbkdf2-sha1$1000$${SALT}$${DIGEST}`, /damaged or unsupported pbkdf2/],
    ['x'.repeat(100_000), /longer than/],
  ])('%s is refused with a reason', (text, reason) => {
    const result = recogniseHash(text)
    expect(result.known ? 'known' : result.reason).toMatch(reason)
  })

  it('of argon2 is written as it was read, and only today’s cost is current', () => {
    const text = `$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$${DIGEST}`
    for (const [each, current] of [[text, true] as const, [text.replace('t=2', 't=3'), false] as const]) {
      const result = recogniseHash(each)
      if (!result.known || (result.hash.kind !== 'argon2id' && result.hash.kind !== 'argon2i'))
        throw new Error('not read')
      expect(argon2Text(result.hash)).toBe(each)
      expect(isCurrent(result.hash)).toBe(current)
    }
  })

  it('of any text is an answer, never an error, and its cost is bounded', () => {
    const number = fc.oneof(fc.nat(), fc.constantFrom('', '-1', '1e9', '99999999999', '0'))
    const near = fc
      .tuple(
        fc.constantFrom(
          '$argon2id$v=19$m=',
          '$argon2i$v=19$m=',
          '$scrypt$ln=',
          '$pbkdf2-sha256$',
          '$2b$',
          'pbkdf2_sha512$',
        ),
        number,
        number,
        number,
      )
      .map(([start, a, b, c]) => [
        `${start}${a},t=${b},p=${c}$${SALT}$${DIGEST}`,
        `${start}${a},r=${b},p=${c}$${SALT}$${DIGEST}`,
      ])
    fc.assert(
      fc.property(fc.string(), near, (text, texts) => {
        for (const each of [text, `$${text}`, ...texts]) {
          const result = recogniseHash(each)
          if (!result.known) expect(result.reason.length).toBeGreaterThan(5)
          else if ('memory' in result.hash)
            expect(result.hash.memory * result.hash.passes).toBeLessThanOrEqual(1_048_576)
          else if ('blockSize' in result.hash)
            expect(result.hash.cost * result.hash.blockSize * 128).toBeLessThanOrEqual(2 ** 28)
        }
      }),
    )
  })
})
