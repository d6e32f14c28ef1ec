// The page at the issuer's own address, asked for from outside.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Driver, step } from '../../src/store/database/driver.ts'
import { upsertConsent } from '../../src/store/statements/consent.ts'
import { scratchFolder } from '../support/cli.ts'
import { countingDriver } from '../support/counting-driver.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { readable, Visitor } from '../support/visitor.ts'

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const HINT = 'npx lingpai setup-link'

const opened: TestServer[] = []
async function serve(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const host = await startServer({ frontPage: true, ...options })
  opened.push(host)
  return host
}
afterAll(async () => {
  for (const host of opened) await host.close()
})

describe('a server that answers at its own address', () => {
  const counting = countingDriver()
  let looked = 0
  const wrap = (driver: Driver): Driver => {
    const counted = counting.wrap(driver)
    return {
      ...counted,
      rows(statement, bind) {
        if (statement.name === 'find_use') looked++
        return counted.rows(statement, bind)
      },
    }
  }
  let host: TestServer
  beforeAll(async () => {
    host = await serve({ wrap, brand: { productName: '星河影视', icp: '京ICP备12345678号-1' } })
  })
  const ask = (init: RequestInit = {}) => fetch(`${host.origin}/`, { headers: BROWSER, ...init })

  test('says whose sign-in service it is, in the language of the visitor, and where signing in begins', async () => {
    const inEnglish = await new Visitor().get(`${host.origin}/`)
    expect(inEnglish.status).toBe(200)
    expect(inEnglish.html).toContain('This is the sign-in service of <strong>星河影视</strong>.')
    expect(inEnglish.html).toContain('Signing in begins in the application')
    const inChinese = await ask({ headers: { ...BROWSER, 'accept-language': 'zh-CN' } })
    expect(await inChinese.text()).toContain('这里是<strong>星河影视</strong>的登录服务。')
  })

  test('shows the filing number, which the home page of a site in mainland China must', async () => {
    expect((await new Visitor().get(`${host.origin}/`)).html).toContain('京ICP备12345678号-1')
  })

  test('keeps the language that was picked on it', async () => {
    const visitor = new Visitor()
    expect((await visitor.get(`${host.origin}/?ui_locales=zh-CN`)).html).toContain('<html lang="zh-CN">')
    expect((await visitor.get(`${host.origin}/`)).html).toContain('<html lang="zh-CN">')
  })

  test('has the headers of its sibling pages, no script, no form, and sets no cookie', async () => {
    const reply = await ask()
    const sibling = await fetch(`${host.origin}/sso/start/nobody`, { headers: BROWSER })
    const names = ['x-frame-options', 'x-content-type-options', 'referrer-policy', 'permissions-policy', 'pragma']
    for (const name of [...names, 'cross-origin-opener-policy', 'cache-control', 'content-type']) {
      expect(reply.headers.get(name), name).toBe(sibling.headers.get(name))
      expect(reply.headers.get(name), name).not.toBeNull()
    }
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect(reply.headers.get('content-security-policy')).toContain("script-src 'none'")
    expect(reply.headers.getSetCookie()).toEqual([])
    expect(await reply.text()).not.toMatch(/<script|<form/)
  })

  test('answers HEAD as GET, without the page', async () => {
    const reply = await ask({ method: 'HEAD' })
    expect([reply.status, await reply.text()]).toEqual([200, ''])
    expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8')
  })

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'RFC 9110 §15.5.6 refuses %s and says what it takes',
    async (method) => {
      const reply = await ask({ method })
      expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    },
  )

  test.each(['application/json', 'application/json, text/plain, */*', 'application/jwt', 'text/html;q=0, */*'])(
    'RFC 9110 §12.5.1 a program that asks for %s is told what it is told at every address without an endpoint',
    async (accept) => {
      const reply = await ask({ headers: { accept } })
      const elsewhere = await fetch(`${host.origin}/nothing-here`, { headers: { accept: 'application/json' } })
      expect([reply.status, elsewhere.status]).toEqual([404, 404])
      for (const name of ['content-type', 'cache-control'])
        expect(reply.headers.get(name)).toBe(elsewhere.headers.get(name))
      expect(reply.headers.get('x-trace-id')).toMatch(/^tr_/)
      const { error, error_description: description } = (await reply.json()) as Record<string, string>
      expect(error).toBe(((await elsewhere.json()) as { error: string }).error)
      const named = /\S+$/.exec(description ?? '')?.[0] ?? ''
      expect(await (await fetch(named)).json()).toMatchObject({ issuer: host.issuer })
    },
  )

  test.each(['*/*', 'text/*', 'text/html'])('RFC 9110 §12.5.1 whoever takes %s gets the page', async (accept) => {
    const reply = await ask({ headers: { accept } })
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  })

  test('asks the database nothing, before the set-up and after it', async () => {
    const askOften = async () => {
      const pages = await Promise.all(Array.from({ length: 20 }, async () => readable(await (await ask()).text())))
      return pages.filter((page) => page.includes(HINT)).length
    }
    expect(looked).toBeGreaterThan(0)
    const lookedBefore = looked
    const before = await counting.during(askOften)
    expect([before.result, before.reads, before.writes]).toEqual([20, 0, 0])
    // The server looks by itself every few seconds, however many ask.
    expect(looked - lookedBefore).toBeLessThanOrEqual(1)
    await host.addClient('app')
    await host.server.parts.frontPage?.look()
    const lookedAfter = looked
    const after = await counting.during(askOften)
    await host.server.parts.frontPage?.look()
    expect([after.result, after.reads, after.writes, looked]).toEqual([0, 0, 0, lookedAfter])
  })

  test('leaves every other address to be not found', async () => {
    for (const path of ['/index.html', '/sso', '/sso/', '//'])
      expect((await fetch(`${host.origin}${path}`, { headers: BROWSER })).status, path).toBe(404)
  })
})

describe('the way to the set-up', () => {
  test('is told as long as nobody has done it or added a client, and holds no secret and no link', async () => {
    const scratch = scratchFolder()
    const at = scratch.path('one.sqlite')
    const host = await startServer({ frontPage: true, at })
    const page = async (from: TestServer) => readable((await new Visitor().get(`${from.origin}/`)).html)
    const shown = await page(host)
    expect(shown).toContain(HINT)
    expect(shown).not.toMatch(/set-up\/|[A-Za-z0-9]{43}(?![A-Za-z0-9+/]*=*')|\d+\.\d+\.\d+/)
    const links = [...shown.matchAll(/href="([^"]*)"/g)].map((match) => match[1] ?? '')
    expect(links.filter((href) => !href.startsWith('data:'))).toEqual(['/?ui_locales=zh-CN'])

    await host.server.parts.store.putFact('set_up', '{"finishedAt":1}')
    expect(await page(host)).toContain(HINT)
    await host.server.parts.frontPage?.look()
    expect(await page(host)).not.toContain('set-up')
    await host.close()

    const again = await startServer({ frontPage: true, at, acceptNewIssuer: true })
    expect(await page(again)).not.toContain('set-up')
    await again.close()
    scratch.remove()
  })
})

describe('a set-up that was begun in a browser', () => {
  const begun = async () => {
    const host = await serve()
    const { store, frontPage } = host.server.parts
    await store.putFact('set_up_progress', '{"step":"connect"}')
    await host.addClient('app')
    const looked = async () => {
      await frontPage?.look()
      return readable((await new Visitor().get(`${host.origin}/`)).html)
    }
    return { host, store, looked }
  }

  test('is told of until it is finished, also when its client is there', async () => {
    const { store, looked } = await begun()
    expect(await looked()).toContain(HINT)
    await store.putFact('set_up', '{"finishedAt":1}')
    expect(await looked()).not.toContain('set-up')
  })

  test('is told of no longer once people sign in, whom it does not concern', async () => {
    const { host, looked } = await begun()
    expect(await looked()).toContain(HINT)
    const consent = { user_id: await host.addUser('alice'), client_id: 'app', scope: 'openid', kinds: '', now: 1 }
    await host.driver.atomic([step(upsertConsent, consent)])
    expect(await looked()).not.toContain('set-up')
  })

  test('never begun there, it is not told of to the people of whoever works on the command line', async () => {
    const host = await serve()
    await host.addClient('app')
    await host.server.parts.frontPage?.look()
    expect((await new Visitor().get(`${host.origin}/`)).html).not.toContain('set-up')
  })
})

describe('where the issuer has a path', () => {
  test.each(['/sso', '/tenant/a'])(
    '%s is the page, with and without a slash, and the root is not ours',
    async (path) => {
      const host = await serve({ issuerPath: path })
      for (const each of [path, `${path}/`]) {
        const reply = await fetch(`${host.origin}${each}`, { headers: BROWSER, redirect: 'manual' })
        expect(reply.status, each).toBe(200)
        expect(await reply.text()).toContain(`href="${each}?ui_locales=zh-CN"`)
      }
      for (const each of ['/', `${path}x`, `${path}/x`])
        expect((await fetch(`${host.origin}${each}`, { headers: BROWSER })).status, each).toBe(404)
      const told = await (await fetch(`${host.origin}${path}`, { headers: { accept: 'application/json' } })).json()
      expect(told).toMatchObject({
        error_description: expect.stringContaining(`${host.issuer}/.well-known/openid-configuration`),
      })
    },
  )

  test('also where the endpoints are directly below it', async () => {
    const host = await serve({ issuerPath: '/sso', endpointPrefix: '' })
    expect((await fetch(`${host.origin}/sso`, { headers: BROWSER })).status).toBe(200)
    expect((await fetch(`${host.origin}/sso/jwks`)).status).toBe(200)
  })
})

test('another host than the issuer is sent to the right address, as on every page', async () => {
  const host = await serve()
  const peer = { address: '192.0.2.1', secure: false, host: 'other.test' }
  const request = { method: 'GET', path: '/', query: '', headers: BROWSER, body: new Uint8Array(), peer }
  const reply = await host.server.handle(request)
  expect(reply.status).toBe(421)
  expect(String(reply.body)).toContain(`href="${host.issuer}/"`)
})

test('a program that has the library answer is not asked to give up its own address', async () => {
  const host = await serve({ frontPage: false })
  const unsaid = await startServer()
  opened.push(unsaid)
  for (const each of [host, unsaid]) expect((await fetch(`${each.origin}/`, { headers: BROWSER })).status).toBe(404)
})
