// The claims parameter as a parser of what strangers send: what it reads, and that nothing makes it crash or wait.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acrOf, assertMeetable, PASSWORD_CLASS } from '../../src/protocol/acr.ts'
import { isWanted, parseClaimsRequest } from '../../src/protocol/claims-request.ts'
import { OAuthError } from '../../src/protocol/errors.ts'
import { threadTime } from '../support/thread-time.ts'

function refusal(text: string): string {
  try {
    parseClaimsRequest(text)
  } catch (error) {
    if (error instanceof OAuthError) return error.error
    throw error
  }
  return 'taken'
}

describe('§5.5 claims', () => {
  test('the example of the specification', () => {
    const example = `{"userinfo":{"given_name":{"essential":true},"nickname":null,"picture":null,
      "http://example.info/claims/groups":null},
      "id_token":{"auth_time":{"essential":true},"acr":{"values":["urn:mace:incommon:iap:silver"]}}}`
    expect(parseClaimsRequest(example)).toEqual({
      userinfo: [
        { name: 'given_name', essential: true },
        { name: 'nickname' },
        { name: 'picture' },
        { name: 'http://example.info/claims/groups' },
      ],
      id_token: [
        { name: 'auth_time', essential: true },
        { name: 'acr', values: ['urn:mace:incommon:iap:silver'] },
      ],
    })
  })

  test('unknown members are ignored, doors may be missing or null', () => {
    const nothing = { userinfo: [], id_token: [] }
    for (const text of ['{}', '{"userinfo":null}', '{"id_token":{}}', '{"verified_claims":[1],"x":{}}']) {
      expect(parseClaimsRequest(text)).toEqual(nothing)
    }
    const { userinfo } = parseClaimsRequest('{"userinfo":{"a":{"essential":false,"purpose":"x"}}}')
    expect(userinfo).toEqual([{ name: 'a' }])
  })

  test('a value that is an object is never met, a scalar only by itself', () => {
    const [asked] = parseClaimsRequest('{"userinfo":{"address":{"value":{"country":"CN"}}}}').userinfo
    expect(asked).toEqual({ name: 'address', values: [] })
    expect(isWanted({ name: 'a', values: [] }, 'x')).toBe(false)
    expect(isWanted({ name: 'a', values: ['1', true] }, 1)).toBe(false)
    expect(isWanted({ name: 'a', values: ['1', true] }, true)).toBe(true)
    expect(isWanted({ name: 'a' }, 'x')).toBe(true)
  })

  test('names that JavaScript knows are names like any other', () => {
    const { userinfo } = parseClaimsRequest('{"userinfo":{"__proto__":{"essential":true},"constructor":null}}')
    expect(userinfo).toEqual([{ name: '__proto__', essential: true }, { name: 'constructor' }])
    expect(parseClaimsRequest('{"__proto__":{"userinfo":{"email":null}}}').userinfo).toEqual([])
  })

  test.each([
    ['10,000 levels of objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['2,700 levels of objects', `${'{"a":'.repeat(2_700)}1${'}'.repeat(2_700)}`],
    ['16,000 open lists', '['.repeat(16_000)],
    ['1 MiB', JSON.stringify({ userinfo: { a: { value: 'x'.repeat(1_048_576) } } })],
    ['16 KiB and a byte of UTF-8', JSON.stringify({ x: '令'.repeat(5_460) })],
  ])('R33 %s: refused at once', (_, text) => {
    const started = threadTime()
    expect(refusal(text)).toBe('invalid_request')
    expect(threadTime() - started).toBeLessThan(200)
  })

  test('braces inside of texts are no levels', () => {
    const text = JSON.stringify({ userinfo: { a: { value: '{[{[{[{[{[\\"{[{[' } } })
    expect(refusal(text)).toBe('taken')
  })

  test('whatever is sent is read or refused, never a crash', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.json(),
      fc.record({ userinfo: fc.jsonValue(), id_token: fc.jsonValue() }).map((value) => JSON.stringify(value)),
    )
    fc.assert(
      fc.property(anything, (text) => {
        expect(['taken', 'invalid_request']).toContain(refusal(text))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('acr', () => {
  test('a password is one class, and only an essential wish must be met', () => {
    expect(acrOf(['pwd'])).toBe(PASSWORD_CLASS)
    expect(acrOf(['fed'])).toBeNull()
    const acr = { name: 'acr' }
    const unmet = { ...acr, values: ['gold'] }
    for (const met of [
      undefined,
      acr,
      unmet,
      { ...unmet, values: ['gold', PASSWORD_CLASS], essential: true as const },
    ]) {
      expect(() => assertMeetable(met)).not.toThrow()
    }
    expect(() => assertMeetable({ ...unmet, essential: true })).toThrow('unmet_authentication_requirements')
  })
})
