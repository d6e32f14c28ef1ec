// Every page in every language: what drives, reads and protects it.

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { contentSecurityPolicy } from '../../src/http/reply/security-headers.ts'
import { DATA_KINDS } from '../../src/model/data-kind.ts'
import * as pages from '../../src/pages/index.ts'
import { stylesheet } from '../../src/pages/look/styles.ts'
import { stateRow } from '../../src/pages/set-up/parts.ts'
import { WORDS } from '../../src/pages/words/index.ts'
import { readable } from '../support/visitor.ts'
import { advices, brand, frameIn, samples, signInErrors } from './samples.ts'

const cases = samples.flatMap((sample) =>
  pages.LOCALES.map((locale) => ({ ...sample, locale, made: sample.page(frameIn(locale)) })),
)

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

describe.each(cases)('$name ($locale)', ({ made, ids, locale }) => {
  test('is a whole document in its language with the ids that tools rely on, each once', () => {
    expect(made.html).toMatch(/^<!doctype html>\n/)
    expect(made.html).toContain(`<html lang="${locale}">`)
    for (const id of ids) expect(made.html.split(` id="${id}"`), id).toHaveLength(2)
    const all = [...made.html.matchAll(/ id="([^"]*)"/g)].map((match) => match[1])
    expect(new Set(all).size).toBe(all.length)
    expect(made.html.match(/<h1>/g)).toHaveLength(1)
    expect(made.html.match(/<main /g)).toHaveLength(1)
  })

  test('loads nothing from anywhere', () => {
    const sources = [...made.html.matchAll(/(?:src|srcset|data|poster|background)="([^"]*)"/g)].map((match) => match[1])
    for (const source of sources) expect(source).toMatch(/^(\/(?!\/)|data:image\/)/)
    expect(made.html).not.toMatch(/<(iframe|object|embed|base|meta http-equiv)|@import|url\(/i)
    for (const link of made.html.matchAll(/<link [^>]*>/g))
      expect(link[0]).toMatch(/^<link rel="icon" href="data:image\//)
  })

  test('has no inline style or handler, and its policy names exactly what stands in it', () => {
    const styles = [...made.html.matchAll(/<style>([^]*?)<\/style>/g)].map((match) => match[1] ?? '')
    const scripts = [...made.html.matchAll(/<script>([^]*?)<\/script>/g)].map((match) => match[1] ?? '')
    expect(styles.map(hash)).toEqual([made.styleHash])
    expect(scripts.map(hash)).toEqual(made.scriptHashes)
    expect(made.html).not.toMatch(/ (style|on[a-z]+)="/)
    const policy = contentSecurityPolicy(made, { formAction: ['https://client.example'] })
    expect(policy).toContain("default-src 'none'; ")
    expect(policy).toContain(`style-src ${made.styleHash};`)
    expect(policy).toContain(`script-src ${made.scriptHashes.join(' ') || "'none'"};`)
    expect(policy).toContain("form-action 'self' https://client.example;")
    expect(policy).toContain("frame-ancestors 'none'")
  })

  test('every form posts, carries its hidden values and has a real button', () => {
    const forms = [...made.html.matchAll(/<form [^]*?<\/form>/g)].map((match) => match[0])
    for (const form of forms) {
      expect(form).toMatch(/^<form method="post" action="\/[^"]*"/)
      expect(form).toContain('<input type="hidden" name="csrf" value="csrf-0123456789">')
      expect(form).toContain('<input type="hidden" name="user" value="u1">')
      expect(form).toMatch(/<button [^>]*type="submit"/)
      expect(form).not.toMatch(/ disabled|target=/)
    }
  })

  test('fits in 20 KiB', () => {
    expect(Buffer.byteLength(made.html)).toBeLessThan(20 * 1024)
  })
})

test('the stylesheet keeps to what Chromium 80 and Safari 13 know, so that nothing depends on newer syntax', () => {
  const css = samples
    .map((sample) => /<style>([^]*?)<\/style>/.exec(sample.page(frameIn('en')).html)?.[1] ?? '')
    .join('')
  expect(css.length).toBeGreaterThan(1000)
  const newer =
    /:has\(|:is\(|:where\(|@layer|@container|color-mix|oklch|[;{](gap|inset|aspect-ratio|(margin|padding)-(inline|block)[a-z-]*):|clamp\(|\d[sld]vh|&/
  expect(newer.exec(css)?.[0]).toBeUndefined()
  // A ticked box must show its tick where `appearance: auto` is not known.
  expect(css).toContain('-webkit-appearance:checkbox;appearance:auto')
})

test.each(samples)('$name: every command on it finds the installation that shows it', ({ page }) => {
  const flags = ' --data /srv/lingpai'
  for (const locale of pages.LOCALES) {
    const marked = (html: string) =>
      [...html.matchAll(/<code[^>]*>(.*?)<\/code>/g)].map(([, inside = '']) => readable(inside))
    const plain = marked(page(frameIn(locale)).html).filter((each) => each.startsWith('npx lingpai'))
    const found = marked(page({ ...frameIn(locale), commandFlags: flags }).html)
    expect(found.filter((each) => each.startsWith('npx lingpai'))).toEqual(plain.map((each) => `${each}${flags}`))
  }
})

describe('the stylesheets', () => {
  const made = samples.map(({ name, page }) => {
    const { html } = page(frameIn('en'))
    const css = /<style>([^]*?)<\/style>/.exec(html)?.[1] ?? ''
    const body = html.slice(html.indexOf('<body>'))
    const ruled = new Set([...css.matchAll(/\.([a-z][a-z-]*)/g)].map(([, each = '']) => each))
    const worn = new Set([...body.matchAll(/ class="([^"]+)"/g)].flatMap(([, each = '']) => each.split(' ')))
    return { name, css, ruled, worn }
  })

  test('have on each page what its classes are drawn by', () => {
    const known = new Set(made.flatMap(({ ruled }) => [...ruled]))
    expect(known.size).toBeGreaterThan(50)
    for (const { name, ruled, worn } of made) {
      expect([...worn].filter((each) => known.has(each) && !ruled.has(each)).join(' '), name).toBe('')
    }
  })

  test('carry to the wide pages of operators, which come near their bound, nothing of the pages of people', () => {
    const wide = made.filter(({ css }) => css.includes('.steps{'))
    expect(wide.length).toBeGreaterThan(5)
    const worn = new Set(wide.flatMap((each) => [...each.worn]))
    const ruled = new Set(wide.flatMap((each) => [...each.ruled]))
    expect([...ruled].filter((each) => !worn.has(each))).toEqual([])
  })
})

test.each(pages.LOCALES)('a plain note is told from a warning by colour, by drawing, and by a word (%s)', (locale) => {
  const { warn, info } = WORDS[locale].frame
  const drawn = (name: string, pattern: RegExp) => {
    const html = samples.find((sample) => sample.name === name)?.page(frameIn(locale)).html ?? ''
    return pattern.exec(html)?.slice(1) ?? []
  }
  const box = (id: string) =>
    new RegExp(`<div class="([^"]*)"[^>]* id="${id}"><svg[^>]*>(.*?)</svg><div><span class="hidden">(.*?)</span>`)
  const plain = drawn('set-up 3 twins', box('twins'))
  const warning = drawn('set-up 3 restart', box('not-yet'))
  expect([plain[0], plain[2], warning[0], warning[2]]).toEqual(['note info', info, 'note', warn])
  expect(plain[1]).not.toBe(warning[1])
  const [noted, warned] = (['note', 'warn'] as const).map((state) => stateRow(state, '', '', '').toString())
  expect(noted?.replaceAll('state-note', 'state-warn')).not.toBe(warned)
  expect(WORDS[locale].setUp.rehearsal.states.note).not.toBe(WORDS[locale].setUp.rehearsal.states.warn)
  const css = stylesheet(undefined, 'report').css
  const colourOf = (selector: string) => new RegExp(`\\.${selector}(?:,[^{]*)?\\{color:([^;}]*)`).exec(css)?.[1]
  expect(colourOf('state-note')).not.toBe(colourOf('state-warn'))
})

test.each(pages.LOCALES)('titles tell the pages apart (%s)', (locale) => {
  const titles = [
    'sign-in',
    'sign-in error',
    'wait',
    'choose-account',
    'consent',
    'sign-out',
    'signed-out',
    'account',
    'account done',
    'account empty',
    'withdraw',
    'password',
    'password error',
    'password first',
    'error',
    'misdirected',
    'not-found',
    'front',
  ]
  const steps = samples.filter((sample) => /^set-up \d( values)?$/.test(sample.name)).map((sample) => sample.name)
  const made = [...titles, ...steps].map(
    (name) => samples.find((sample) => sample.name === name)?.page(frameIn(locale)).title,
  )
  expect(new Set(made).size).toBe(titles.length + steps.length)
  expect(made.every((title) => title?.includes(brand.productName))).toBe(true)
})

describe('words', () => {
  /** Dotted names with what stands there: text, function and how many arguments, list and how long. */
  function shape(value: unknown, name = ''): readonly string[] {
    if (Array.isArray(value)) return [`${name}[${value.length}]`]
    if (typeof value === 'function') return [`${name}(${value.length})`]
    if (typeof value === 'object' && value !== null)
      return Object.entries(value).flatMap(([key, inner]) => shape(inner, `${name}.${key}`))
    return [`${name}: ${typeof value}`]
  }

  test('every language has the same ones', () => {
    expect(shape(WORDS['zh-CN'])).toEqual(shape(WORDS.en))
    expect(shape(WORDS.en).length).toBeGreaterThan(200)
  })

  test.each(pages.LOCALES)('every sign-in error, advice and kind of data has words (%s)', (locale) => {
    const words = WORDS[locale]
    expect(Object.keys(words.signIn.errors).toSorted()).toEqual(signInErrors.toSorted())
    expect(Object.keys(words.errors.advice).toSorted()).toEqual(advices.toSorted())
    expect(Object.keys(words.consent.kinds)).toEqual([...DATA_KINDS])
  })

  test('the words that tools look for stand on the English pages', () => {
    const text = (name: string) => samples.find((sample) => sample.name === name)?.page(frameIn('en')).html ?? ''
    for (const name of ['sign-in', 'sign-in error', 'sign-in again', 'sign-in own', 'wait'])
      expect(text(name)).toContain('<h1>Sign in</h1>')
    expect(text('error')).toContain('<h1>Something went wrong</h1>')
    expect(text('signed-out')).toContain('<h1>Signed out</h1>')
  })
})

test('in a heading the name of the client stays in one piece, with its quotation marks and what follows it', () => {
  const heading = (name: string, locale: pages.Locale) =>
    /<h1>(.*?)<\/h1>/.exec(samples.find((sample) => sample.name === name)?.page(frameIn(locale)).html ?? '')?.[1]
  expect(heading('withdraw', 'en')).toMatch(/^Withdraw your permission for <span class="whole">[^<]+\?<\/span>$/)
  expect(heading('withdraw', 'zh-CN')).toMatch(/^撤回对<span class="whole">“[^<]+”<\/span>的授权？$/)
  const back = (name: string, locale: pages.Locale) =>
    /id="login-cancel"[^>]*>(.*?)<\/button>/.exec(
      samples.find((sample) => sample.name === name)?.page(frameIn(locale)).html ?? '',
    )?.[1]
  for (const name of ['sign-in', 'choose-account']) {
    expect(back(name, 'en'), name).toMatch(/^Cancel and go back to <span class="whole">[^<]+<\/span>$/)
    expect(back(name, 'zh-CN'), name).toMatch(/^取消并返回<span class="whole">“[^<]+”<\/span>$/)
  }
  expect(heading('leave', 'zh-CN')).toMatch(/^继续前往<span class="whole">“[^<]+”？<\/span>$/)
})

describe('what a page says', () => {
  const frame = frameIn('en')
  const form = { action: '/x', csrf: 'c' }
  const client = { name: 'Client' }

  test('login_hint prefills a user name that can be changed', () => {
    const { html } = pages.signInPage({ form, client, username: 'buffy@sso.example', cancel: null }, frame)
    const input = /<input id="username"[^>]*>/.exec(html)?.[0] ?? ''
    expect(input).toContain('value="buffy@sso.example"')
    expect(input).toContain('autocomplete="username"')
    expect(input).not.toMatch(/readonly|disabled/)
    expect(/<input id="password"[^>]*>/.exec(html)?.[0]).toContain('autocomplete="current-password"')
  })

  test('an error is announced and tied to the fields; without one there is no alert', () => {
    const bad = pages.signInPage({ form, client, username: 'a', error: 'wrong_credentials', cancel: null }, frame)
    expect(bad.html).toMatch(/role="alert" id="sign-in-error"/)
    expect(bad.html.match(/aria-describedby="sign-in-error" aria-invalid="true"/g)).toHaveLength(2)
    expect(bad.title).toMatch(/^Error: /)
    const good = pages.signInPage({ form, client, username: 'a', cancel: null }, frame)
    expect(good.html.slice(good.html.indexOf('<main'))).not.toMatch(/role="alert"|aria-invalid/)
    expect(good.title).not.toMatch(/^Error: /)
  })

  test('nothing is ever ticked before the person ticks it', () => {
    const ticked = / checked/
    expect(pages.signInPage({ form, client, username: '', cancel: null }, frame).html).not.toMatch(ticked)
    expect(pages.signInPage({ form, client, username: '', remember: true, cancel: null }, frame).html).toMatch(ticked)
    const consent = samples.find((sample) => sample.name === 'consent')?.page(frame).html ?? ''
    expect(consent).not.toMatch(/type="checkbox"/)
    expect(consent).toContain('consent-allow')
  })

  test('the client’s policy and terms carry exactly the addresses it registered', () => {
    const made = pages.signInPage(
      {
        form,
        client: { ...client, policyUrl: 'https://a.example/p?x=1', termsUrl: 'https://openid.net' },
        username: '',
        cancel: null,
      },
      frame,
    )
    expect(made.html).toContain('href="https://a.example/p?x=1"')
    expect(made.html).toContain('href="https://openid.net"')
  })

  test('consent names recipient, contact, purpose and the values', () => {
    const { html } = samples.find((sample) => sample.name === 'consent')?.page(frame) ?? { html: '' }
    for (const text of [
      '腾讯云计算（北京）有限责任公司',
      'cloud_noreply@tencent.example',
      '登录制作云，创建或绑定您的账号',
      '+86 138****8000',
      'Access while you are away',
    ]) {
      expect(html).toContain(text)
    }
    expect(html).not.toContain('13800138000')
  })

  test('statuses are those of HTTP', () => {
    const status = (name: string) => samples.find((sample) => sample.name === name)?.page(frame).status
    expect(['sign-in', 'wait', 'misdirected', 'not-found', 'error'].map(status)).toEqual([200, 429, 421, 404, 400])
  })

  test('the footer links to the filings, and shows nothing that is not set', () => {
    const full = pages.notFoundPage({}, frame).html
    expect(full).toContain('href="https://beian.miit.gov.cn/"')
    expect(full).toContain('href="https://beian.mps.gov.cn/#/query/webSearch?code=11010802012345"')
    const bare = pages.notFoundPage({}, frameIn('en', pages.DEFAULT_BRAND)).html
    expect(bare).not.toMatch(/<footer|beian/)
  })

  test('a secret that has been shown is not there again', () => {
    const once = samples.find((sample) => sample.name === 'set-up 3 values')?.page(frame).html
    const again = samples.find((sample) => sample.name === 'set-up 3 again')?.page(frame).html
    expect(once).toContain('fakeSecretForTestsOnly')
    expect(again).not.toContain('fakeSecretForTestsOnly')
  })

  test('numbers are masked enough to recognise only', () => {
    expect(pages.maskPhone('+8613800138000')).toBe('+86 138****8000')
    expect(pages.maskPhone('+447700900123')).toBe('+447****23')
  })
})

test.each(pages.LOCALES)(
  'access while away is a permission: the consent page never calls it missing (%s)',
  (locale) => {
    const made = samples.find(({ name }) => name === 'consent')?.page(frameIn(locale)).html ?? ''
    const { kinds, notOnFile } = WORDS[locale].consent
    const rowOf = (name: string) => made.split('<li>').find((row) => row.includes(`<b>${name}</b>`))
    expect(rowOf(kinds.offline.name)).toContain(kinds.offline.note)
    expect(rowOf(kinds.offline.name)).not.toContain(notOnFile)
    expect(rowOf(kinds.email.name)).toContain(notOnFile)
  },
)

describe.each(pages.LOCALES)('the six values (%s)', (locale) => {
  const shown = (name: string) => {
    const html = samples.find((sample) => sample.name === name)?.page(frameIn(locale)).html ?? ''
    const { notYet, submitDone, submitLater } = WORDS[locale].setUp.connect
    return [notYet.warning, submitDone, submitLater].map((text) => html.includes(text))
  }

  test('are to be pasted unless something speaks against it', () => {
    expect(shown('set-up 3 values')).toEqual([false, true, false])
    for (const name of ['set-up 3 out of reach', 'set-up 3 restart']) expect(shown(name)).toEqual([true, false, true])
  })
})

describe.each(pages.LOCALES)('the account page (%s)', (locale) => {
  const shown = (name: string) => samples.find((sample) => sample.name === name)?.page(frameIn(locale)).html ?? ''
  const { sessionsHint, signOutElsewhereHint } = WORDS[locale].account

  test('points to what can be withdrawn above only where something can', () => {
    expect(shown('account')).toContain(signOutElsewhereHint)
    expect(shown('account')).toContain('aria-describedby="elsewhere-hint"')
    const nothing = shown('account with nothing to withdraw')
    expect(nothing).toContain(sessionsHint)
    expect(nothing).not.toContain(signOutElsewhereHint)
    expect(nothing).not.toContain('elsewhere-hint')
  })

  test('says what to do about a browser that nobody knows, and leads there', () => {
    expect(sessionsHint).toMatch(locale === 'en' ? /Change your password/ : /修改密码/)
    expect(shown('account')).toContain(sessionsHint)
    expect(shown('account')).toContain('href="/sso/account/password"')
  })
})

test.each([
  ['《星河》影业', '星'],
  ['（深圳）星河', '深'],
  ['“acme” films', 'A'],
  ['<b>x', 'B'],
  ['👩🏽‍🎤 Films', '👩🏽‍🎤'],
  ['7 Films', '7'],
  ['…', '…'],
])('the mark of %s, which has no picture, is %s', (productName, mark) => {
  const view = {
    status: 400,
    code: 'invalid_request',
    description: 'x',
    traceId: 'tr_1',
    advice: 'set_up_done',
  } as const
  const { html } = pages.errorPage(view, { ...frameIn('en'), brand: { productName } })
  expect(html).toContain(`<span class="mark" aria-hidden="true">${mark}</span>`)
})

describe.each(advices)('the error page of %s', (advice) => {
  const view = { status: 400, code: 'invalid_request', description: 'Something in English', traceId: 'tr_1', advice }
  const shown = (locale: pages.Locale) => pages.errorPage(view, frameIn(locale)).html

  test('says in English what the client would be told, and in Chinese only where that says more', () => {
    const saysAll = /^(link_|set_up_|cross_site_|cookies_|interaction_|overloaded|database_away|server_error)/.test(
      advice,
    )
    expect(shown('en').includes(view.description)).toBe(advice !== 'set_up_done')
    expect(shown('zh-CN').includes(view.description)).toBe(!saysAll)
    expect(shown('zh-CN').includes('id="error-description"')).toBe(!saysAll)
    for (const locale of pages.LOCALES) expect(shown(locale)).toContain('id="trace-id">tr_1<')
  })

  test('marks each command that it names', () => {
    for (const locale of pages.LOCALES) {
      expect(shown(locale).replaceAll(/<code[ >].*?<\/code>/g, '')).not.toMatch(/\blingpai [a-z]/)
      const isNamed = /\blingpai [a-z]/.test(WORDS[locale].errors.advice[advice].operator)
      expect(/<code>npx lingpai/.test(shown(locale))).toBe(isNamed)
    }
  })
})

test.each(pages.LOCALES)('an error page points to what stands on it, and in the right direction (%s)', (locale) => {
  const [above, below] = locale === 'en' ? [/\babove\b/, /\bbelow\b/] : [/上面|上方|以上/, /下面|下方|以下/]
  let pointing = 0
  for (const advice of advices) {
    const { visitor, operator } = WORDS[locale].errors.advice[advice]
    // Nothing that could be meant stands above either of them.
    expect(visitor + operator, advice).not.toMatch(above)
    if (!below.test(operator)) continue
    pointing++
    const view = { status: 400, code: 'invalid_request', description: 'Something', traceId: 'tr_1', advice }
    const { html } = pages.errorPage(view, frameIn(locale))
    expect(html.indexOf('id="error-description"'), advice).toBeGreaterThan(html.indexOf(operator))
  }
  expect(pointing).toBe(1)
})
