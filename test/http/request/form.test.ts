import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bodyText, mediaType, readForm, readFormOrJson, readJson, readQuery } from '../../../src/http/request/form.ts'
import { OAuthError } from '../../../src/protocol/errors.ts'
import { threadTime } from '../../support/thread-time.ts'
import { formRequest, requestOf } from '../builders.ts'

const refused = (act: () => unknown, rule: string) => {
  let caught: unknown
  try {
    act()
  } catch (error) {
    caught = error
  }
  expect(caught).toBeInstanceOf(OAuthError)
  if (caught instanceof OAuthError) expect([caught.error, caught.outcome.rule]).toEqual(['invalid_request', rule])
}

describe('a form', () => {
  it('is decoded once', () => {
    const form = readForm(formRequest('name=%E5%BC%A0%E4%B8%89+x&empty=&plus=%2B&raw=张'))
    expect(form.get('name')).toBe('张三 x')
    expect(form.get('plus')).toBe('+')
    expect(form.get('raw')).toBe('张')
    expect(form.get('empty')).toBeUndefined()
  })

  it('H09 keeps strange names as plain text', () => {
    const form = readForm(formRequest('client_id[$ne]=x&__proto__[x]=1&__proto__=y&constructor=z'))
    expect(form.get('client_id')).toBeUndefined()
    expect(form.get('client_id[$ne]')).toBe('x')
    expect(form.get('__proto__')).toBe('y')
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
  })

  it.each([
    [Uint8Array.from([0x61, 0x3d, 0xff]), 'body_not_utf8'],
    [Uint8Array.from([0x61, 0x3d, 0xc0, 0xaf]), 'body_not_utf8'],
    [Uint8Array.from([0xff, 0xfe, 0x61, 0x00]), 'body_not_utf8'],
    ['a=%ff', 'parameters_malformed'],
    ['a=%zz', 'parameters_malformed'],
    ['a=%', 'parameters_malformed'],
    ['a&'.repeat(500), 'parameters_malformed'],
  ])('that cannot be read is refused: %#', (body, rule) => {
    refused(() => readForm(formRequest(body)), rule)
  })

  it.each([
    'application/x-www-form-urlencoded',
    'Application/X-WWW-Form-Urlencoded; charset=UTF-8',
    'application/x-www-form-urlencoded;charset="utf-8"',
    'application/x-www-form-urlencoded; charset=us-ascii',
    'application/x-www-form-urlencoded; boundary',
  ])('H16 of type %s is read as UTF-8', (type) => {
    expect(readForm(formRequest('a=b', type)).get('a')).toBe('b')
  })

  it.each([
    ['application/x-www-form-urlencoded; charset=utf-16', 'charset_unsupported'],
    ['application/x-www-form-urlencoded; charset="UTF-7"', 'charset_unsupported'],
    ['application/x-www-form-urlencoded; charset=gb18030', 'charset_unsupported'],
    ['text/plain', 'content_type_unsupported'],
    ['multipart/form-data; boundary=x', 'content_type_unsupported'],
    ['application/json', 'content_type_unsupported'],
    ['application/x-www-form-urlencoded, application/json', 'content_type_unsupported'],
  ])('H16 of type %s is refused', (type, rule) => {
    refused(() => readForm(formRequest('a=b', type)), rule)
  })

  it('H16 without a type is refused, unless nothing was sent', () => {
    refused(() => readForm(requestOf({ method: 'POST', body: 'a=b' })), 'content_type_unsupported')
    expect(readForm(requestOf({ method: 'POST' })).names).toEqual([])
  })

  it('agrees with the platform on every form the platform writes', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 })
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, fc.string({ unit: 'grapheme', minLength: 1 })), { selector: ([key]) => key }),
        (pairs) => {
          const form = readForm(formRequest(new URLSearchParams(pairs).toString()))
          for (const [key, value] of pairs) expect(form.get(key)).toBe(value)
        },
      ),
    )
  })
})

describe('a query', () => {
  it('is read the same way', () => {
    expect(readQuery(requestOf({ query: 'scope=openid+phone' })).get('scope')).toBe('openid phone')
    refused(() => readQuery(requestOf({ query: 'a=%f' })), 'parameters_malformed')
  })
})

describe('a JSON body', () => {
  const jsonRequest = (body: string) => formRequest(body, 'application/json; charset=utf-8')

  it('is flat parameters', () => {
    const body = readJson(jsonRequest('{"a":"x:{\\"y\\":1}","n":1.5,"b":true,"__proto__":"p","e":""}'))
    expect(body.get('a')).toBe('x:{"y":1}')
    expect([body.get('n'), body.get('b'), body.get('__proto__'), body.get('e')]).toEqual([
      '1.5',
      'true',
      'p',
      undefined,
    ])
    expect(readFormOrJson(jsonRequest('{}')).names).toEqual([])
    expect(readFormOrJson(formRequest('a=b')).get('a')).toBe('b')
  })

  it.each([
    ['{"a":1,"a":2}', 'json_not_flat'],
    ['{"a":1,"\\u0061":2}', 'json_not_flat'],
    ['{"a":{"b":1}}', 'json_not_flat'],
    ['{"a":{"b":1},"a":1}', 'json_not_flat'],
    ['{"a":[1]}', 'json_not_flat'],
    ['{"a":null}', 'json_not_flat'],
    ['[1]', 'json_malformed'],
    ['"a"', 'json_malformed'],
    ['null', 'json_malformed'],
    ['{"a":', 'json_malformed'],
    ['', 'json_malformed'],
    ['['.repeat(60_000), 'json_malformed'],
  ])('RFC 8259 §2, §4 is refused otherwise: %#', (body, rule) => {
    refused(() => readJson(jsonRequest(body)), rule)
  })
})

describe('classification', () => {
  it('gives the type without its parameters', () => {
    expect(mediaType({})).toBe('')
    expect(mediaType({ 'content-type': ' Text/CSV ; header=present' })).toBe('text/csv')
  })

  it('reads bytes that are a part of a larger buffer', () => {
    const whole = Buffer.from('xx令牌yy')
    expect(bodyText(requestOf({ body: new Uint8Array(whole.buffer, whole.byteOffset + 2, 6) }))).toBe('令牌')
  })

  it('H12 reads a header of 64 KiB in no time', () => {
    const started = threadTime()
    mediaType({ 'content-type': `a;${' '.repeat(32_000)}charset${' '.repeat(32_000)}` })
    mediaType({ 'content-type': '; charset'.repeat(8000) })
    expect(threadTime() - started).toBeLessThan(100)
  })
})

describe('what no column of a database can hold', () => {
  it.each(['a=%00', 'a%00=b', 'a=b\0'])('U+0000 in a form is refused: %j', (text) => {
    refused(() => readForm(formRequest(text)), 'parameters_malformed')
    refused(() => readQuery(requestOf({ query: text })), 'parameters_malformed')
    expect(readForm(formRequest('a=%2500')).get('a')).toBe('%00')
  })

  it('and in JSON', () => {
    refused(() => readJson(formRequest('{"a":"\\u0000"}', 'application/json')), 'parameters_malformed')
    expect(readJson(formRequest('{"a":"\\u0001"}', 'application/json')).get('a')).toBe('\u0001')
  })
})
