// The first hour without scripts: from the link to the first real sign-in, by plain forms, in both languages.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSetUp } from '../../../src/administration/set-up/progress.ts'
import { formWith, type Page, readable, textOf, Visitor } from '../../support/visitor.ts'
import { ADMINISTRATOR, fromHere, openedBy, PERSON, type SetUpServer, startSetUp, upload, walkTo } from './builders.ts'

const servers: SetUpServer[] = []
async function fresh(): Promise<SetUpServer> {
  const server = await startSetUp({ probe: fromHere() })
  servers.push(server)
  return server
}
afterAll(async () => {
  for (const server of servers) await server.close()
})

function valueOf(page: Page, id: string): string {
  return new RegExp(`id="${id}"[^>]*value="([^"]*)"`).exec(page.html)?.[1] ?? ''
}

const WORDS = {
  en: {
    known: {
      user_id: 'Identifier',
      name: 'Name',
      phone_number: 'Phone number',
      phone_number_verified: 'Phone number verified',
    },
    steps: ['Administrator', 'Public address', 'Connect', 'Six values', 'First person', 'Rehearsal'],
    waiting: 'not reachable yet',
    works: 'It works',
    notByTencent: 'not by Tencent',
    finished: 'The set-up is finished',
  },
  'zh-CN': {
    known: { user_id: '用户标识', name: '姓名', phone_number: '手机号', phone_number_verified: '手机号是否已验证' },
    steps: ['管理员', '公网地址', '接入制作云', '六个值', '第一位用户', '演练'],
    waiting: '已就绪，但尚无法从公网访问',
    works: '接入成功',
    notByTencent: '并非腾讯的服务器',
    finished: '设置已完成',
  },
} as const

/** The administrator has been rehearsed, before there was anybody else. */
async function rehearsed() {
  const server = await fresh()
  const { visitor, page, link } = await walkTo(server, 'person')
  const rehearsal = await visitor.follow(await visitor.submit(page, 'skip'))
  const administrator = await server.store.findUserByUsername(ADMINISTRATOR.username)
  const played = await visitor.submit(rehearsal, 'rehearse', { user: administrator?.userId ?? '' })
  expect((await visitor.follow(played)).html).toContain('id="verdict"')
  return { server, visitor, link }
}

function headings({ html }: Page): readonly string[] {
  return [...html.matchAll(/<h[12]>([^<]*)/g)].map(([, text = '']) => text)
}

describe.each(['en', 'zh-CN'] as const)('in %s', (language) => {
  it('finished without waiting, the last page no longer says that it waits, and still shows who asks', async () => {
    const server = await fresh()
    const { visitor, page } = await walkTo(server, 'waiting', language)
    expect(headings(page)).toEqual([expect.stringContaining(WORDS[language].waiting)])
    const finished = await visitor.follow(await visitor.submit(page, 'finish'))
    expect(headings(finished)).toEqual([WORDS[language].finished])
    expect(finished.html).toContain(`<title>${WORDS[language].finished}`)
    expect(finished.html).not.toContain(WORDS[language].waiting)
    expect(finished.html).toContain('id="request-token"')
  })

  it('the link leads through five forms to a client that signs in, and the last page turns green', async () => {
    const server = await fresh()
    const { store, clock } = server
    const visitor = new Visitor()
    visitor.language = language
    const titles: string[] = []
    const see = async (reply: Page): Promise<Page> => {
      const page = await visitor.follow(reply)
      expect(page.status).toBe(200)
      titles.push(/<h1>([^<]*)/.exec(page.html)?.[1] ?? '')
      expect(page.html).toContain(`<html lang="${language}">`)
      return page
    }
    const administrator = await see(await visitor.submit(await visitor.get(await server.link()), 'open'))
    const address = await see(await visitor.submit(administrator, 'continue', ADMINISTRATOR))
    expect(valueOf(address, 'issuer')).toBe(server.issuer)
    const connect = await see(await visitor.submit(address, 'continue'))
    const connected = await see(await visitor.submit(connect, 'continue', { name: '制作云 A' }))
    const clientId = valueOf(connected, 'ClientId')
    const secret = valueOf(connected, 'ClientSecret')
    expect(valueOf(connected, 'AuthorizationEndpoint')).toBe(`${server.issuer}/sso/authorize`)
    expect(valueOf(connected, 'TokenEndpoint')).toBe(`${server.issuer}/sso/token`)
    expect(valueOf(connected, 'UserInfoEndpoint')).toBe(`${server.issuer}/sso/userinfo`)
    expect(valueOf(connected, 'Scope')).toBe('openid profile phone')
    const callback = textOf(connected, 'callback')
    expect(callback).toBe('https://api.vs.tencent.com/Oauth/Login/Callback')
    const person = await see(await visitor.submit(connected, 'continue'))
    const rehearsal = await see(await visitor.submit(person, 'continue', PERSON))
    const user = await store.findUserByUsername('alice')
    const played = await see(await visitor.submit(rehearsal, 'rehearse', { user: user?.userId ?? '' }))
    expect(played.html).toContain('id="verdict"')
    expect(played.html).toContain('13800138000')
    const claims = [...played.html.matchAll(/<th scope="row"><code>(\w+)<\/code><span class="hint">([^<]*)</g)]
    expect(Object.fromEntries(claims.map(([, claim, name]) => [claim, name]))).toMatchObject(WORDS[language].known)
    const waiting = await see(await visitor.submit(played, 'continue'))
    expect(titles.filter((title, at) => title !== titles[at - 1])).toEqual([
      ...WORDS[language].steps.map((name) => expect.stringContaining(name)),
      expect.stringContaining(WORDS[language].waiting),
    ])
    expect(waiting.html).toContain('data-done="no"')

    // The real client: a person signs in, the values from the page are what it uses.
    const browser = new Visitor()
    const query = new URLSearchParams({
      response_type: 'code',
      scope: 'openid profile phone',
      client_id: clientId,
      redirect_uri: callback,
    })
    const signIn = await browser.follow(await browser.get(`${server.issuer}/sso/authorize?${query.toString()}`))
    const consent = await browser.follow(
      await browser.submit(signIn, 'login-submit', { username: PERSON.username, password: PERSON.password }),
    )
    const answer = await browser.submit(consent, 'consent-allow', { decision: 'allow' })
    const code = new URL(answer.location ?? '').searchParams.get('code') ?? ''
    const basic = (password: string) => `Basic ${Buffer.from(`${clientId}:${password}`).toString('base64')}`
    const askToken = (password: string) =>
      fetch(`${server.issuer}/sso/token`, {
        method: 'POST',
        headers: { authorization: basic(password) },
        body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: callback }),
      })
    expect((await askToken(`${secret}x`)).status).toBe(401)
    const look = async () => {
      await flushed(server)
      return await visitor.get(`${waiting.url.split('?')[0]}?step=waiting`)
    }
    const refused = await look()
    expect(refused.html).toContain('data-done="no"')
    expect(refused.html).toContain('client_secret_wrong')
    const { access_token } = (await (await askToken(secret)).json()) as { access_token: string }
    const info = await fetch(`${server.issuer}/sso/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })
    expect(await info.json()).toMatchObject({ user_id: user?.userId, name: '张三', phone_number: '13800138000' })
    // Nobody but this machine can have asked: that is told, and not taken for 制作云.
    const fromThisMachine = await look()
    expect(fromThisMachine.html).toContain('data-done="no"')
    expect(fromThisMachine.html).toContain(WORDS[language].notByTencent)
    const home = waiting.url.split('?')[0] ?? ''
    const another = { issuer: 'https://sso.xinghe.cn' }
    await visitor.follow(await visitor.submit(await visitor.get(`${home}?step=address`), 'continue', another))
    await visitor.submit(await visitor.get(`${home}?step=address`), 'continue', another)
    const green = await look()
    expect(green.html).toContain('data-done="yes"')
    expect(green.html).not.toContain(WORDS[language].notByTencent)

    const finished = await visitor.follow(await visitor.submit(green, 'finish'))
    expect(finished.status).toBe(200)
    expect(finished.html).not.toContain('id="finish"')
    expect(headings(finished)).toEqual([WORDS[language].works, WORDS[language].finished])
    expect(finished.html).toMatch(/id="finished"[^]*npx lingpai backup/)
    const progress = await readSetUp(store)
    expect(progress.finishedAt).toBe(clock.now())
    expect((await store.findUser(progress.administratorId ?? ''))?.username).toBe(ADMINISTRATOR.username)
    const link = waiting.url.split('?')[0] ?? ''
    expect((await visitor.get(`${link}?step=person`)).location).toBe(`${link}?step=waiting`)
  })
})

/** Traces are written once a second. */
async function flushed(server: SetUpServer): Promise<void> {
  const before = (await server.store.listTraces(100)).length
  for (let count = 0; count < 30; count++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    if ((await server.store.listTraces(100)).length > before) return
  }
}

describe('on the way', () => {
  let server: SetUpServer
  beforeAll(async () => {
    server = await fresh()
  })

  it('a page names no address of another host, keeps out of caches, and lends its own no referrer elsewhere', async () => {
    const { page } = await walkTo(server, 'administrator')
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('referrer-policy')).toBe('same-origin')
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self'")
    expect([...page.html.matchAll(/(?:src|href|action)="(https?:[^"]*)"/g)]).toEqual([])
  })
})

describe('a set-up that was left half done', () => {
  it('goes on by a new link at the step where it was left, and the old browser is shut out', async () => {
    const server = await fresh()
    const { visitor, page, link } = await walkTo(server, 'person')
    const next = new Visitor()
    const resumed = await openedBy(next, await server.link())
    expect(resumed.url).toContain('step=person')
    const old = await visitor.submit(page, 'continue', PERSON)
    expect(old.status).toBe(410)
    expect(await server.store.findUserByUsername('alice')).toBeNull()
    expect((await visitor.get(link)).status).toBe(410)
    const rehearsal = await next.follow(await next.submit(resumed, 'continue', PERSON))
    expect(rehearsal.url).toContain('step=rehearsal')
  })

  it('shows the secret to no other browser than the one that made it', async () => {
    const server = await fresh()
    const { page } = await walkTo(server, 'connected')
    expect(valueOf(page, 'ClientSecret')).toMatch(/^[A-Za-z0-9]{43}$/)
    const next = await openedBy(new Visitor(), await server.link())
    expect(valueOf(next, 'ClientId')).toBe(valueOf(page, 'ClientId'))
    expect(valueOf(next, 'ClientSecret')).toBe('')
  })
})

describe('RFC 9110 §15.4.4 going back and reloading', () => {
  it('shows the secret again in the other language, and never after the operator went on', async () => {
    const server = await fresh()
    const { visitor, page } = await walkTo(server, 'connected')
    const secret = valueOf(page, 'ClientSecret')
    const other = await visitor.get(`${page.url}&ui_locales=zh-CN`)
    expect(other.html).toContain('<html lang="zh-CN">')
    expect(valueOf(other, 'ClientSecret')).toBe(secret)
    await visitor.submit(page, 'continue')
    const back = await visitor.get(page.url)
    expect(valueOf(back, 'ClientId')).toBe(valueOf(page, 'ClientId'))
    expect(back.html).not.toContain(secret)
    expect(await server.store.listClients()).toHaveLength(1)
  })

  it('makes one client of two clicks, also at the same time', async () => {
    const server = await fresh()
    const { visitor, page } = await walkTo(server, 'connect')
    const replies = await Promise.all([1, 2, 3].map(() => visitor.submit(page, 'continue', { name: '制作云' })))
    expect(replies.map(({ status }) => status)).toEqual([303, 303, 303])
    expect(await server.store.listClients()).toHaveLength(1)
  })

  it('adds one person of two clicks, and corrects the person when the form is sent again with other values', async () => {
    const server = await fresh()
    const { visitor, page } = await walkTo(server, 'person')
    await Promise.all([visitor.submit(page, 'continue', PERSON), visitor.submit(page, 'continue', PERSON)])
    expect(await server.store.countUsers()).toBe(2)
    const back = await visitor.get(page.url)
    expect(valueOf(back, 'username')).toBe('alice')
    const corrected = await visitor.submit(back, 'continue', { ...PERSON, phone: '13900139000', password: '' })
    expect(corrected.status).toBe(303)
    const user = await server.store.findUserByUsername('alice')
    expect(user?.phone).toBe('+8613900139000')
    expect(await server.server.parts.hasher.verify(PERSON.password, user?.passwordHash ?? null)).toMatchObject({
      matches: true,
    })
  })

  it('forgets the rehearsal of another person when one is added, and offers the new one', async () => {
    const { server, visitor, link } = await rehearsed()
    const back = await visitor.get(`${link}?step=person`)
    const next = await visitor.follow(await visitor.submit(back, 'continue', PERSON))
    expect(next.url).toContain('step=rehearsal')
    expect(next.html).not.toContain('id="verdict"')
    const alice = await server.store.findUserByUsername('alice')
    expect(next.html).toContain(`<option value="${alice?.userId}" selected`)
  })

  it('forgets it when people are imported, whom it may be about', async () => {
    const { server, visitor, link } = await rehearsed()
    const csv = 'username,name\nzhang,张三\n'
    const next = await visitor.follow(
      await upload(visitor, await visitor.get(`${link}?step=person`), { csv, anyway: true }),
    )
    expect(next.url).toContain('step=rehearsal')
    expect(next.html).not.toContain('id="verdict"')
    expect((await server.store.findUserByUsername('zhang'))?.profile.displayName).toBe('张三')
  })

  it('corrects the administrator instead of adding a second one', async () => {
    const server = await fresh()
    const { visitor, link } = await walkTo(server, 'address')
    const back = await visitor.get(`${link}?step=administrator`)
    expect(valueOf(back, 'username')).toBe(ADMINISTRATOR.username)
    const changed = await visitor.submit(back, 'continue', {
      username: 'chief',
      name: '李四',
      password: '',
      password_again: '',
    })
    expect(changed.status).toBe(303)
    expect(await server.store.countUsers()).toBe(1)
    expect((await server.store.findUserByUsername('chief'))?.profile.displayName).toBe('李四')
  })

  it('leads back whoever asks for a step that has not been reached', async () => {
    const server = await fresh()
    const { visitor, link } = await walkTo(server, 'address')
    for (const step of ['connect', 'person', 'rehearsal', 'waiting', 'nonsense', '']) {
      const reply = await visitor.get(`${link}?step=${step}`)
      expect(reply.location).toBe(`${link}?step=address`)
    }
  })

  it('asks to connect again when the client has been removed meanwhile', async () => {
    const server = await fresh()
    const { visitor, page } = await walkTo(server, 'waiting')
    const [record] = await server.store.listClients()
    const clientId = record?.client.client_id ?? ''
    await server.store.removeClient(clientId, { type: 'client_removed', at: server.clock.now(), clientId })
    const next = await visitor.follow(await visitor.get(page.url))
    expect(next.url).toContain('step=connect')
    expect((await visitor.submit(next, 'continue', { name: '新的' })).status).toBe(303)
  })
})

describe('after it is finished', () => {
  const finished = async (language = 'en') => {
    const server = await fresh()
    const walk = await walkTo(server, 'waiting', language)
    await walk.visitor.submit(walk.page, 'finish')
    return { server, ...walk }
  }

  it('the front page no longer asks anybody to finish it', async () => {
    const server = await startSetUp({ probe: fromHere(), frontPage: true })
    servers.push(server)
    const { visitor, page } = await walkTo(server, 'waiting')
    const front = async () => (await visitor.get(`${server.issuer}/`)).html
    expect(await front()).toContain('id="set-up-open"')
    await visitor.submit(page, 'finish')
    expect(await front()).not.toContain('id="set-up-open"')
  })

  it('the link leads the browser that has done it to the last page, whatever step it asks for or sends', async () => {
    const { server, visitor, page, link } = await finished()
    for (const at of [link, `${link}?step=administrator`, `${link}?step=connect`]) {
      const reply = await visitor.get(at)
      expect(reply.location, at).toBe(`${link}?step=waiting`)
      expect((await visitor.follow(reply)).html).toContain('The set-up is finished')
    }
    const { fields } = formWith(page, 'finish')
    const old = await visitor.post(`${link}?step=administrator`, { ...fields, ...ADMINISTRATOR, username: 'other' })
    expect(old.status).toBe(403)
    expect(await server.store.findUserByUsername('other')).toBeNull()
  })

  it.each([
    ['en', 'This server is set up already', /open the application you want to use/],
    ['zh-CN', '本服务器已完成设置', /请打开您要使用的应用/],
  ])(
    'in %s every other browser, and every link that is over, says that it is done and where to go on',
    async (...[language, title, onward]) => {
      const { server, link } = await finished(language)
      const other = new Visitor()
      other.language = language
      const said = async (at: string) => {
        const page = await other.get(at)
        expect(page.status).toBe(410)
        expect(page.html).toContain(`<h1>${title}</h1>`)
        expect(page.html).toMatch(onward)
        expect(readable(page.html)).toContain('npx lingpai setup-link')
        expect(page.html).not.toContain('id="error-code"')
      }
      await said(link)
      await said(link.replace(/.{43}$/, 'x'.repeat(43)))
      server.clock.advance(3 * 3600)
      await said(link)
    },
  )

  it('what is still to be done says instead that the link is over', async () => {
    const server = await fresh()
    const { link } = await walkTo(server, 'waiting')
    const page = await new Visitor().get(link)
    expect(page.html).toContain('<h1>This link no longer works</h1>')
  })

  it('a new link opens it again from the public address on', async () => {
    const server = await fresh()
    const { visitor, page } = await walkTo(server, 'waiting')
    await visitor.submit(page, 'finish')
    const again = new Visitor()
    const address = await openedBy(again, await server.link())
    expect(address.url).toContain('step=address')
    const connected = await again.follow(await again.submit(address, 'continue'))
    expect(connected.html).toContain('id="six-values"')
    expect(
      (await server.store.listEvents?.(100))?.filter(({ type }) => type === 'set_up_finished') ?? [1],
    ).toHaveLength(1)
  })
})
