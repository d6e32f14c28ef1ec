// What the consent page says a client will receive: never less than what it is sent.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { presetNamed } from '../../src/administration/presets/index.ts'
import { consentKinds, dataKinds, kindValues } from '../../src/claims/kinds.ts'
import { kindOfSource } from '../../src/claims/standard-claims.ts'
import { claimRules } from '../../src/claims/user-claims.ts'
import { CLAIM_SOURCES } from '../../src/model/client/claim-rule.ts'
import { parseClient } from '../../src/model/client/settings.ts'
import { DATA_KINDS } from '../../src/model/data-kind.ts'
import { clientWith, userOf } from './builders.ts'

const zhizuoyun = parseClient(
  { client_name: '制作云', ...presetNamed('zhizuoyun').settings },
  { client_id: 'z', preset: 'zhizuoyun' },
)

describe('kinds of personal data', () => {
  test('the contract of 制作云 needs the name and the phone number, whatever the scope', () => {
    expect(dataKinds(zhizuoyun, ['openid', 'profile', 'email'])).toEqual(['identifier', 'name', 'phone'])
  })

  test('scopes stand for their kinds, each once, and offline_access for itself', () => {
    expect(dataKinds(clientWith(), ['openid'])).toEqual(['identifier'])
    expect(dataKinds(clientWith(), ['openid', 'email', 'phone', 'offline_access'])).toEqual([
      'identifier',
      'email',
      'phone',
      'offline',
    ])
    expect(dataKinds(clientWith(), ['profile'])).toEqual([
      'identifier',
      'name',
      'username',
      'other_profile',
      'picture',
      'gender',
      'birthdate',
      'locale',
    ])
  })

  test('a map that sends a field under another name says so', () => {
    const client = clientWith({ claims: { login: ['email', 'username'], dept: 'custom.dept', v: { constant: 1 } } })
    expect(dataKinds(client, ['openid'])).toEqual(['identifier', 'email', 'username', 'custom'])
  })

  test('every source but those of the operator has a kind of its own', () => {
    for (const source of CLAIM_SOURCES) expect(kindOfSource(source)).not.toBe('custom')
    expect(kindOfSource('custom.department')).toBe('custom')
  })

  test('no claim is given whose kind is not named', () => {
    const source = fc.oneof(fc.constantFrom(...CLAIM_SOURCES), fc.constant('custom.dept'))
    const claims = fc.dictionary(fc.stringMatching(/^x_[a-z]{1,8}$/), fc.array(source, { minLength: 1, maxLength: 4 }))
    const scopes = fc.subarray(['openid', 'profile', 'email', 'phone', 'address'])
    fc.assert(
      fc.property(claims, scopes, fc.constantFrom('map', 'scope-and-map'), (map, scope, claimsFrom) => {
        const client = clientWith({ claims: map, claimsFrom })
        const kinds = dataKinds(client, scope)
        for (const { rule } of claimRules(client, scope)) {
          for (const [at, each] of rule.from.entries()) {
            const asName = at > 0 && each === 'username' && kindOfSource(rule.from[0] ?? '') === 'name'
            expect(kinds).toContain(asName ? 'name' : kindOfSource(each))
          }
        }
        expect(DATA_KINDS).toEqual(expect.arrayContaining([...kinds]))
        expect(kindValues(userOf(), client, scope).map(({ kind }) => kind)).toEqual(expect.arrayContaining([...kinds]))
      }),
    )
  })
})

describe('what a remembered yes covers', () => {
  test('names each field of the operator, so that a new one asks again', () => {
    const before = clientWith({ claims: { dept: 'custom.dept', again: 'custom.dept' } })
    const after = clientWith({ claims: { dept: 'custom.dept', pay: 'custom.salary' } })
    expect(consentKinds(before, ['openid', 'email'])).toEqual(['identifier', 'email', 'custom.dept'])
    expect(consentKinds(after, ['openid', 'email'])).toEqual(['identifier', 'email', 'custom.dept', 'custom.salary'])
  })

  test('is the kinds themselves where there are none', () => {
    expect(consentKinds(zhizuoyun, ['openid'])).toEqual(dataKinds(zhizuoyun, ['openid']))
  })
})

describe('values on the consent page', () => {
  test('are the very values that would be sent', () => {
    expect(kindValues(userOf({ phoneVerified: false }), zhizuoyun, ['openid'])).toEqual([
      { kind: 'identifier', value: userOf().userId },
      { kind: 'name', value: '张三' },
      { kind: 'phone', value: '13800138000', verified: false },
    ])
  })

  test('a username that stands in for a missing name is shown as that name', () => {
    const values = kindValues(userOf({ profile: {} }), zhizuoyun, ['openid'])
    expect(values).toContainEqual({ kind: 'name', value: 'alice' })
  })

  test('what this person does not have is null', () => {
    const user = userOf({ phone: null, phoneVerified: false, email: null, emailVerified: false })
    expect(kindValues(user, clientWith(), ['email', 'phone', 'offline_access'])).toEqual([
      { kind: 'identifier', value: user.userId },
      { kind: 'email', value: null, verified: false },
      { kind: 'phone', value: null, verified: false },
      { kind: 'offline', value: null },
    ])
  })

  test('fields of the operator stand one by one, an address on one line', () => {
    const client = clientWith({ claims: { dept: 'custom.dept', cost: 'custom.cost', home: 'address' } })
    const profile = { custom: { dept: '制作部' }, address: { locality: '深圳市', country: '中国' } }
    expect(kindValues(userOf({ profile }), client, [])).toEqual([
      { kind: 'identifier', value: userOf().userId },
      { kind: 'custom', label: 'dept', value: '制作部' },
      { kind: 'custom', label: 'cost', value: null },
      { kind: 'address', value: '深圳市 中国' },
    ])
  })
})
