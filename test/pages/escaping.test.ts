// R37, R40: markup in whatever a page is given stays text, in every page and every language.

import { describe, expect, test } from 'vitest'
import type { Frame, Page } from '../../src/pages/index.ts'
import * as pages from '../../src/pages/index.ts'
import { brand, samples } from './samples.ts'

const ATTACK = `"><script>alert(1)</script><img src=x onerror=alert(1)>'\`&lt;`

type Render = (view: never, frame: Frame) => Page

/** The same view with the attack appended to every string in it, except where only listed words may stand. */
function poisoned(value: unknown, key = ''): unknown {
  const listed = [
    'state',
    'kind',
    'fault',
    'endpoint',
    'problem',
    'advice',
    'error',
    'purpose_of_link',
    'notice',
    'from',
  ]
  if (typeof value === 'string') return listed.includes(key) ? value : value + ATTACK
  if (Array.isArray(value)) return value.map((item) => poisoned(item, key))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, poisoned(inner, name)]))
  }
  return value
}

/** Tags of the page, without those of the attack if it were live, and without what keeps the pieces of an address together. */
const tags = (html: string) =>
  [...html.matchAll(/<([a-z][a-z0-9]*)/g)].map((match) => match[1]).filter((tag) => tag !== 'span' && tag !== 'wbr')

const frame = (locale: pages.Locale): Frame => ({
  locale,
  brand: {
    ...brand,
    productName: brand.productName + ATTACK,
    mark: '<',
    operatorName: ATTACK,
    icp: ATTACK,
    gongan: { text: ATTACK, recordCode: ATTACK },
    privacyUrl: `https://a.example/${ATTACK}`,
    accent: `#fff${ATTACK}`,
  },
  languageHrefs: { en: `/x?${ATTACK}`, 'zh-CN': `/x?${ATTACK}` },
})

const form = { action: '/x', csrf: 'c', hidden: { user: 'u' } }
const client = { name: 'C', policyUrl: 'https://c.example/', termsUrl: '/t', logo: '/l', unverifiedTarget: 'x' }
const text = { en: 'x', 'zh-CN': 'x' }
const user = { name: 'n', username: 'u' }
const result = {
  passed: false,
  clientName: 'c',
  userName: 'u',
  exchanges: [
    { endpoint: 'token', request: 'r', reply: 'r', lines: [{ state: 'bad', clause: 'c', text, explanation: 'e' }] },
  ],
  known: [{ claim: 'c', value: 'v', kind: 'name' }],
}

const views: readonly (readonly [string, Render, unknown])[] = [
  [
    'sign-in',
    pages.signInPage,
    { form, client, username: 'u', knownUser: 'k', cancel: form, error: 'wrong_credentials' },
  ],
  ['wait', pages.waitPage, { form, client, username: 'u', seconds: 3, cancel: form }],
  ['choose-account', pages.chooseAccountPage, { form, client, accounts: [{ value: 'v', ...user }], cancel: form }],
  [
    'consent',
    pages.consentPage,
    {
      form,
      client,
      recipient: 'r',
      contact: 'c',
      purpose: 'p',
      user,
      kinds: [{ kind: 'custom', label: 'l', value: 'v', verified: true }],
      switchUser: form,
    },
  ],
  [
    'account',
    pages.accountPage,
    {
      user,
      done: { kind: 'withdrawn', client: 'c' },
      now: 2,
      zone: 'UTC',
      applications: [
        {
          client,
          since: 1,
          kinds: [{ kind: 'custom', label: 'l' }],
          resources: [{ name: 'n', scope: ['s'] }],
          withdrawHref: '/x',
        },
      ],
      sessions: [
        { value: 'v', isHere: true, since: 1, lastUsed: 1, applications: ['a'] },
        { value: 'w', isHere: false, since: 1, lastUsed: 1, applications: [] },
      ],
      signOutThere: form,
      signOutHref: '/x',
      anotherHref: '/x',
      passwordHref: '/x',
    },
  ],
  [
    'password',
    pages.passwordPage,
    {
      form,
      user,
      minimumLength: 8,
      remember: true,
      error: { field: 'current', fault: 'wrong' },
      wait: 3,
      backHref: '/x',
    },
  ],
  [
    'password first',
    pages.firstPasswordPage,
    { form, client, user, minimumLength: 8, error: { field: 'next', fault: 'too_short' }, cancel: form },
  ],
  ['withdraw', pages.withdrawPage, { form, client, contact: 'c', user, backHref: '/x' }],
  ['form-post', pages.formPostPage, { action: 'https://c.example/', fields: [['state', 's']], client }],
  ['leave', pages.leavePage, { client, href: 'https://c.example/', target: 'c' }],
  ['sign-out', pages.signOutPage, { form, client, user }],
  ['device', pages.deviceCodePage, { form, typed: 't', error: 'unknown', wait: 3 }],
  ['device confirm', pages.deviceConfirmPage, { form, client, userCode: 'u' }],
  ['device done', pages.deviceDonePage, { isAllowed: true }],
  ['signed-out', pages.signedOutPage, { client, continueHref: 'https://c.example/' }],
  ['signed-out here', pages.signedOutPage, { client, accountHref: '/a', frontHref: '/' }],
  [
    'error',
    pages.errorPage,
    { status: 400, code: 'c', description: 'd', traceId: 't', advice: 'unknown_client', client },
  ],
  ['notice', pages.noticePage, { status: 413, notice: 'body_too_large' }],
  ['misdirected', pages.misdirectedPage, { issuer: 'https://i.example', href: 'https://i.example/' }],
  ['not-found', pages.notFoundPage, { traceId: 't', frontHref: '/f', accountHref: '/a' }],
  [
    'administrator',
    pages.administratorPage,
    {
      form,
      values: { ...user, company: 'c' },
      isCompanyConfigured: true,
      minimumLength: 8,
      problems: { name: { problem: 'text', text } },
    },
  ],
  [
    'public address',
    pages.publicAddressPage,
    {
      form,
      issuer: 'i',
      problems: {},
      checks: [{ what: 'w', state: 'ok', explanation: text }],
      mustRestart: true,
      urls: [{ name: 'n', url: 'u', from: 'tencent' }],
    },
  ],
  [
    'connect',
    pages.connectPage,
    {
      form,
      name: 'n',
      twins: [{ name: 'n', clientId: 'c', use: form }],
      twinCount: 2,
      problems: { name: { problem: 'required' } },
    },
  ],
  [
    'connected',
    pages.connectedPage,
    {
      form,
      clientName: 'c',
      callback: 'c',
      values: {
        ClientId: 'a',
        ClientSecret: 'b',
        AuthorizationEndpoint: 'c',
        TokenEndpoint: 'd',
        UserInfoEndpoint: 'e',
        Scope: 'f',
      },
      rotateSecret: 'r',
      sameName: text,
      notYet: { issuer: 'i', fault: 'check_failed', running: 'r', addressHref: '/a' },
    },
  ],
  [
    'first person',
    pages.firstPersonPage,
    {
      form,
      importForm: form,
      skip: form,
      people: 1,
      onlyPerson: 'root',
      peopleWithoutPhone: 1,
      values: { ...user, phone: '1', phoneVerified: false, passwordTemporary: false },
      problems: {},
      minimumLength: 8,
      csv: '</textarea>',
      badRows: [{ line: 2, reason: 'r' }],
    },
  ],
  ['front', pages.frontPage, { setUpIsOpen: true }],
  [
    'rehearsal',
    pages.rehearsalPage,
    { form, clientName: 'c', users: [{ value: 'v', label: 'l' }], chosen: 'v', problems: {}, result, next: form },
  ],
  [
    'waiting',
    pages.waitingPage,
    {
      clientName: 'c',
      requests: [{ endpoint: 'token', state: 'refused', rule: 'r', clause: 'c', reason: 'x', traceId: 't' }],
      done: false,
      outOfReach: 'i',
      refreshHref: '/x',
      finish: form,
    },
  ],
]

describe.each(pages.LOCALES)('R40 markup is inert (%s)', (locale) => {
  test.each(views)('on the %s page', (_name, render, view) => {
    const plain = render(view as never, { ...frame(locale), languageHrefs: { en: '/x', 'zh-CN': '/x' } })
    const made = render(poisoned(view) as never, frame(locale))
    expect(made.html).toContain('&quot;&gt;&lt;script&gt;alert(1)')
    expect(made.html).not.toContain('<script>alert')
    expect(made.html.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\sonerror=/)
    expect(tags(made.html)).toEqual(tags(plain.html))
    expect(made.scriptHashes).toEqual(plain.scriptHashes)
  })
})

test('every kind of page is among those poisoned', () => {
  const covered = new Set<unknown>(views.map(([, render]) => render))
  const missing = Object.entries(pages).flatMap(([name, value]) =>
    name.endsWith('Page') && !covered.has(value) ? [name] : [],
  )
  // The first two show no text of anybody's; the third is the rehearsal in the set-up's frame.
  expect(new Set(missing)).toEqual(new Set(['checkSessionPage', 'openLinkPage', 'setUpRehearsalPage']))
  expect(samples.length).toBeGreaterThan(views.length)
})

test('R40 a link of a client or operator that would run is not a link', () => {
  const evil = {
    name: 'C',
    policyUrl: 'javascript:alert(1)',
    termsUrl: 'data:text/html,x',
  }
  const made = pages.signInPage({ form, client: evil, username: '', cancel: null }, frame('en'))
  expect(made.html).not.toMatch(/javascript:|data:text/)
  for (const href of ['javascript:alert(1)', '//evil.example/', '/\\evil.example/']) {
    const ways = { accountHref: href, frontHref: href }
    expect(pages.notFoundPage(ways, frame('en')).html, href).not.toContain('way-on')
    expect(pages.signedOutPage({ client: null, ...ways }, frame('en')).html, href).not.toContain('way-on')
  }
  expect(pages.signedOutPage({ client: null, continueHref: 'javascript:alert(1)' }, frame('en')).html).not.toContain(
    'logout-continue',
  )
})

test('a frame holds an address of the web, escaped, or is not there', () => {
  const frames = ['javascript:alert(1)', 'data:text/html,x', 'https://c.example/?a="><script>alert(1)</script>&b=1']
  const { html } = pages.signedOutPage({ client: null, frames }, frame('en'))
  expect(html.match(/<iframe/g)).toHaveLength(1)
  expect(html).toContain('src="https://c.example/?a=&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;b=1"')
  expect(html).not.toMatch(/javascript:|data:text|<script/)
})
