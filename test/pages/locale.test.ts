// Which language a page is in.

import { describe, expect, test } from 'vitest'
import { chooseLocale, localizedHrefs } from '../../src/pages/index.ts'

describe('chooseLocale', () => {
  test.each([
    ['ui_locales comes first', { uiLocales: 'en', cookie: 'zh-CN', acceptLanguage: 'zh-CN' }, 'en'],
    ['the first known of several ui_locales counts', { uiLocales: 'se fr-CA zh-Hans-CN en' }, 'zh-CN'],
    [
      'an unknown ui_locales falls back to Accept-Language',
      { uiLocales: 'se', acceptLanguage: 'en-US,en;q=0.9' },
      'en',
    ],
    ['then the cookie', { cookie: 'en', acceptLanguage: 'zh-CN' }, 'en'],
    ['a cookie of no known language changes nothing', { cookie: '"><script>', acceptLanguage: 'en' }, 'en'],
    ['Accept-Language counts by quality', { acceptLanguage: 'zh;q=0.3, de, en-GB;q=0.8' }, 'en'],
    ['q=0 is a refusal', { acceptLanguage: 'en;q=0, fr' }, 'zh-CN'],
    ['Traditional Chinese readers get Chinese', { acceptLanguage: 'zh-TW' }, 'zh-CN'],
    ['* says nothing', { acceptLanguage: '*' }, 'zh-CN'],
    ['nothing at all gives the default', {}, 'zh-CN'],
  ] as const)('%s', (_promise, wishes, expected) => {
    expect(chooseLocale({ ...wishes, fallback: 'zh-CN' })).toBe(expected)
  })

  test('the default is the operator’s', () => {
    expect(chooseLocale({ uiLocales: 'se', acceptLanguage: 'fr', fallback: 'en' })).toBe('en')
  })
})

test('the language switch keeps the address and replaces ui_locales only', () => {
  expect(localizedHrefs('/sso/authorize', 'client_id=a&ui_locales=se&state=x%26y').en).toBe(
    '/sso/authorize?client_id=a&state=x%26y&ui_locales=en',
  )
  expect(localizedHrefs('/sso/sign-in/1', '')['zh-CN']).toBe('/sso/sign-in/1?ui_locales=zh-CN')
})
