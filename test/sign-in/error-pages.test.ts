// Error pages as people and developers read them in Chinese: no sentence in English but the one that clients are told, marked as
// that, and no more told than in English.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { setClientEnabled } from '../../src/administration/clients.ts'
import { type AuthorizeParameters, authorizeUrl } from '../support/authorize.ts'
import { registered } from '../support/registration.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { type Page, textOf, Visitor } from '../support/visitor.ts'

let host: TestServer
let unverified: string
beforeAll(async () => {
  host = await startServer({ registration: { access: 'open' } })
  await host.addClient('web', 'openid-connect')
  await host.addClient('local', 'openid-connect', { errorDisplay: 'local' })
  await host.addClient('off', 'openid-connect')
  await setClientEnabled(host.server.parts, 'off', false)
  unverified = (await registered(host)).clientId
})
afterAll(() => host.close())

function reader(language: string): Visitor {
  return Object.assign(new Visitor(), { language })
}

/** What is read on a page: without the switch of language, commands, and what is marked as English. */
function read(page: Page): string {
  return page.html
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<nav\b.*?<\/nav>/s, '')
    .replaceAll(/<code>.*?<\/code>/g, '')
    .replace(/<dd\b[^>]* lang="en">.*?<\/dd>/s, '')
    .replaceAll(/<[^>]+>/g, ' ')
}

const SENTENCE = /[A-Za-z]{2,}(?: [a-z]{2,}){2,}/
const at = (parameters: AuthorizeParameters) => () => authorizeUrl(host, parameters)

describe.each([
  ['a client that is not known', at({ client_id: 'nobody' }), '本服务器没有这个客户端'],
  ['no client_id', at({ client_id: undefined }), '缺少 client_id'],
  ['no redirect_uri', at({ redirect_uri: undefined }), '缺少 redirect_uri'],
  ['two redirect_uri', at({ redirect_uri: ['https://a.test', 'https://b.test'] }), 'redirect_uri 发送了多次'],
  ['another redirect_uri', at({ redirect_uri: 'https://evil.test' }), '没有为该客户端登记这个 redirect_uri'],
  ['a query that is no text', () => `${authorizeUrl(host)}&%zz`, '百分号后面不是两位十六进制数字'],
  ['an error that the client wants shown here', at({ client_id: 'local', prompt: 'x' }), 'prompt 中有未知的值'],
  [
    'an error of a client that nobody verified',
    () => authorizeUrl(host, { client_id: unverified, prompt: 'x' }),
    'prompt 中有未知的值',
  ],
  ['a sign-out to another address', () => `${host.issuer}/sso/end-session?post_logout_redirect_uri=x`, '退出'],
  ['a hint of another server', () => `${host.issuer}/sso/end-session?id_token_hint=x`, '不是本服务器签发的'],
  ['nothing to start', () => `${host.issuer}/sso/start/nobody`, '不能从此处发起登录'],
  ['a sign-in that is over', () => `${host.issuer}/sso/sign-in/${'x'.repeat(43)}`, '此次登录已结束'],
  ['nothing there', () => `${host.issuer}/nothing`, '此地址没有内容'],
] as const)('%s', (_, url, says) => {
  test('is told in Chinese', async () => {
    const page = await reader('zh-CN').get(url())
    expect(page.status).toBeGreaterThanOrEqual(400)
    expect(read(page)).toContain(says)
    expect(read(page)).not.toMatch(SENTENCE)
  })

  test('is told in English as ever', async () => {
    const page = await reader('en').get(url())
    expect(read(page)).not.toMatch(/\p{Script=Han}{3}/u)
    expect(read(page)).toMatch(SENTENCE)
  })
})

test('another method than those of a page is refused in Chinese', async () => {
  const headers = { 'accept-language': 'zh-CN', accept: 'text/html' }
  const reply = await fetch(authorizeUrl(host), { method: 'DELETE', headers })
  const page = { status: 405, url: reply.url, headers: reply.headers, html: await reply.text(), location: null }
  expect(reply.status).toBe(405)
  expect(read(page)).toContain('此地址不支持这种请求方法')
  expect(read(page)).not.toMatch(SENTENCE)
})

test('the text of the wire stays as it is, beside what it says in Chinese', async () => {
  const page = await reader('zh-CN').get(authorizeUrl(host, { redirect_uri: 'https://evil.test' }))
  expect(textOf(page, 'error-code')).toBe('invalid_request')
  expect(textOf(page, 'error-description')).toBe('redirect_uri is not registered for this client')
  expect(page.html).toContain('<dd id="error-description" lang="en">')
})

test('a client that is disabled is told from one that is not known in no language', async () => {
  for (const language of ['zh-CN', 'en']) {
    const [unknown, disabled] = await Promise.all(
      ['nobody', 'off'].map((client_id) => reader(language).get(authorizeUrl(host, { client_id }))),
    )
    const bare = (page: Page | undefined) => page?.html.replaceAll(/tr_\w+|(?<=client_id=)\w+/g, '')
    expect(bare(disabled)).toBe(bare(unknown))
  }
})

test('a database that does not answer is no crowd: the page says where its end is seen, in both languages', async () => {
  const away = Object.assign(new Error('away'), { name: 'StoreUnavailable' })
  const found = vi.spyOn(host.server.parts.store, 'findVisit').mockRejectedValue(away)
  try {
    const url = authorizeUrl(host, { client_id: 'web' })
    for (const [language, says] of [
      ['en', 'The server cannot answer at present. Please try again in a moment.'],
      ['zh-CN', '服务器暂时无法应答，请稍后再试。'],
    ] as const) {
      const page = await reader(language).get(url)
      expect(page.status).toBe(503)
      expect(page.html).toContain(says)
      expect(page.html).toContain('/readyz')
    }
  } finally {
    found.mockRestore()
  }
  const page = await reader('en').get(authorizeUrl(host, { client_id: 'web' }))
  expect(page.status).toBe(303)
})

test('two return addresses are not called none', async () => {
  const twice = await reader('en').get(
    authorizeUrl(host, { client_id: 'web', redirect_uri: ['https://a.test', 'https://b.test'] }),
  )
  expect(twice.html).toContain('incomplete or damaged')
  expect(twice.html).not.toContain('did not say where')
  const none = await reader('en').get(authorizeUrl(host, { client_id: 'web', redirect_uri: undefined }))
  expect(none.html).toContain('did not say where')
})
