// Resource identifiers and addresses of documents, as strangers may write them.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { metadataInDocument } from '../../src/model/client/document.ts'
import { documentIdProblem } from '../../src/protocol/client-document.ts'
import { OAuthError } from '../../src/protocol/errors.ts'
import { parseForm } from '../../src/protocol/parameters.ts'
import { resourceKey, resourceProblem, resourcesAsked } from '../../src/protocol/resource.ts'

describe('a resource identifier', () => {
  test.each([
    'https://api.example.com',
    'https://api.example.com/a/b?c=d',
    'http://127.0.0.1:9000/mcp',
    'urn:example:jobs',
    'com.example.app:/api',
  ])('%s is one', (text) => expect(resourceProblem(text)).toBeNull())

  test.each([
    '',
    'api',
    '/api',
    '//api.example.com',
    'https:',
    'https://a b',
    'https://a#b',
    'https://a#',
    'https://[::1',
    '中文:x',
    'x:<y>',
    `https://a/${'b'.repeat(600)}`,
  ])('%.30s is none', (text) => expect(resourceProblem(text)).not.toBeNull())

  test.each([
    ['https://API.example.com', 'https://api.example.com/', true],
    ['https://api.example.com:443/', 'https://api.example.com', true],
    ['https://api.example.com/a', 'https://api.example.com/a/', false],
    ['https://api.example.com/a', 'https://api.example.com/A', false],
    ['https://api.example.com', 'http://api.example.com', false],
    ['urn:a:b', 'urn:a:B', false],
  ])('%s and %s: one resource? %s', (one, other, same) => expect(resourceKey(one) === resourceKey(other)).toBe(same))

  test('whatever is sent is read or refused, and what is read has a key that is its own key', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.string()), { maxLength: 8 }),
        (all) => {
          const body = new URLSearchParams(
            all.map((each) => ['resource', each.replaceAll('\0', '')] as [string, string]),
          ).toString()
          try {
            for (const each of resourcesAsked(parseForm(body)))
              expect(resourceKey(resourceKey(each))).toBe(resourceKey(each))
          } catch (error) {
            expect(error).toBeInstanceOf(OAuthError)
            expect((error as OAuthError).error).toBe('invalid_target')
          }
        },
      ),
    )
  })
})

describe('the address of a document', () => {
  test.each(['https://app.test/client', 'https://app.test/client.json?v=1', 'https://app.test:8443/a/b'])(
    '%s may be a client_id',
    (text) => expect(documentIdProblem(text)).toBeNull(),
  )

  test.each(['https://app.test', 'https://app.test/', 'https://app.test/a/./b', 'https://app.test/%2e%2e/b', 'x'])(
    '%s may not',
    (text) => expect(documentIdProblem(text)).not.toBeNull(),
  )

  test('whatever a document holds is metadata or a sentence', () => {
    const id = 'https://app.test/client'
    const value = fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()))
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          value.map((each) => Buffer.from(JSON.stringify(each))),
        ),
        (body) => {
          expect(typeof metadataInDocument(id, body)).toBe('string')
        },
      ),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (rest) => {
        const body = Buffer.from(JSON.stringify({ ...rest, client_id: id, token_endpoint_auth_method: 'none' }))
        const metadata = metadataInDocument(id, body)
        const holdsSecret = 'client_secret' in rest || 'client_secret_expires_at' in rest
        expect(typeof metadata).toBe(holdsSecret ? 'string' : 'object')
      }),
    )
  })
})
