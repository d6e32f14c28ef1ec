// Names that people take for one have one key, and names that nobody could type again are refused.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkUserId, checkUsername, usernameKey } from '../../../src/model/names/username.ts'

describe('usernameKey', () => {
  test.each([
    ['Alice', 'alice'],
    ['  alice ', 'alice'],
    ['ＡＬＩＣＥ', 'alice'],
    ['　alice　', 'alice'],
    ['STRASSE', 'straße'],
    ['ΟΔΟΣ', 'οδος'],
    ['e\u0301va', '\u00c9VA'],
    ['ﬁlip', 'FILIP'],
    ['张三', '张三 '],
  ])('%j and %j have the same key', (one, other) => {
    expect(usernameKey(one)).toBe(usernameKey(other))
  })

  test.each([
    ['alice', 'alicf'],
    ['张三', '张四'],
    ['a b', 'ab'],
  ])('%j and %j have different keys', (one, other) => {
    expect(usernameKey(one)).not.toBe(usernameKey(other))
  })

  test('the key of a key is itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(usernameKey(usernameKey(name))).toBe(usernameKey(name))
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('checkUsername', () => {
  test.each([
    'alice',
    '张三',
    'O’Brien',
    "Robert');DROP_TABLE_user;--",
    ' alice ',
    '${jndi:ldap://x}',
    '😀',
    'a'.repeat(128),
  ])('takes %j', (name) => {
    expect(checkUsername(name)).toBeNull()
  })

  test.each([
    ['', 'is empty'],
    [' \u3000', 'is empty'],
    ['a'.repeat(129), 'at most 128'],
    ['ﷺ'.repeat(128), 'at most 128'],
    ['zhang san', 'a blank inside'],
    ['张\u3000三', 'a blank inside'],
    ['张\u00a0三', 'a blank inside'],
    ['a\r\nb', 'a control character (U+000D)'],
    ['a\u001b[31m', 'U+001B'],
    ['a\u200bb', 'an invisible character (U+200B)'],
    ['a\u202eb', 'an invisible character'],
    ['a\u3164b', 'an invisible character'],
    ['a\ue000', 'a private-use character'],
    ['a\u0378', 'does not exist in Unicode'],
    ['a\ud800', 'half a character'],
    ['a\u2028b', 'a control character'],
  ])('refuses %j', (name, reason) => {
    expect(checkUsername(name)).toContain(reason)
  })
})

describe('checkUserId', () => {
  test.each(['u1', 'user_id_5285890811433511063', 'a@b', 'A'.repeat(64)])('takes %j', (id) => {
    expect(checkUserId(id)).toBeNull()
  })
  test.each(['', 'a b', '张三', 'a\n', 'A'.repeat(65), 'Anonymous', 'me'])('refuses %j', (id) => {
    expect(checkUserId(id)).not.toBeNull()
  })
})
