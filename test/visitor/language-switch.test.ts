// Every page that answers a form has the switch of language, without scripts: the same page comes back in the other
// language with what was typed but no password, nothing is done a second time, and the way goes on from there.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { newRehearsalLink } from '../../src/administration/rehearsal/index.ts'
import { csrfToken } from '../../src/http/csrf.ts'
import type { Locale } from '../../src/pages/index.ts'
import { WORDS, type Words } from '../../src/pages/words/index.ts'
import { openedBy, type SetUpServer, type Stop, startSetUp, upload, walkTo } from '../administration/set-up/builders.ts'
import { ask, authorizeQuery, countRecords, expectCode, signIn } from '../support/authorize.ts'
import { CALLBACK, TEST_PASSWORD } from '../support/server.ts'
import { formWith, type Page, switchForm, textOf, Visitor } from '../support/visitor.ts'

let host: SetUpServer

beforeEach(async () => {
  const server = await startSetUp()
  host = { ...server, origin: server.issuer }
  await host.addUser('alice')
  await host.addUser('bob')
  await host.addUser('gone', { enabled: false })
  await host.addClient('web', 'openid-connect', { names: { 'zh-CN': '网站' }, client_name: 'Site' })
  await host.addClient('local', 'openid-connect', { errorDisplay: 'local' })
  await host.addClient('tenant', 'zhizuoyun', { redirect_uris: [CALLBACK] })
})
afterEach(() => host.close())

/** No word of it may come back. */
const TYPED = 'a password that is never shown again'

interface Row {
  readonly what: string
  readonly status: number
  /** The answer to a form. */
  readonly arrive: (visitor: Visitor) => Promise<Page>
  readonly says: (words: Words) => string
  /** What of it is the same in both languages. */
  readonly keeps?: (page: Page) => unknown
  /** The client has wished for it. */
  readonly only?: Locale
}

const WRONG = { username: 'alice', password: TYPED, remember: 'yes' }

const signInWith = (fields: Record<string, string>) => async (visitor: Visitor) =>
  visitor.submit(await ask(visitor, host), 'login-submit', fields)

const accountWith = (fields: Record<string, string>) => async (visitor: Visitor) =>
  visitor.submit(await visitor.get(`${host.issuer}/sso/account/sign-in`), 'login-submit', fields)

const signInFields = (page: Page) => [formWith(page, 'login-submit').fields['username'], / checked/.test(page.html)]

async function waiting(visitor: Visitor): Promise<Page> {
  let page = await ask(visitor, host)
  for (let attempt = 0; attempt < 50 && page.status === 200; attempt++) {
    page = await visitor.submit(page, 'login-submit', WRONG)
  }
  return page
}

/** The browser is one that is known here. */
const forged = (path: string) => async (visitor: Visitor) => {
  await visitor.get(`${host.issuer}/sso/account/sign-in`)
  return visitor.post(`${host.issuer}${path}`, { csrf: 'forged', decision: 'sign-out', account: 'forged' })
}

const signOutBy = (id: string) => async (visitor: Visitor) => {
  await become(visitor, 'alice')
  return visitor.submit(await visitor.get(`${host.issuer}/sso/end-session`), id)
}

async function become(visitor: Visitor, username: string): Promise<void> {
  const page = await visitor.follow(await accountWith({ username, password: TEST_PASSWORD })(visitor))
  expect(page.url).toBe(`${host.issuer}/sso/account`)
}

const inSetUp =
  (stop: Stop, fields: Record<string, string>, id = 'continue') =>
  async (visitor: Visitor) =>
    visitor.submit(await walked(visitor, stop), id, fields)

async function walked(visitor: Visitor, stop: Stop): Promise<Page> {
  const walk = await walkTo(host, stop, visitor.language)
  for (const [name, value] of walk.visitor.cookies) visitor.cookies.set(name, value)
  return walk.page
}

const rehearsalOf = (user: string) => async (visitor: Visitor) => {
  const { clock, server, store } = host
  const page = await openedBy(visitor, await newRehearsalLink(store, clock, server.parts.addresses, 'tenant'))
  return visitor.submit(page, 'rehearse', { user })
}

const fieldsOf = (id: string) => (page: Page) => formWith(page, id).fields
const errorFields = (page: Page) => ['error-code', 'trace-id'].map((id) => textOf(page, id))

/** A client's request that is posted again is a request like any other. */
const asksAnew = 'a request that was posted by another site and cannot be trusted'

const rows: readonly Row[] = [
  {
    what: 'a wrong password',
    status: 200,
    arrive: signInWith(WRONG),
    says: ({ signIn: { errors } }) => errors.wrong_credentials,
    keeps: signInFields,
  },
  {
    what: 'no password',
    status: 200,
    arrive: signInWith({ username: 'alice', password: '' }),
    says: ({ signIn: { errors } }) => errors.password_missing,
    keeps: signInFields,
  },
  {
    what: 'no user name',
    status: 200,
    arrive: signInWith({ username: '', password: TYPED }),
    says: ({ signIn: { errors } }) => errors.username_missing,
    keeps: signInFields,
  },
  {
    what: 'an account that is switched off',
    status: 200,
    arrive: signInWith({ username: 'gone', password: TEST_PASSWORD }),
    says: ({ signIn: { errors } }) => errors.user_disabled,
    keeps: signInFields,
  },
  { what: 'too many attempts', status: 429, arrive: waiting, says: ({ wait }) => wait.why, keeps: signInFields },
  {
    what: 'a wrong password for the account page',
    status: 200,
    arrive: accountWith(WRONG),
    says: ({ signIn: { errors } }) => errors.wrong_credentials,
    keeps: signInFields,
  },
  {
    what: 'a sign-in that was cancelled, said here',
    status: 400,
    arrive: async (visitor) => visitor.submit(await ask(visitor, host, { client_id: 'local' }), 'login-cancel'),
    says: ({ errors }) => errors.advice.access_denied.visitor,
    keeps: (page) => [...errorFields(page), textOf(page, 'error-description')],
  },
  {
    what: 'a form of the account page that is not ours',
    status: 403,
    arrive: forged('/sso/account/sign-out'),
    says: ({ errors }) => errors.advice.cross_site_form.visitor,
    keeps: errorFields,
  },
  {
    what: 'a form of the sign-out that is not ours',
    status: 403,
    arrive: forged('/sso/end-session'),
    says: ({ errors }) => errors.advice.cross_site_form.visitor,
    keeps: errorFields,
  },
  {
    what: asksAnew,
    status: 400,
    arrive: (visitor) =>
      visitor.post(
        `${host.issuer}/sso/authorize`,
        Object.fromEntries(authorizeQuery({ redirect_uri: 'https://client.test/elsewhere' })),
      ),
    says: ({ errors }) => errors.advice.redirect_uri_mismatch.visitor,
    keeps: (page) => ['error-code', 'error-description'].map((id) => textOf(page, id)),
  },
  {
    what: 'a consent after which somebody else has signed in',
    status: 200,
    arrive: async (visitor) => {
      await become(visitor, 'alice')
      const page = await ask(visitor, host)
      await become(visitor, 'bob')
      return visitor.submit(page, 'consent-allow')
    },
    says: ({ consent }) => consent.data,
    keeps: (page) => /Name of [a-z]+/.exec(page.html)?.[0],
  },
  {
    what: 'the choice of somebody who is gone',
    status: 200,
    arrive: async (visitor) => {
      await become(visitor, 'alice')
      await become(visitor, 'bob')
      return visitor.submit(await ask(visitor, host, { prompt: 'select_account' }), 'account-1', { account: 'gone' })
    },
    says: ({ choose }) => choose.title,
    keeps: (page) => page.html.match(/Name of [a-z]+/g),
  },
  {
    what: 'a sign-out that was posted by a client',
    status: 200,
    arrive: async (visitor) => {
      await become(visitor, 'alice')
      return visitor.post(`${host.issuer}/sso/end-session`, { client_id: 'web', ui_locales: 'en' })
    },
    only: 'en',
    says: ({ signOut }) => signOut.plain,
    keeps: (page) => formWith(page, 'logout-confirm').fields['client_id'],
  },
  {
    what: 'having signed out',
    status: 200,
    arrive: signOutBy('logout-confirm'),
    says: ({ signedOut }) => signedOut.title,
  },
  {
    what: 'having stayed signed in',
    status: 200,
    arrive: signOutBy('logout-cancel'),
    says: ({ signedOut }) => signedOut.stayedTitle,
  },
  {
    what: 'the administrator, with passwords that differ',
    status: 422,
    arrive: inSetUp('administrator', { username: 'root', name: '张管理', password: TYPED, password_again: 'another' }),
    says: ({ setUp }) => setUp.problems.passwords_differ,
    keeps: fieldsOf('continue'),
  },
  {
    what: 'the public address, with a path',
    status: 422,
    arrive: inSetUp('address', { issuer: 'https://sso.example.com/?x' }),
    says: ({ setUp }) => setUp.problems.issuer_has_path_or_query,
    keeps: fieldsOf('continue'),
  },
  {
    what: 'the client, without a name',
    status: 422,
    arrive: inSetUp('connect', { name: '' }),
    says: ({ setUp }) => setUp.problems.required,
    keeps: fieldsOf('continue'),
  },
  {
    what: 'the first person, without a name',
    status: 422,
    arrive: inSetUp('person', { username: 'zhang', name: '', phone: '13800138000', password: TYPED }),
    says: ({ setUp }) => setUp.problems.required,
    keeps: fieldsOf('continue'),
  },
  {
    what: 'a file without anybody',
    status: 422,
    arrive: async (visitor) => upload(visitor, await walked(visitor, 'person'), { csv: '' }),
    says: ({ setUp }) => setUp.problems.file_empty,
    keeps: fieldsOf('import'),
  },
  {
    what: 'rows that cannot be read',
    status: 422,
    arrive: async (visitor) =>
      upload(visitor, await walked(visitor, 'person'), { csv: 'username,phone\r\nli,12\r\n"王 五",13' }),
    says: ({ setUp }) => setUp.person.badRows(2),
    keeps: fieldsOf('import'),
  },
  {
    what: 'the rehearsal of nobody',
    status: 200,
    arrive: rehearsalOf('nobody'),
    says: ({ setUp }) => setUp.problems.user_unknown,
    keeps: fieldsOf('rehearse'),
  },
  {
    what: 'a rehearsal',
    status: 200,
    arrive: rehearsalOf('user-alice'),
    says: ({ setUp }) => setUp.rehearsal.again,
    keeps: (page) => page.html.match(/state-(ok|bad|warn|unknown|note)/g),
  },
]

async function everything(): Promise<unknown> {
  const { store } = host
  const facts = await Promise.all((['set_up', 'set_up_progress'] as const).map((name) => store.findFact(name)))
  return [await countRecords(host), await store.listUsers('', 100), (await store.listClients()).length, facts]
}

function expectIn(page: Page, locale: Locale, { status, says }: Row): void {
  expect(page.status, page.html.slice(-2_000)).toBe(status)
  expect(page.html).toContain(`<html lang="${locale}">`)
  expect(page.html.slice(page.html.indexOf('<main'))).toContain(says(WORDS[locale]))
  expect(page.html).not.toContain(TYPED)
}

const ways = rows.flatMap((row) =>
  [['en', 'zh-CN'] as const, ['zh-CN', 'en'] as const]
    .filter(([locale]) => row.only === undefined || row.only === locale)
    .map(([locale, other]) => ({ ...row, locale, other })),
)

describe('the answer to', () => {
  it.each(ways)('$what comes from $locale to $other and back, and is the same', async ({ locale, other, ...row }) => {
    const visitor = new Visitor()
    visitor.language = locale
    const page = await row.arrive(visitor)
    expectIn(page, locale, row)
    const before = await everything()
    const switched = await visitor.switchLanguage(page)
    expectIn(switched, other, row)
    const back = await visitor.switchLanguage(switched)
    expectIn(back, locale, row)
    for (const each of [switched, back]) expect(row.keeps?.(each)).toEqual(row.keeps?.(page))
    expect(await everything()).toEqual(before)
  })
})

describe('a switch of language', () => {
  let markers = 0
  /** Which rules of refusals and answers the trace holds, once all up to now is written. */
  async function traced(): Promise<readonly string[]> {
    const marker = `marker-${++markers}`
    const { traceId } = await new Visitor()
      .get(`${host.issuer}/sso/authorize?client_id=${marker}`)
      .then((page) => ({ traceId: textOf(page, 'trace-id') }))
    const stored = await vi.waitFor(
      async () => {
        const traces = await host.store.listTraces(1_000)
        expect(traces.map((trace) => trace.traceId)).toContain(traceId)
        return traces
      },
      { timeout: 10_000, interval: 100 },
    )
    return stored.map(({ outcome }) => outcome).filter((rule) => rule !== 'client_unknown')
  }

  it('is no event: nothing is traced, neither as a refusal nor otherwise', async () => {
    const arrived: { readonly visitor: Visitor; readonly page: Page }[] = []
    // Whoever has to wait can sign in for no other row.
    for (const { what, status, arrive } of rows.toSorted((a, b) => a.status - b.status)) {
      if (what === asksAnew || status === 422) continue
      const visitor = new Visitor()
      arrived.push({ visitor, page: await arrive(visitor) })
    }
    expect(arrived.filter(({ page }) => page.status >= 400).length).toBeGreaterThan(3)
    const before = await traced()
    // The refusals themselves are there.
    expect(before).toEqual(expect.arrayContaining(['user_refused', 'form_foreign', 'password_wrong']))
    expect(before).not.toContain('unnamed')
    for (const { visitor, page } of arrived) await visitor.switchLanguage(await visitor.switchLanguage(page))
    expect((await traced()).toSorted()).toEqual(before.toSorted())
  })
})

describe('the way goes on', () => {
  it('from a wrong password in one language to the client in the other', async () => {
    const visitor = new Visitor()
    const wrong = await signInWith(WRONG)(visitor)
    const switched = await visitor.switchLanguage(wrong)
    const consent = await signIn(visitor, switched, 'alice')
    expect(consent.html).toContain('<html lang="zh-CN">')
    expect(consent.html).toContain('网站')
    expectCode(await visitor.submit(consent, 'consent-allow'))
  })

  it('from rows that are too many to come back: the step is shown afresh, in the other language', async () => {
    const visitor = new Visitor()
    const csv = `username,phone\n${'li,12\n'.repeat(5_000)}`
    const refused = await upload(visitor, await walked(visitor, 'person'), { csv })
    expect(refused.status).toBe(422)
    const switched = await visitor.switchLanguage(refused)
    expect(switched.html).toContain('<html lang="zh-CN">')
    expect(new URL(switched.url).searchParams.get('step')).toBe('person')
  })

  it('from passwords that differed to the next step of the set-up', async () => {
    const visitor = new Visitor()
    const fields = { username: 'root', name: '张管理', password: TYPED, password_again: 'another' }
    const refused = await inSetUp('administrator', fields)(visitor)
    const switched = await visitor.switchLanguage(refused)
    const next = await visitor.follow(
      await visitor.submit(switched, 'continue', { password: TYPED, password_again: TYPED }),
    )
    expect(next.html).toContain('<html lang="zh-CN">')
    expect(next.url).toContain('step=address')
  })
})

describe('what was sealed', () => {
  const sealIn = (page: Page) => {
    const { said = '', seal = '' } = switchForm(page).fields
    return { said, seal }
  }
  const sent = (visitor: Visitor, url: string, fields: Record<string, string>, origin = host.issuer) =>
    visitor.post(url, fields, { headers: { origin } })
  const told = (page: Page) => textOf(page, 'error-description')
  const FOREIGN = 'The form was not sent from its own page'

  async function refusedForm(): Promise<{ visitor: Visitor; url: string; fields: { said: string; seal: string } }> {
    const visitor = new Visitor()
    const page = await forged('/sso/account/sign-out')(visitor)
    return { visitor, url: page.url, fields: sealIn(page) }
  }

  it('is shown to the browser that it was sealed for, and to nobody else or from elsewhere', async () => {
    const visitor = new Visitor()
    const cancelled = await visitor.submit(await ask(visitor, host, { client_id: 'local' }), 'login-cancel')
    const fields = sealIn(cancelled)
    expect(told(await sent(visitor, cancelled.url, fields))).toBe('The user refused')
    const stranger = new Visitor()
    await stranger.get(`${host.issuer}/sso/account/sign-in`)
    const changed = { ...fields, said: fields.said.replace('refused', 'is rich') }
    expect(changed.said).not.toBe(fields.said)
    const others = [
      await sent(stranger, cancelled.url, fields),
      await sent(new Visitor(), cancelled.url, fields),
      await sent(visitor, cancelled.url, fields, 'https://evil.example'),
      await sent(visitor, cancelled.url, changed),
      await sent(visitor, cancelled.url, { said: fields.said }),
    ]
    for (const page of others) expect([page.status, page.html.includes('The user refused')]).toEqual([400, false])
  })

  it('is shown at its own address alone', async () => {
    const { visitor, url, fields } = await refusedForm()
    expect(sealIn(await sent(visitor, url, fields)).said).toBe(fields.said)
    const elsewhere = await sent(visitor, `${host.issuer}/sso/account/withdraw`, fields)
    expect([elsewhere.status, told(elsewhere)]).toEqual([403, FOREIGN])
    expect(sealIn(elsewhere).said).not.toBe(fields.said)
  })

  it('is not looked for in a form that is longer than any of them', async () => {
    const { visitor, url, fields } = await refusedForm()
    const traceOf = (page: Page) => textOf(page, 'trace-id')
    const again = await sent(visitor, url, { ...fields, x: 'x'.repeat(1_000) })
    expect(fields.said).toContain(traceOf(again))
    const long = await sent(visitor, url, { ...fields, x: 'x'.repeat(60_000) })
    expect([long.status, fields.said.includes(traceOf(long))]).toEqual([403, false])
  })

  it('by another release, whose pages are told other things, is a form like any other', async () => {
    const { visitor, url } = await refusedForm()
    const csrfKey = host.server.parts.master.key('csrf')
    const visit = visitor.cookies.get('lingpai-visit') ?? ''
    for (const content of [{ page: 'of-tomorrow', view: {} }, { page: 'rehearsal', view: {} }, { page: 'toString' }]) {
      const said = JSON.stringify(content)
      const seal = csrfToken(csrfKey, visit, `said:${new URL(url).pathname}:${said}`)
      const page = await sent(visitor, url, { said, seal })
      expect([page.status, told(page)]).toEqual([403, FOREIGN])
    }
  })

  it('in the set-up is shown as long as its link holds', async () => {
    const walk = await walkTo(host, 'person')
    const csv = `username,name,phone,password\nbob,Bob,12,${TYPED}`
    const refused = await upload(walk.visitor, walk.page, { csv })
    const fields = sealIn(refused)
    expect(fields.said).toContain('first-person')
    expect(fields.said).not.toContain(TYPED)
    expect((await sent(walk.visitor, refused.url, fields)).status).toBe(422)
    await host.link()
    const gone = await sent(walk.visitor, refused.url, fields)
    expect([gone.status, sealIn(gone).said.includes('first-person')]).toEqual([410, false])
  })

  it('of a rehearsal is shown as long as its link holds', async () => {
    const visitor = new Visitor()
    const played = await rehearsalOf('user-alice')(visitor)
    const fields = sealIn(played)
    expect((await sent(visitor, played.url, fields)).html).toContain('Name of alice')
    host.clock.advance(2 * 3_600)
    const gone = await sent(visitor, played.url, fields)
    expect([gone.status, gone.html.includes('Name of alice')]).toEqual([410, false])
  })
})
