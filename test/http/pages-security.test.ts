import { createSecretKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readCookie, setCookie } from '../../src/http/cookies.ts'
import { csrfToken, isCsrfToken, isSameOrigin, whoLedHere } from '../../src/http/csrf.ts'
import { pageReply } from '../../src/http/reply/page-reply.ts'
import { json, jsonText, redirect } from '../../src/http/reply/replies.ts'
import { formActionSource } from '../../src/http/reply/security-headers.ts'
import { renderedPage, requestOf } from './builders.ts'

describe('cookies', () => {
  it('are __Host- and Secure on https, plain on http, always HttpOnly and Lax', () => {
    expect(setCookie('session', 'abc', { secure: true })).toBe(
      '__Host-lingpai-session=abc; Path=/; HttpOnly; Secure; SameSite=Lax',
    )
    expect(setCookie('visit', 'abc', { secure: false, maxAge: 60 })).toBe(
      'lingpai-visit=abc; Max-Age=60; Path=/; HttpOnly; SameSite=Lax',
    )
    expect(setCookie('session', '', { secure: true, maxAge: 0 })).toContain('__Host-lingpai-session=; Max-Age=0;')
  })

  it('are read under the name of the connection only', () => {
    const cookie = '__Host-lingpai-session=secure; lingpai-session=plain; lingpai-visit=v'
    expect(readCookie(requestOf({ headers: { cookie } }), 'session')).toBe('secure')
    expect(readCookie(requestOf({ headers: { cookie }, secure: false }), 'session')).toBe('plain')
    expect(readCookie(requestOf({ headers: { cookie } }), 'visit')).toBeUndefined()
    expect(readCookie(requestOf(), 'session')).toBeUndefined()
  })

  it('come back as they were set', () => {
    const value = '令 ;=,"%'
    const cookie = setCookie('locale', value, { secure: true }).split(';')[0] ?? ''
    expect(readCookie(requestOf({ headers: { cookie } }), 'locale')).toBe(value)
  })

  it('stay under 2 KiB together', () => {
    expect(() => setCookie('device', 'x'.repeat(500), { secure: true })).toThrow(RangeError)
    const longest = (['session', 'visit', 'device', 'locale'] as const).map(
      (name) => setCookie(name, 'x'.repeat(440), { secure: true }).split(';')[0],
    )
    expect(longest.join('; ').length).toBeLessThan(2048)
  })
})

describe('CSRF', () => {
  const key = createSecretKey(Buffer.alloc(32, 7))

  it('RFC 6749 §10.12 a token is good for its visit, purpose and key only', () => {
    const token = csrfToken(key, 'visit-a', 'sign-in')
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(isCsrfToken(key, 'visit-a', 'sign-in', token)).toBe(true)
    expect(isCsrfToken(key, 'visit-b', 'sign-in', token)).toBe(false)
    expect(isCsrfToken(key, 'visit-a', 'consent', token)).toBe(false)
    expect(isCsrfToken(createSecretKey(Buffer.alloc(32, 8)), 'visit-a', 'sign-in', token)).toBe(false)
    for (const other of [undefined, '', 'x', `${token}x`, token.slice(1), '令'.repeat(43)]) {
      expect(isCsrfToken(key, 'visit-a', 'sign-in', other)).toBe(false)
    }
  })

  it.each([
    [{}, true],
    [{ 'sec-fetch-site': 'same-origin', origin: 'https://sso.example.com' }, true],
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ origin: 'https://sso.example.com' }, true],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'same-site', origin: 'https://sso.example.com' }, false],
    [{ 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }, false],
    [{ origin: 'null' }, false],
    [{ origin: 'http://sso.example.com' }, false],
    [{ origin: 'https://sso.example.com.evil.example' }, false],
  ])('%j is of our own origin: %s', (headers, expected) => {
    expect(isSameOrigin(requestOf({ headers }), 'https://sso.example.com')).toBe(expected)
    expect(isSameOrigin(requestOf({ headers }), ['https://alt.example.com', 'https://sso.example.com'])).toBe(expected)
  })

  it.each<readonly [Record<string, string>, string]>([
    [{}, 'unknown'],
    [{ 'sec-fetch-site': 'same-origin' }, 'us'],
    [{ 'sec-fetch-site': 'none' }, 'others'],
    [{ 'sec-fetch-site': 'same-site' }, 'others'],
    [{ 'sec-fetch-site': 'cross-site', referer: 'https://sso.example.com/' }, 'others'],
    [{ origin: 'https://sso.example.com' }, 'us'],
    [{ origin: 'null' }, 'others'],
    [{ origin: 'https://evil.example', referer: 'https://sso.example.com/' }, 'others'],
    [{ referer: 'https://sso.example.com/sso/authorize?x=1' }, 'us'],
    [{ referer: 'https://sso.example.com:443/' }, 'us'],
    [{ referer: 'https://sso.example.com:8443/' }, 'others'],
    [{ referer: 'http://sso.example.com/' }, 'others'],
    [{ referer: 'https://sso.example.com@evil.example/' }, 'others'],
    [{ referer: 'https://evil.example/https://sso.example.com/' }, 'others'],
    [{ referer: '' }, 'others'],
  ])('%j was led here by %s', (headers, expected) => {
    expect(whoLedHere(requestOf({ headers }))).toBe(expected)
  })
})

describe('H02 pages', () => {
  it('RFC 9700 §4.16 bring everything they need and load, run and frame nothing else', () => {
    const { status, headers, body } = pageReply(renderedPage({ status: 404, html: '<p>x' }))
    expect([status, body]).toEqual([404, '<p>x'])
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
    })
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'sha256-c3R5bGU='; script-src 'none'; img-src 'self' data:; " +
        "connect-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    expect(headers['set-cookie']).toBeUndefined()
  })

  it('allow what this page needs', () => {
    const page = renderedPage({ scriptHashes: ["'sha256-abc='", "'sha256-def='"], connectSource: "'self'" })
    const { headers } = pageReply(page, {
      formAction: ['https://app.example.com', 'com.example.app:'],
      frameAncestors: ['https://portal.example.com'],
      frameSource: ['https://signed-out.example.com'],
      referrerPolicy: 'no-referrer',
      cookies: ['a=1'],
      headers: { 'retry-after': '2' },
    })
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'sha256-c3R5bGU='; script-src 'sha256-abc=' 'sha256-def='; " +
        "img-src 'self' data:; connect-src 'self'; " +
        "form-action 'self' https://app.example.com com.example.app:; frame-ancestors https://portal.example.com; " +
        "frame-src https://signed-out.example.com; base-uri 'none'",
    )
    expect(headers['x-frame-options']).toBeUndefined()
    expect(headers['referrer-policy']).toBe('no-referrer')
    expect(headers['set-cookie']).toEqual(['a=1'])
    expect(headers['retry-after']).toBe('2')
  })

  it.each(['https://a; script-src *', 'https://a b', 'https://a,b', 'x\n', ''])('refuse the source %j', (source) => {
    expect(() => pageReply(renderedPage(), { formAction: [source] })).toThrow(RangeError)
    expect(() => pageReply(renderedPage(), { frameAncestors: [source] })).toThrow(RangeError)
    expect(() => pageReply(renderedPage(), { frameSource: [source] })).toThrow(RangeError)
    expect(() => pageReply(renderedPage({ scriptHashes: [source] }))).toThrow(RangeError)
    expect(() => pageReply(renderedPage({ styleHash: source }))).toThrow(RangeError)
  })

  it.each([
    ['https://app.example.com/cb?x=1', 'https://app.example.com'],
    ['http://127.0.0.1:5173/cb', 'http://127.0.0.1:5173'],
    ['http://[::1]:5173/cb', 'http:'],
    ['com.example.app:/cb', 'com.example.app:'],
    ['https://制作云.example/cb', 'https://xn--1sti55arzi.example'],
  ])('a form whose answer ends at %s names %s', (uri, source) => {
    expect(formActionSource(uri)).toBe(source.startsWith('https://xn--') ? new URL(uri).origin : source)
    expect(() => pageReply(renderedPage(), { formAction: [formActionSource(uri)] })).not.toThrow()
  })
})

describe('replies', () => {
  it('H01 of JSON are never stored unless they say otherwise', () => {
    expect(json(200, {}).headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
    expect(json(200, {}, { 'x-a': 'b' }).headers).toMatchObject({
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'x-a': 'b',
    })
    const cached = jsonText(200, '{}', { 'cache-control': 'public, max-age=300' }).headers
    expect([cached['cache-control'], cached['pragma']]).toEqual(['public, max-age=300', undefined])
  })

  it('that redirect leak no referrer and cannot be split', () => {
    const reply = redirect(302, 'https://app.example.com/cb?state=a\r\nset-cookie: x=1&n=令\ud800', ['a=1'])
    expect(reply.headers['location']).toBe(
      'https://app.example.com/cb?state=a%0D%0Aset-cookie:%20x=1&n=%E4%BB%A4%EF%BF%BD',
    )
    expect(reply.headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'set-cookie': ['a=1'],
    })
    expect(redirect(303, '/sso/x').headers['location']).toBe('/sso/x')
  })
})
