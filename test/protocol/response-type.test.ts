// Response types and modes as tables: which there are, what each gives, how each may travel.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canReach, formFields, isResponseMode, withFragment, withQuery } from '../../src/protocol/response-mode.ts'
import {
  defaultModeOf,
  gives,
  grantTypesOf,
  mayTravelBy,
  parseResponseType,
  RESPONSE_TYPES,
} from '../../src/protocol/response-type.ts'

describe('response types', () => {
  test.each(RESPONSE_TYPES)('%s is known in every order of its words', (type) => {
    const words = type.split(' ')
    const [one = '', two = '', three = ''] = words
    const orders =
      words.length < 3 ? [words, words.toReversed()] : [words, [two, three, one], [three, one, two], [three, two, one]]
    for (const order of orders) expect(parseResponseType(order.join(' '))).toBe(type)
    for (const word of ['code', 'id_token', 'token'] as const) expect(gives(type, word)).toBe(words.includes(word))
  })

  test('nothing else is known, however it is written', () => {
    for (const odd of ['', ' ', 'token', 'none', 'code code', 'code  id_token', ' code', 'code\tid_token', 'Code']) {
      expect(parseResponseType(odd), odd).toBeNull()
    }
    fc.assert(
      fc.property(fc.array(fc.constantFrom('code', 'id_token', 'token', 'none', ''), { maxLength: 5 }), (words) => {
        const type = parseResponseType(words.join(' '))
        const isKnown = RESPONSE_TYPES.some((each) => each === [...words].sort().join(' '))
        expect(type !== null).toBe(isKnown)
      }),
    )
  })

  test.each([
    ['code', 'query', 'authorization_code'],
    ['id_token', 'fragment', 'implicit'],
    ['id_token token', 'fragment', 'implicit'],
    ['code id_token', 'fragment', 'authorization_code implicit'],
    ['code token', 'fragment', 'authorization_code implicit'],
    ['code id_token token', 'fragment', 'authorization_code implicit'],
  ] as const)('%s travels by %s and belongs to %s', (type, mode, grants) => {
    expect(defaultModeOf(type)).toBe(mode)
    expect(grantTypesOf(type).join(' ')).toBe(grants)
    expect(mayTravelBy(type, 'query')).toBe(type === 'code')
    for (const safe of ['fragment', 'form_post'] as const) expect(mayTravelBy(type, safe)).toBe(true)
  })
})

describe('response modes', () => {
  const answer = { code: 'a b+c', state: '&=#%"<令', iss: undefined }

  test('are three, and a form reaches web addresses only', () => {
    expect(['query', 'fragment', 'form_post', 'jwt', 'QUERY', ''].filter(isResponseMode)).toHaveLength(3)
    expect(canReach('https://a.test/', 'form_post')).toBe(true)
    expect(canReach('com.example.app:/cb', 'form_post')).toBe(false)
    expect(canReach('com.example.app:/cb', 'fragment')).toBe(true)
  })

  test('leave out what is undefined, and lose nothing of the rest', () => {
    expect(formFields(answer)).toEqual([
      ['code', 'a b+c'],
      ['state', '&=#%"<令'],
    ])
    const inFragment = new URL(withFragment('https://a.test/cb?x=1', answer))
    expect(inFragment.search).toBe('?x=1')
    expect(Object.fromEntries(new URLSearchParams(inFragment.hash.slice(1)))).toEqual({
      code: 'a b+c',
      state: '&=#%"<令',
    })
    const inQuery = new URL(withQuery('https://a.test/cb?x=1', answer))
    expect(inQuery.hash).toBe('')
    expect(Object.fromEntries(inQuery.searchParams)).toEqual({ x: '1', code: 'a b+c', state: '&=#%"<令' })
  })

  test('any value comes back from both as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (state) => {
        const read = (text: string) => new URLSearchParams(text).get('state')
        const well = state.toWellFormed()
        expect(read(withFragment('https://a.test/', { state: well }).split('#')[1] ?? '')).toBe(well)
        expect(read(withQuery('https://a.test/', { state: well }).split('?')[1] ?? '')).toBe(well)
      }),
    )
  })
})
