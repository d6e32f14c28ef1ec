// What every page asks of a browser: is it known, is this form ours, which language. Tables of values, no server.

import { createSecretKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { DEFAULT_BRAND } from '../../src/pages/index.ts'
import { formToken, isOwnForm } from '../../src/visitor/form.ts'
import { frameOf, localeCookies } from '../../src/visitor/frame.ts'
import { problemPage } from '../../src/visitor/problem-page.ts'
import { frameOfSaid } from '../../src/visitor/said-again.ts'
import { readVisitor, visitCookies } from '../../src/visitor/visitor.ts'
import { requestOf } from '../http/builders.ts'

const VISIT = 'v'.repeat(43)
const look = {
  brand: () => DEFAULT_BRAND,
  defaultLocale: 'zh-CN',
  commandFlags: { operator: ' --data /srv/secret', anybody: ' --data FOLDER' },
  csrfKey: createSecretKey(Buffer.alloc(32, 7)),
} as const
const withCookie = (name: string, value: string) => ({ cookie: `__Host-lingpai-${name}=${value}` })

describe('the visit cookie', () => {
  it('makes a browser known again, and is not set a second time', () => {
    const visitor = readVisitor(requestOf({ headers: withCookie('visit', VISIT) }))
    expect(visitor).toMatchObject({ visit: VISIT, isNew: false })
    expect(visitCookies(visitor)).toEqual([])
  })

  it.each([
    ['no cookie', {}],
    ['a cookie of another shape', withCookie('visit', 'short')],
    ['the cookie of plain http', { cookie: `lingpai-visit=${VISIT}` }],
  ])('is set for a browser with %s, and known from then on', (_, headers: Record<string, string>) => {
    const visitor = readVisitor(requestOf({ headers }))
    expect(visitor.isNew).toBe(true)
    expect(visitor.visit).not.toBe(VISIT)
    const cookie = visitCookies(visitor)[0]?.split(';')[0] ?? ''
    const again = readVisitor(requestOf({ headers: { cookie } }))
    expect(again).toMatchObject({ visit: visitor.visit, secure: visitor.secure, isNew: false })
    expect(again.hash()).toEqual(visitor.hash())
  })
})

describe('§10.12 a form', () => {
  const parts = {
    csrfKey: createSecretKey(Buffer.alloc(32, 7)),
    origins: ['https://sso.example.com', 'https://alt.example.com'],
  }
  const known = readVisitor(requestOf({ headers: withCookie('visit', VISIT) }))
  const token = formToken(parts, known, 'consent:1')
  const posted = (origin: string) => requestOf({ method: 'POST', headers: { origin } })

  it('is ours when it was rendered for this browser and purpose and posted from an origin of ours', () => {
    for (const origin of parts.origins) {
      expect(isOwnForm(parts, posted(origin), known, 'consent:1', token)).toBe(true)
    }
  })

  it('is refused for another purpose, browser or origin, without a value, and from a browser without the cookie', () => {
    const home = posted('https://sso.example.com')
    const other = readVisitor(requestOf({ headers: withCookie('visit', 'w'.repeat(43)) }))
    expect(isOwnForm(parts, home, known, 'consent:2', token)).toBe(false)
    expect(isOwnForm(parts, home, other, 'consent:1', token)).toBe(false)
    expect(isOwnForm(parts, posted('https://evil.example'), known, 'consent:1', token)).toBe(false)
    expect(isOwnForm(parts, home, known, 'consent:1', undefined)).toBe(false)
    expect(isOwnForm(parts, home, { ...known, isNew: true }, 'consent:1', token)).toBe(false)
  })
})

describe('the language of a page', () => {
  it.each([
    ['what was picked on this page', { query: 'ui_locales=en', headers: withCookie('locale', 'zh-CN') }, 'zh-CN', 'en'],
    ['what was picked earlier, before the wish of the client', { headers: withCookie('locale', 'en') }, 'zh-CN', 'en'],
    ['the wish of the client', { headers: { 'accept-language': 'zh-CN' } }, 'en', 'en'],
    ['the wish of the browser', { headers: { 'accept-language': 'en' } }, null, 'en'],
    ['the default', {}, null, 'zh-CN'],
  ])('is %s', (_, parts, uiLocales, locale) => {
    expect(frameOf(look, requestOf(parts), uiLocales).locale).toBe(locale)
  })

  it('is kept for the next pages when it is one of ours', () => {
    expect(localeCookies(requestOf({ query: 'ui_locales=en' }))).toEqual([
      expect.stringMatching(/^__Host-lingpai-locale=en; /),
    ])
    expect(localeCookies(requestOf({ query: 'ui_locales=fr' }))).toEqual([])
    expect(localeCookies(requestOf())).toEqual([])
  })

  it('is the one without a wish when the query cannot be read', () => {
    for (const query of ['', '%', 'ui_locales=en&x=%ff', 'x=1']) {
      expect(localeCookies(requestOf({ query })), query).toEqual([])
      expect(frameOf(look, requestOf({ query })).locale, query).toBe('zh-CN')
    }
    expect(frameOf(look, requestOf({ query: 'x=1&ui_locales=en+zh' })).locale).toBe('en')
  })

  it.each(['GET', 'POST'])('can be switched where it was asked for by %s', (method) => {
    const frame = frameOf(look, requestOf({ path: '/p', query: 'step=x&ui_locales=zh-CN', method }))
    expect(frame.languageHrefs).toMatchObject({ en: '/p?step=x&ui_locales=en' })
    expect(frame.again).toBeUndefined()
  })

  it('is switched by a form where the page answers one, and by a link where what was said is too long to come back', () => {
    const request = requestOf({ path: '/p', method: 'POST', headers: withCookie('visit', VISIT) })
    const ofView = (description: string) => {
      const view = { status: 400, code: 'invalid_request', description, advice: 'server_error', traceId: 't' } as const
      return frameOfSaid(look, request, { page: 'error', view }).again
    }
    expect(Object.keys(ofView('short') ?? {})).toEqual(['said', 'seal'])
    expect(ofView('long'.repeat(10_000))).toBeUndefined()
  })
})

describe('a page about a problem', () => {
  it('shows the trace id that its header names', () => {
    const view = { status: 403, code: 'invalid_request', description: 'No', advice: 'cross_site_form' } as const
    const reply = problemPage(look, requestOf(), view, { headers: { 'retry-after': '3' } })
    expect(reply.status).toBe(403)
    expect(reply.headers['retry-after']).toBe('3')
    expect(reply.headers['x-trace-id']).toMatch(/^tr_/)
    expect(reply.body).toContain(reply.headers['x-trace-id'])
  })
})
