// Whoever was given a temporary password chooses one of their own before they go on, wherever they sign in. From outside,
// on both databases.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setPassword } from '../../src/administration/users.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'
import { formWith, type Page, Visitor } from '../support/visitor.ts'

const OWN = 'a quiet river under seven bridges'
const TWICE = { 'new-password': OWN, 'new-password-again': OWN }

describe.each(['sqlite', 'postgres'] as const)('a temporary password on %s', (database) => {
  let host: TestServer
  beforeAll(async () => {
    host = await startServer({ database })
    await host.addClient('shop', 'openid-connect', { client_name: 'Shop', consent: 'implied' })
  })
  afterAll(() => host.close())

  const account = () => `${host.issuer}/sso/account`
  const store = () => host.server.parts.store
  const sessionsOf = async (userId: string) => store().listSessions(userId, host.clock.now(), 0)
  const eventsOf = async (userId: string, type: string) =>
    (await store().listEvents(100, { userId })).filter((event) => event.type === type)

  async function signIn(
    visitor: Visitor,
    username: string,
    password = TEST_PASSWORD,
    start = account(),
  ): Promise<Page> {
    const page = await visitor.follow(await visitor.get(start))
    return visitor.submit(page, 'login-submit', { username, password })
  }

  /** Before the page that asks for a choice. */
  async function asked(username: string, start = account()) {
    const userId = await host.addUser(username, { passwordTemporary: true })
    const visitor = new Visitor()
    return { userId, visitor, page: await signIn(visitor, username, TEST_PASSWORD, start) }
  }

  test('for an application: the page stands between, nobody is signed in before, and the journey goes on after it', async () => {
    const shop = new RelyingParty({ host, clientId: 'shop', username: 'ann' })
    const { userId, visitor, page } = await asked('ann', shop.authorizeUrl())
    expect(page.status).toBe(200)
    expect(page.html).toContain('<h1>Choose your password</h1>')
    // Not signed in yet, so nothing says so.
    expect(page.html).toContain('id="whose"><strong>Name of ann</strong> (ann)</p>')
    expect(page.html.match(/autocomplete="new-password"/g)).toHaveLength(2)
    expect([...visitor.cookies.keys()]).not.toContain('lingpai-session')
    expect(await sessionsOf(userId)).toEqual([])
    const answer = await visitor.follow(await visitor.submit(page, 'password-submit', TWICE))
    const code = new URL(answer.location ?? '').searchParams.get('code') ?? ''
    expect((await shop.redeem(code)).status).toBe(200)
    expect(await eventsOf(userId, 'user_password_changed')).toMatchObject([{ detail: { first: true } }])
    expect(await store().findUser(userId)).toMatchObject({ passwordTemporary: false })
    // The temporary one is gone, and the next sign-in asks for nothing.
    expect((await signIn(new Visitor(), 'ann')).html).toContain('id="sign-in-error"')
    expect((await signIn(new Visitor(), 'ann', OWN)).location).toBe(account())
  })

  test.each([
    ['nothing', { 'new-password': '', 'new-password-again': '' }, 'Please type a new password.'],
    ['the temporary one', { 'new-password': TEST_PASSWORD, 'new-password-again': TEST_PASSWORD }, 'present password'],
    ['a short one', { 'new-password': 'seven77', 'new-password-again': 'seven77' }, 'needs at least 8 characters'],
    ['two that differ', { ...TWICE, 'new-password-again': 'another' }, 'The two new passwords are not the same.'],
  ])('%s is not taken: the page says so in either language, and nobody is signed in', async (what, fields, said) => {
    const { userId, visitor, page } = await asked(`bob-${what.replaceAll(' ', '-')}`)
    const again = await visitor.submit(page, 'password-submit', fields)
    expect(again.html).toContain(said)
    for (const typed of Object.values(fields)) if (typed !== '') expect(again.html).not.toContain(`"${typed}"`)
    expect(await store().findUser(userId)).toMatchObject({ passwordTemporary: true })
    const chinese = await visitor.switchLanguage(again)
    expect(chinese.html).toContain('<h1>设置您的密码</h1>')
    expect(chinese.html).toContain('id="password-error"')
    expect([await sessionsOf(userId), await eventsOf(userId, 'user_password_changed')]).toEqual([[], []])
    expect((await visitor.submit(chinese, 'password-submit', TWICE)).location).toBe(account())
  })

  test('the page comes in the other language before anything was chosen', async () => {
    const { visitor, page } = await asked('cat')
    const chinese = await visitor.switchLanguage(page)
    expect(chinese.html).toContain('<h1>设置您的密码</h1>')
    expect(chinese.html).not.toContain('id="password-error"')
    expect((await visitor.submit(chinese, 'password-submit', TWICE)).location).toBe(account())
  })

  test('what proves the temporary one holds for this person, browser and choice, ten minutes, and once', async () => {
    const { userId, visitor, page } = await asked('dan')
    const other = await asked('eve')
    const { action, fields } = formWith(page, 'password-submit')
    const at = new URL(action, page.url).href
    const post = (changed: Record<string, string>, by = visitor) =>
      by.post(at, { ...fields, ...TWICE, ...changed }, { headers: { origin: host.issuer } })
    const ownCsrf = formWith(other.page, 'password-submit').fields['csrf'] ?? ''
    const refused = [
      await post({ proof: '' }),
      await post({ proof: fields['csrf'] ?? '' }),
      await post({ user: other.userId }),
      await post({ user: 'nobody' }),
      await post({ until: String(host.clock.now() + 9_000) }),
      await post({ until: 'NaN' }),
      await post({ remember: 'yes' }),
      await post({ csrf: ownCsrf }, other.visitor),
    ]
    for (const answer of refused) {
      expect(answer.status).toBe(200)
      expect(answer.html).toContain('id="login-submit"')
      expect(answer.html).toContain('Please sign in once more.')
      expect(answer.html).toContain('value="dan"')
    }
    host.clock.advance(601)
    expect((await post({})).html).toContain('id="login-submit"')
    expect(await store().findUser(userId)).toMatchObject({ passwordTemporary: true })
    expect(await store().findUser(other.userId)).toMatchObject({ passwordTemporary: true })
    const anew = await signIn(visitor, 'dan')
    expect((await visitor.submit(anew, 'password-submit', TWICE)).location).toBe(account())
    // Used: the same form, sent again, changes nothing.
    const late = { 'new-password': `${OWN}!`, 'new-password-again': `${OWN}!` }
    expect((await visitor.submit(anew, 'password-submit', late)).html).toContain('id="login-submit"')
    expect((await signIn(new Visitor(), 'dan', OWN)).location).toBe(account())
  })

  test('R22 a choice from another origin is refused', async () => {
    const { userId, visitor, page } = await asked('fay')
    const { action, fields } = formWith(page, 'password-submit')
    const headers = { origin: 'https://evil.test' }
    expect((await visitor.post(new URL(action, page.url).href, { ...fields, ...TWICE }, { headers })).status).toBe(403)
    expect(await store().findUser(userId)).toMatchObject({ passwordTemporary: true })
  })

  test('another temporary password, or an end of the account, ends what was proven', async () => {
    const { userId, visitor, page } = await asked('gil')
    await setPassword(host.server.parts, { userId }, 'another temporary one', { temporary: true })
    expect((await visitor.submit(page, 'password-submit', TWICE)).html).toContain('id="login-submit"')
    const anew = await signIn(visitor, 'gil', 'another temporary one')
    await store().setUserEnabled(userId, false, { type: 'user_disabled', at: host.clock.now(), userId })
    expect((await visitor.submit(anew, 'password-submit', TWICE)).html).toContain('id="login-submit"')
    expect(await store().findUser(userId)).toMatchObject({ passwordTemporary: true })
  })

  test('the browser is remembered if that was asked for with the temporary one', async () => {
    for (const remember of [false, true]) {
      await host.addUser(`hal-${remember}`, { passwordTemporary: true })
      const visitor = new Visitor()
      const first = await visitor.follow(await visitor.get(account()))
      const typed = { username: `hal-${remember}`, password: TEST_PASSWORD, ...(remember && { remember: 'yes' }) }
      const answer = await visitor.submit(await visitor.submit(first, 'login-submit', typed), 'password-submit', TWICE)
      const line = answer.headers.getSetCookie().find((each) => each.startsWith('lingpai-session='))
      expect(/max-age=/i.test(line ?? '')).toBe(remember)
    }
  })

  test('whoever goes back instead is sent back to the application, and keeps the temporary one', async () => {
    const shop = new RelyingParty({ host, clientId: 'shop', username: 'ivy' })
    const { userId, visitor, page } = await asked('ivy', shop.authorizeUrl())
    const answer = await visitor.submit(page, 'login-cancel')
    expect(new URL(answer.location ?? '').searchParams.get('error')).toBe('access_denied')
    expect(await store().findUser(userId)).toMatchObject({ passwordTemporary: true })
  })

  test('a password of their own again: an operator who sets one that lasts asks for nothing', async () => {
    const { userId } = await asked('jon')
    await setPassword(host.server.parts, { userId }, 'one that lasts for good')
    expect((await signIn(new Visitor(), 'jon', 'one that lasts for good')).location).toBe(account())
  })
})
