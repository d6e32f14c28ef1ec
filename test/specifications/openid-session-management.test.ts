// OpenID Connect Session Management 1.0: session_state in the answers, the browser state, and the frame that compares
// them. Off unless the operator wants it.

import { createHash } from 'node:crypto'
import { createContext, runInContext } from 'node:vm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fragmentOf, postedBy } from '../support/answers.ts'
import { ask, authorizeUrl, expectAnswer, expectCode, expectRefusal, signIn } from '../support/authorize.ts'
import { query, RelyingParty } from '../support/relying-party.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import { type Page, Visitor } from '../support/visitor.ts'

const COOKIE = 'lingpai-browser-state'
const ORIGIN = 'https://client.test'

let host: TestServer
let visitor: Visitor

beforeAll(async () => {
  host = await startServer({ sessionManagement: true, implicitAndHybrid: true })
  await host.addClient('web', 'openid-connect', {
    consent: 'implied',
    grant_types: ['authorization_code', 'implicit'],
    response_types: ['code', 'code id_token'],
  })
  await host.addClient('app', 'native', { consent: 'implied', redirect_uris: ['com.example.app:/cb'] })
  await host.addClient('gone', 'openid-connect', { redirect_uris: ['https://gone.test/cb'] })
  const { store } = host.server.parts
  await store.removeClient('gone', { type: 'client_removed', at: host.clock.now() })
  await host.addUser('alice')
  await host.addUser('bob')
})
afterAll(() => host.close())
beforeEach(() => {
  visitor = new Visitor()
})

const session = (answer: URL) => answer.searchParams.get('session_state') ?? ''
const state = () => visitor.cookies.get(COOKIE) ?? ''

async function signedIn(username = 'alice', parameters = {}): Promise<URL> {
  return expectCode(await signIn(visitor, await ask(visitor, host, { prompt: 'login', ...parameters }), username))
}
const silently = async (parameters = {}) => visitor.get(authorizeUrl(host, { prompt: 'none', ...parameters }))

/** §3.2, as a client's library would never do it, but the specification's own example does. */
function calculated(clientId: string, origin: string, browserState: string, salt: string): string {
  return `${createHash('sha256').update(`${clientId} ${origin} ${browserState} ${salt}`).digest('hex')}.${salt}`
}

function expectState(value: string | undefined, browserState = state()): void {
  const [, salt = ''] = (value ?? '').split('.')
  expect(value).not.toContain(' ')
  expect(salt).toMatch(/^[A-Za-z0-9]{16,}$/)
  expect(value).toBe(calculated('web', ORIGIN, browserState, salt))
}

describe('§2 session_state in the authentication response', () => {
  test('is bound to client, origin and browser state, with a salt of its own each time', async () => {
    const first = session(await signedIn())
    expectState(first)
    const second = session(expectCode(await silently()))
    expectState(second)
    expect(second).not.toBe(first)
  })

  test('travels as the answer does: in a fragment, and in a form', async () => {
    await signedIn()
    const hybrid = { response_type: 'code id_token', nonce: 'n' }
    expectState(fragmentOf(await silently(hybrid))['session_state'])
    expectState(postedBy(await silently({ response_mode: 'form_post' }), CALLBACK)['session_state'])
  })

  test('belongs to OpenID answers to pages: not to plain OAuth, errors or programs', async () => {
    await signedIn()
    expect(expectCode(await silently({ scope: 'profile' })).searchParams.has('session_state')).toBe(false)
    const refused = expectRefusal(
      await new Visitor().get(authorizeUrl(host, { prompt: 'none' })),
      host,
      'login_required',
    )
    expect(refused.searchParams.has('session_state')).toBe(false)
    const app = new RelyingParty({ host, clientId: 'app', secret: null, redirectUri: 'com.example.app:/cb', visitor })
    expect((await app.authorize()).searchParams.has('session_state')).toBe(false)
  })
})

describe('§3.2 the browser state', () => {
  test('changes with the people who are signed in, and only then', async () => {
    await signedIn()
    const alone = state()
    expect(alone).toMatch(/^[A-Za-z0-9_-]{43}$/)
    await signedIn('alice')
    expectCode(await silently())
    expect(state()).toBe(alone)
    await signedIn('bob')
    const both = state()
    expect(both).not.toBe(alone)
    const page = await visitor.get(`${host.issuer}/sso/end-session`)
    await visitor.submit(page, 'logout-cancel')
    expect(state()).toBe(both)
    await visitor.submit(page, 'logout-confirm')
    expect(visitor.cookies.has(COOKIE)).toBe(false)
    await signedIn()
    expect([alone, both]).not.toContain(state())
  })

  test('is a cookie that a script may read and that opens nothing', async () => {
    const page = await visitor.submit(await ask(visitor, host), 'login-submit', {
      username: 'alice',
      password: 'correct horse battery staple',
    })
    const line = page.headers.getSetCookie().find((each) => each.startsWith(`${COOKIE}=`)) ?? ''
    expect(line).toMatch(/^lingpai-browser-state=[A-Za-z0-9_-]{43}; Path=\/; SameSite=Lax$/)
    const rows = JSON.stringify(visitor.cookies.get('lingpai-session'))
    expect(rows).not.toContain(state())
    const thief = new Visitor()
    thief.cookies.set(COOKIE, state())
    thief.cookies.set('lingpai-session', state())
    expectRefusal(await thief.get(authorizeUrl(host, { prompt: 'none' })), host, 'login_required')
  })

  test('on https it reaches frames of other sites, and no other cookie of ours does', async () => {
    const secure = await startServer({ sessionManagement: true, issuer: 'https://sso.test' })
    try {
      await secure.addClient('web', 'openid-connect', { consent: 'implied' })
      await secure.addUser('alice')
      const cookies = new Map<string, string>()
      const send = async (method: string, path: string, body = '') => {
        const [pathname = '', search = ''] = path.split('?')
        const reply = await secure.server.handle({
          method,
          path: pathname,
          query: search,
          headers: {
            cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
            'content-type': 'application/x-www-form-urlencoded',
            origin: 'https://sso.test',
          },
          body: Buffer.from(body),
          peer: { address: '192.0.2.1', secure: true, host: 'sso.test' },
        })
        for (const line of [reply.headers['set-cookie'] ?? []].flat()) {
          const [pair = ''] = line.split(';')
          cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
        }
        return reply
      }
      const url = new URL(authorizeUrl(secure))
      const to = String((await send('GET', `${url.pathname}${url.search}`)).headers['location'])
      const form = String((await send('GET', to)).body)
      const csrf = /name="csrf" value="([^"]*)"/.exec(form)?.[1] ?? ''
      const fields = { csrf, username: 'alice', password: 'correct horse battery staple' }
      const done = await send('POST', to, new URLSearchParams(fields).toString())
      const lines = [done.headers['set-cookie'] ?? []].flat()
      const [open, ...others] = lines.filter((line) => line.includes('SameSite=None'))
      expect(open).toMatch(/^__Host-lingpai-browser-state=[A-Za-z0-9_-]{43}; Path=\/; Secure; SameSite=None$/)
      expect(others).toEqual([])
      for (const line of lines.filter((each) => each !== open)) expect(line).toContain('HttpOnly')
    } finally {
      await secure.close()
    }
  })

  test('a request that carries no session, as from a frame of another site, changes nothing', async () => {
    await signedIn()
    const before = state()
    const framed = new Visitor()
    framed.cookies.set(COOKIE, before)
    expectAnswer(await framed.get(authorizeUrl(host, { prompt: 'none' })))
    expect(framed.cookies.get(COOKIE)).toBe(before)
  })

  test('a session that has ended by itself is noticed at the next request', async () => {
    await signedIn()
    host.clock.advance(8 * 86_400)
    await silently()
    expect(visitor.cookies.has(COOKIE)).toBe(false)
  })
})

describe('§3.3 the frame', () => {
  const frameUrl = async () => {
    const metadata = (await (await fetch(`${host.issuer}/.well-known/openid-configuration`)).json()) as {
      check_session_iframe: string
    }
    return metadata.check_session_iframe
  }
  const load = async (referer?: string) =>
    visitor.get(await frameUrl(), referer === undefined ? {} : { headers: { referer } })
  const ancestorsOf = (page: Page) =>
    /frame-ancestors ([^;]*)/.exec(page.headers.get('content-security-policy') ?? '')?.[1]

  /** The script of the page, in a window of the test's own; what it answers to a message. */
  function answerer(page: Page, cookie: string) {
    const [, script = ''] = /<script>([^]*?)<\/script>/.exec(page.html) ?? []
    let listener: ((event: object) => void) | null = null
    const window = {
      addEventListener: (type: string, added: (event: object) => void) => {
        if (type === 'message') listener = added
      },
    }
    runInContext(script, createContext({ window, document: { cookie } }))
    return (data: unknown, origin = ORIGIN) => {
      const answers: unknown[] = []
      listener?.({ data, origin, source: { postMessage: (...said: unknown[]) => answers.push(said) } })
      return answers
    }
  }

  test('is shown at the origins of registered redirect URIs, and nowhere else', async () => {
    expect(ancestorsOf(await load('https://client.test/some/page'))).toBe(`${ORIGIN} ${host.origin}`)
    const [listed, elsewhere, removed] = [
      await load(),
      await load('https://evil.test/'),
      await load('https://gone.test/'),
    ]
    expect(ancestorsOf(listed)).toBe(`${ORIGIN} ${host.origin}`)
    expect(listed.headers.get('x-frame-options')).toBeNull()
    for (const page of [elsewhere, removed]) {
      expect(ancestorsOf(page)).toBe("'none'")
      expect(page.headers.get('x-frame-options')).toBe('DENY')
    }
  })

  test('runs one script, named in its policy, and loads nothing', async () => {
    const page = await load()
    const [, script = ''] = /<script>([^]*?)<\/script>/.exec(page.html) ?? []
    const hash = createHash('sha256').update(script).digest('base64')
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain(`script-src 'sha256-${hash}';`)
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    expect(page.html.match(/<script/g)).toHaveLength(1)
    // Engines of before 2015 read it too.
    expect(script).not.toMatch(/=>|\blet\b|\bconst\b|`|\bclass\b|\basync\b/)
  })

  test('§3.2 answers unchanged, changed or error, to whoever asked', async () => {
    const told = session(await signedIn())
    const cookie = `other=1; ${COOKIE}=${state()}`
    const page = await load()
    const answer = answerer(page, cookie)
    expect(answer(`web ${told}`)).toEqual([['unchanged', ORIGIN]])
    expect(answer(`web ${told}`, 'https://evil.test')).toEqual([['changed', 'https://evil.test']])
    expect(answer(`other ${told}`)).toEqual([['changed', ORIGIN]])
    expect(answerer(page, '')(`web ${told}`)).toEqual([['changed', ORIGIN]])
    expect(answerer(page, `${COOKIE}=another`)(`web ${told}`)).toEqual([['changed', ORIGIN]])
    for (const broken of [
      'web',
      `web  ${told}`,
      `web ${told} x`,
      'web x.y',
      '',
      `wéb ${told}`,
      `web ${'a'.repeat(3000)}`,
    ]) {
      expect(answer(broken), broken).toEqual([['error', ORIGIN]])
    }
    expect(answer({ data: 1 })).toEqual([])
  })

  test('§3.2 the script calculates SHA-256 as everybody does, for texts of any length', async () => {
    const page = await load()
    for (let length = 1; length < 200; length++) {
      const clientId = 'c'.repeat(length)
      const salt = 'S'.repeat(1 + (length % 40))
      const said = calculated(clientId, ORIGIN, 'b'.repeat(length % 7), salt)
      const answer = answerer(page, `${COOKIE}=${'b'.repeat(length % 7)}`)
      expect(answer(`${clientId} ${said}`), String(length)).toEqual([['unchanged', ORIGIN]])
    }
  })
})

describe('where the operator has not switched it on', () => {
  test('there is no frame, no cookie and no session_state', async () => {
    const plain = await startServer()
    try {
      await plain.addClient('web', 'openid-connect', { consent: 'implied' })
      await plain.addUser('alice')
      const answer = expectCode(await signIn(visitor, await ask(visitor, plain), 'alice'))
      expect(answer.searchParams.has('session_state')).toBe(false)
      expect([...visitor.cookies.keys()]).not.toContain(COOKIE)
      const metadata = (await (await fetch(`${plain.issuer}/.well-known/openid-configuration`)).json()) as object
      expect(metadata).not.toHaveProperty('check_session_iframe')
      expect((await visitor.get(`${plain.issuer}/sso/check-session?${query({})}`)).status).toBe(404)
    } finally {
      await plain.close()
    }
  })
})
