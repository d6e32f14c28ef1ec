// Claim maps as operators write them.

import { describe, expect, test } from 'vitest'
import { CLAIM_SOURCES, parseClaims } from '../../../src/model/client/claim-rule.ts'

const PROTOCOL =
  'iss aud exp iat nbf jti nonce at_hash c_hash s_hash acr amr azp auth_time sid cnf act may_act events'.split(' ')

const problemOf = (map: unknown) => {
  const parsed = parseClaims(map)
  return 'problem' in parsed ? parsed.problem : null
}

describe('short and long forms', () => {
  test.each([
    ['id', { from: ['id'], type: 'string' }],
    [['displayName', 'username'], { from: ['displayName', 'username'], type: 'string' }],
    ['phoneVerified', { from: ['phoneVerified'], type: 'boolean' }],
    ['updatedAt', { from: ['updatedAt'], type: 'number' }],
    ['address', { from: ['address'], type: 'json' }],
    ['custom.department', { from: ['custom.department'], type: 'string' }],
    [
      { from: 'custom.level', type: 'number' },
      { from: ['custom.level'], type: 'number' },
    ],
    [
      { from: ['phoneVerified'], type: 'string' },
      { from: ['phoneVerified'], type: 'string' },
    ],
    [{ constant: 0 }, { from: [], type: 'number', constant: 0 }],
    [{ constant: false }, { from: [], type: 'boolean', constant: false }],
    [
      { from: [], type: 'string', constant: 'x' },
      { from: [], type: 'string', constant: 'x' },
    ],
  ])('%j', (written, rule) => {
    expect(parseClaims({ claim: written })).toEqual({ claims: { claim: rule } })
  })

  test('what was parsed parses to itself', () => {
    const parsed = parseClaims({ sub: 'id', 'user.name': ['displayName', 'username'], level: { constant: 3 } })
    expect('claims' in parsed && parseClaims(parsed.claims)).toEqual(parsed)
  })
})

describe('refusals', () => {
  test.each(PROTOCOL)('O19 %s can never come from a map, nor anything inside it', (name) => {
    expect(problemOf({ [name]: 'username' })).toContain('set by the protocol')
    expect(problemOf({ [name]: { constant: 'x' } })).toContain('set by the protocol')
    expect(problemOf({ [`${name}.inner`]: 'username' })).toContain('set by the protocol')
    expect(problemOf({ [`user.${name}`]: 'username', [`my_${name}`]: 'username' })).toBeNull()
  })

  test('OpenID Connect Core §5.7 O19 sub is the user id, as text, and nothing else', () => {
    expect(problemOf({ sub: 'id' })).toBeNull()
    for (const rule of ['username', ['id', 'username'], { constant: 'x' }, { from: 'id', type: 'number' }]) {
      expect(problemOf({ sub: rule })).toContain('must come from id')
    }
    expect(problemOf({ 'sub.inner': 'id' })).toContain('sub is always the user id')
  })

  test.each([
    [{ name: 'displayname' }, 'did you mean displayName?'],
    [{ name: 'mobile' }, 'unknown user field "mobile"'],
    [{ name: 'custom.' }, 'unknown user field'],
    [{ name: 'custom.a b' }, 'unknown user field'],
    [{ name: 'custom' }, 'unknown user field'],
    [{ name: [] }, 'must name a user field'],
    [{ name: Array.from({ length: 11 }, () => 'id') }, 'must name a user field'],
    [{ name: 7 }, 'must name a user field'],
    [{ name: null }, 'must name a user field'],
    [{ name: {} }, 'needs from'],
    [{ name: { from: 'id', typ: 'string' } }, 'unknown member "typ"'],
    [{ name: { from: 'id', type: 'date' } }, 'unknown type'],
    [{ name: { from: 'id', constant: 'x' } }, 'both from and constant'],
    [{ name: { constant: {} } }, 'neither text'],
    [{ name: { constant: Number.NaN } }, 'neither text'],
    [{ '': 'id' }, 'is not a claim name'],
    [{ 'a..b': 'id' }, 'is not a claim name'],
    [{ 'a b': 'id' }, 'is not a claim name'],
    [{ constructor: 'id' }, 'is not a claim name'],
    [{ 'user.prototype': 'id' }, 'is not a claim name'],
    [JSON.parse('{"__proto__":"id"}'), 'is not a claim name'],
    [JSON.parse('{"user.__proto__.admin":"id"}'), 'is not a claim name'],
    [{ user: 'id', 'user.name': 'username' }, 'cannot be a value and hold user.name'],
    [Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`c${at}`, 'id'])), 'more than 100'],
    [[], 'must be a map'],
    ['id', 'must be a map'],
  ])('%j', (map, problem) => {
    expect(problemOf(map)).toContain(problem)
  })

  test('every source that is listed is accepted', () => {
    expect(problemOf(Object.fromEntries(CLAIM_SOURCES.map((source) => [`x_${source}`, source])))).toBeNull()
  })
})
