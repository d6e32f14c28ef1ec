// What a client receives about a user, in user info and in the ID token.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { claimsOfScope, STANDARD_CLAIM_NAMES } from '../../src/claims/standard-claims.ts'
import { idTokenClaims, userClaims } from '../../src/claims/user-claims.ts'
import { CLAIM_SOURCES } from '../../src/model/client/claim-rule.ts'
import { clientWith, userOf } from './builders.ts'

const custom = (fields: Record<string, string>) => userOf({ profile: { custom: fields } })
const mapped = (claims: object, more: object = {}) => clientWith({ claims, claimsFrom: 'map', ...more })

describe('OpenID Connect Core §5.1, §5.4 scopes', () => {
  test.each([
    [
      'profile',
      [
        'name',
        'given_name',
        'family_name',
        'middle_name',
        'nickname',
        'preferred_username',
        'profile',
        'picture',
        'website',
        'gender',
        'birthdate',
        'zoneinfo',
        'locale',
        'updated_at',
      ],
    ],
    ['email', ['email', 'email_verified']],
    ['address', ['address']],
    ['phone', ['phone_number', 'phone_number_verified']],
    ['openid', []],
    ['toString', []],
  ])('%s stands for its claims', (scope, names) => {
    expect(claimsOfScope(scope).map(({ name }) => name)).toEqual(names)
    expect(STANDARD_CLAIM_NAMES).toEqual(expect.arrayContaining(names))
  })

  test('O07 nothing beyond the granted scopes is given', () => {
    expect(userClaims(userOf(), clientWith(), ['openid', 'email'])).toEqual({
      sub: userOf().userId,
      email: 'alice@example.test',
      email_verified: true,
    })
  })

  test('O07 what nobody has proven is never said to be verified', () => {
    const user = userOf({ phoneVerified: false, emailVerified: false })
    expect(userClaims(user, clientWith(), ['email', 'phone'])).toMatchObject({
      email_verified: false,
      phone_number_verified: false,
    })
  })

  test('OpenID Connect Core §5.1.1 an empty address is none', () => {
    expect(userClaims(userOf({ profile: { address: {} } }), clientWith(), ['address'])).not.toHaveProperty('address')
  })
})

describe('the claim map', () => {
  test('alone decides where it is told to, whatever the scope', () => {
    const client = mapped({ user_id: 'id', mobile: 'phone' })
    const expected = { sub: userOf().userId, user_id: userOf().userId, mobile: '+8613800138000' }
    expect(userClaims(userOf(), client, ['openid', 'profile', 'email'])).toEqual(expected)
    expect(userClaims(userOf(), client, [])).toEqual(expected)
  })

  test('nests along dots, and keeps what stands beside', () => {
    const claims = { 'user.name': 'displayName', 'user.contact.phone': 'phone', 'user.contact.email': 'email' }
    expect(userClaims(userOf(), mapped(claims), [])).toEqual({
      sub: userOf().userId,
      user: { name: '张三', contact: { phone: '+8613800138000', email: 'alice@example.test' } },
    })
  })

  test('nests into the address without touching the record of the person', () => {
    const user = userOf({ profile: { address: { country: '中国' } } })
    const client = clientWith({ claims: { 'address.label': { constant: 'home' } } })
    const before = JSON.stringify(user)
    expect(userClaims(user, client, ['address'])['address']).toEqual({ country: '中国', label: 'home' })
    expect(userClaims(user, clientWith(), ['address'])['address']).toEqual({ country: '中国' })
    expect(JSON.stringify(user)).toBe(before)
  })

  test('takes the first source that has a value', () => {
    const client = mapped({ name: ['displayName', 'nickname', 'username'] })
    expect(userClaims(userOf({ profile: { displayName: '', nickname: 'Al' } }), client, [])['name']).toBe('Al')
    expect(userClaims(userOf({ profile: {} }), client, [])['name']).toBe('alice')
  })

  test.each([
    ['number', '42', 42],
    ['number', ' 42 ', 42],
    ['number', '-1.50', -1.5],
    ['number', '9007199254740993', undefined],
    ['number', '0x10', undefined],
    ['number', '1e3', undefined],
    ['number', 'forty', undefined],
    ['boolean', 'TRUE', true],
    ['boolean', '1', true],
    ['boolean', '是', true],
    ['boolean', 'no', false],
    ['boolean', '0', false],
    ['boolean', 'maybe', undefined],
    ['string', '007', '007'],
  ])('writes as %s the text %j', (type, text, written) => {
    const client = mapped({ level: { from: 'custom.level', type } })
    expect(userClaims(custom({ level: text }), client, [])['level']).toBe(written)
  })

  test('writes other types as text when told to', () => {
    const claims = { verified: { from: 'phoneVerified', type: 'string' }, at: { from: 'updatedAt', type: 'string' } }
    expect(userClaims(userOf(), mapped(claims), [])).toMatchObject({ verified: 'true', at: '1780000000' })
  })

  test.each([
    ['omit', undefined],
    ['null', null],
    ['', ''],
  ])('writes what is missing as the setting empty=%j says', (empty, written) => {
    const client = mapped({ 'user.mobile': 'phone', ok: { constant: true } }, { empty })
    const user = userOf({ phone: null, phoneVerified: false })
    const claims = userClaims(user, client, [])
    expect(claims['ok']).toBe(true)
    expect(claims['user']).toEqual(written === undefined ? undefined : { mobile: written })
  })

  test('gives inherited names of JavaScript no meaning', () => {
    const user = custom(JSON.parse('{"toString":"a"}') as Record<string, string>)
    const client = mapped({ a: 'custom.toString', b: 'custom.valueOf', c: 'custom.__proto__', 'd.toString': 'id' })
    expect(JSON.stringify(userClaims(user, client, []))).toBe(
      JSON.stringify({ sub: user.userId, a: 'a', d: { toString: user.userId } }),
    )
  })

  test('has a reader for every source', () => {
    const client = mapped(Object.fromEntries(CLAIM_SOURCES.map((source) => [`x_${source}`, source])))
    const texts = Object.fromEntries(
      'displayName givenName familyName middleName nickname profile picture website gender birthdate zoneinfo locale'
        .split(' ')
        .map((field) => [field, `the ${field}`]),
    )
    const claims = userClaims(userOf({ profile: { ...texts, address: { country: '中国' } } }), client, [])
    expect(CLAIM_SOURCES.filter((source) => claims[`x_${source}`] === undefined)).toEqual([])
    for (const [field, text] of Object.entries(texts)) expect(claims[`x_${field}`]).toBe(text)
  })
})

describe('phone numbers', () => {
  test.each([
    ['e164', '+8613800138000', '+8613800138000'],
    ['cn-national', '+8613800138000', '13800138000'],
    ['cn-dashed', '+8613800138000', '+86-13800138000'],
    ['cn-national', '+862112345678', '+862112345678'],
    ['cn-national', '+8612800138000', '+8612800138000'],
    ['cn-national', '+33612345678', '+33612345678'],
    ['cn-dashed', '+85291234567', '+85291234567'],
  ])('%s writes %s as %s', (format, phone, written) => {
    expect(userClaims(userOf({ phone }), clientWith({ phone: { format } }), ['phone'])).toMatchObject({
      phone_number: written,
      phone_number_verified: true,
    })
  })

  test.each([
    ['nobody knows', {}, { phone: null, phoneVerified: false }],
    ['is not proven and so held back', { unverified: 'omit' }, { phoneVerified: false }],
    ['is from elsewhere and so held back', { nonMainland: 'omit' }, { phone: '+33612345678' }],
  ])('a number that %s leaves out both members', (_, phone, fields) => {
    const client = clientWith({ phone, claims: { mobile: 'phone' } })
    expect(userClaims(userOf(fields), client, ['phone'])).toEqual({ sub: userOf().userId })
    expect(Object.keys(userClaims(userOf(), client, ['phone']))).toHaveLength(4)
  })
})

describe('the ID token', () => {
  test('OpenID Connect Core §5.4 holds none of them by default: user info has them', () => {
    expect(idTokenClaims(userOf(), clientWith(), ['openid', 'profile', 'email'])).toEqual({})
  })

  test('holds the same claims as user info when the client is set so', () => {
    const client = clientWith({ 'idToken.claims': 'all', claims: { sub: 'id', user_id: 'id' } })
    const scope = ['openid', 'profile', 'email']
    const { sub, ...rest } = userClaims(userOf(), client, scope)
    expect(sub).toBe(userOf().userId)
    expect(idTokenClaims(userOf(), client, scope)).toEqual(rest)
    expect(rest).toMatchObject({ name: '张三', user_id: userOf().userId })
  })
})

describe('whatever a profile holds', () => {
  const words = fc.dictionary(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,9}$/), fc.string())

  test('O19 sub is the user id, and no member of the protocol appears', () => {
    const client = clientWith({
      claims: { user_id: 'id', 'a.b': 'custom.iss', c: 'custom.sub', e: { from: 'custom.exp', type: 'number' } },
    })
    fc.assert(
      fc.property(words, fc.string(), (fields, text) => {
        const profile = { displayName: text, custom: { ...fields, iss: text, sub: text, exp: text } }
        const claims = userClaims(userOf({ profile }), client, ['openid', 'profile', 'email', 'phone', 'address'])
        expect(claims['sub']).toBe(userOf().userId)
        for (const name of ['iss', 'aud', 'exp', 'iat', 'nonce', 'act', 'cnf']) expect(claims).not.toHaveProperty(name)
        // A plain object of own members, so that what is sent is what is there.
        expect(JSON.parse(JSON.stringify(claims))).toEqual(claims)
      }),
    )
  })

  test('one reply leaves no trace in the next', () => {
    const client = clientWith({ claims: { 'user.name': ['displayName'], 'user.dept': 'custom.dept' } })
    const first = userClaims(userOf({ profile: { displayName: 'A', custom: { dept: 'x' } } }), client, [])
    expect(userClaims(userOf({ profile: { displayName: 'B' } }), client, [])['user']).toEqual({ name: 'B' })
    expect(first['user']).toEqual({ name: 'A', dept: 'x' })
  })
})
