// What a server says before any endpoint is asked: a browser gets a page in its language, a program JSON.

import { afterEach, describe, expect, it } from 'vitest'
import { toFetch } from '../../../src/http/fetch-adapter.ts'
import type { HttpReply } from '../../../src/http/message.ts'
import { noticeReply, STARTING } from '../../../src/http/notice.ts'
import { json } from '../../../src/http/reply/replies.ts'
import { type Listening, type ListenOptions, listen } from '../../../src/http/server/listen.ts'
import { NO_COMMAND_FLAGS } from '../../../src/model/commands/flags.ts'
import { brandOf } from '../../../src/pages/index.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { createNoticePages } from '../../../src/visitor/notice-pages.ts'
import { connectTo, pause, type RawConnection, statusOf } from '../raw-socket.ts'

const brand = brandOf({ productName: 'Night Shift' }, null)
const noticePages = createNoticePages({
  brand: () => brand,
  commandFlags: NO_COMMAND_FLAGS,
  defaultLocale: 'zh-CN',
})

const open: Listening[] = []
const visitors: RawConnection[] = []
afterEach(async () => {
  for (const { socket } of visitors.splice(0)) socket.destroy()
  for (const server of open.splice(0)) await server.close()
})

async function start(options: Partial<ListenOptions> = {}): Promise<number> {
  const handle = async (): Promise<HttpReply> => json(200, { ok: true })
  const settings = { host: '127.0.0.1', port: 0, handle, log: silentLog, trustedProxies: [], noticePages }
  const server = await listen({ ...settings, refuseAfter: 10, ...options })
  open.push(server)
  return server.port
}

/** Of replies with a body. */
const WHOLE = /(?:<\/html>\n|})$/

const PAGE = 'text/html,application/xhtml+xml,*/*;q=0.8'

/** As a browser and as a program sends it; what each was answered. */
async function asked(port: number, head: string, { body = '', end = WHOLE } = {}) {
  const as = async (...lines: readonly string[]) => {
    const visitor = connectTo(port)
    visitors.push(visitor)
    visitor.socket.write(`${[head, 'Host: h', ...lines].join('\r\n')}\r\n\r\n${body}`)
    return await visitor.until(end)
  }
  return {
    page: await as(`Accept: ${PAGE}`, 'Accept-Language: en'),
    chinese: await as(`Accept: ${PAGE}`),
    program: await as('Accept: application/json'),
  }
}

function expectNotice(replies: Awaited<ReturnType<typeof asked>>, status: number, title: string, titel: string) {
  for (const reply of [replies.page, replies.chinese]) {
    expect(statusOf(reply)).toBe(status)
    expect(reply).toContain('Night Shift')
    expect(reply).toMatch(/\r\ncontent-security-policy: default-src 'none'/)
    expect(reply).toMatch(/\r\ncache-control: no-store\r\n/)
  }
  expect(replies.page).toContain(`<h1>${title}</h1>`)
  expect(Buffer.from(replies.chinese, 'latin1').toString()).toContain(`<h1>${titel}</h1>`)
  expect(statusOf(replies.program)).toBe(status)
  expect(replies.program).toMatch(/\r\ncontent-type: application\/json[^]*"error_description":"[ -~]+"}$/)
}

describe('a server that has too much to do', () => {
  /** One request is in flight and never ends. */
  async function crowded(options: Partial<ListenOptions>): Promise<number> {
    const handle = () => new Promise<HttpReply>(() => undefined)
    const port = await start({ handle, requestsInFlight: 1, timeouts: { close: 100 }, ...options })
    const first = connectTo(port)
    visitors.push(first)
    first.socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await pause(50)
    return port
  }

  it('says so on a page to whoever finds no place in line', async () => {
    const replies = await asked(await crowded({ requestsInLine: 0 }), 'GET /sso/authorize HTTP/1.1')
    expectNotice(replies, 503, 'The server is very busy', '服务器正忙')
    for (const reply of Object.values(replies)) expect(reply).toMatch(/\r\nretry-after: 1\r\n/)
  })

  it('says so on a page to whoever has waited in line for too long', async () => {
    const replies = await asked(await crowded({}), 'GET /sso/authorize HTTP/1.1')
    expectNotice(replies, 503, 'The server is very busy', '服务器正忙')
  })

  it("says so on a page to whose request Node's parser read", async () => {
    const replies = await asked(await crowded({ requestsInLine: 0 }), 'GET /sso/authorize HTTP/1.1\r\nTE: trailers')
    expectNotice(replies, 503, 'The server is very busy', '服务器正忙')
  })
})

describe('a server that is starting', () => {
  it('says so on a page; a program gets the status and nothing else', async () => {
    const port = await start({ handle: async (request) => noticeReply(STARTING, request, noticePages) })
    const { page, chinese, program } = await asked(port, 'GET / HTTP/1.1', { end: /\r\n\r\n$|<\/html>\n$/ })
    expect(page).toMatch(/^HTTP\/1\.1 503 [^]*\r\nretry-after: 1\r\n[^]*<h1>The server is starting<\/h1>/)
    expect(Buffer.from(chinese, 'latin1').toString()).toContain('<h1>服务器正在启动</h1>')
    expect(program).toMatch(/^HTTP\/1\.1 503 [^]*\r\ncontent-length: 0\r\n[^]*\r\n\r\n$/)
  })
})

describe('a body that is too large', () => {
  it('is refused on a page, and the same with a fitting one is answered', async () => {
    const port = await start({ maxBody: 10 })
    const large = await asked(port, 'POST /form HTTP/1.1\r\nContent-Length: 11', { body: 'a'.repeat(11) })
    expectNotice(large, 413, 'That was too large', '内容太大')
    const fits = await asked(port, 'POST /form HTTP/1.1\r\nContent-Length: 10', { body: 'a'.repeat(10) })
    for (const reply of Object.values(fits)) expect(reply).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n{"ok":true}$/)
  })

  it('is refused on a page by the Fetch adapter', async () => {
    const fetchIt = toFetch(async () => json(200, {}), { maxBody: 10, noticePages })
    const post = (accept: string) =>
      fetchIt(new Request('http://h/form', { method: 'POST', body: 'a'.repeat(11), headers: { accept } }))
    const page = await post(PAGE)
    expect(page.status).toBe(413)
    expect(await page.text()).toContain('<h1>内容太大</h1>')
    const program = await post('*/*')
    expect(program.status).toBe(413)
    expect(await program.json()).toEqual({ error: 'invalid_request', error_description: 'The body is too large' })
  })
})

describe('a file that is too large', () => {
  const settings = { maxBody: 10, largeBody: (path: string) => (path === '/file' ? 20 : undefined), noticePages }

  it('is refused on a page that says how large files are imported, a form on one that does not', async () => {
    const port = await start(settings)
    const file = await asked(port, 'POST /file HTTP/1.1\r\nContent-Length: 21', { body: 'a'.repeat(21) })
    expectNotice(file, 413, 'That was too large', '文件太大')
    expect(file.page).toContain('lingpai user import')
    const form = await asked(port, 'POST /form HTTP/1.1\r\nContent-Length: 21', { body: 'a'.repeat(21) })
    expectNotice(form, 413, 'That was too large', '内容太大')
    for (const reply of Object.values(form)) expect(reply).not.toContain('lingpai user')
  })

  it('is told so by the Fetch adapter too', async () => {
    const fetchIt = toFetch(async () => json(200, {}), settings)
    const post = async (path: string) => {
      const init = { method: 'POST', body: 'a'.repeat(21), headers: { accept: PAGE } }
      return await (await fetchIt(new Request(`http://h${path}`, init))).text()
    }
    expect(await post('/file')).toContain('lingpai user import')
    expect(await post('/form')).not.toContain('lingpai user')
  })
})

describe('a second file from one address', () => {
  it('is refused on a page that says when to send it again', async () => {
    const port = await start({ maxBody: 10, largeBody: () => 50_000 })
    const first = connectTo(port)
    visitors.push(first)
    first.socket.write(`POST /file HTTP/1.1\r\nHost: h\r\nContent-Length: 40000\r\n\r\n`)
    await pause(50)
    const replies = await asked(port, 'POST /file HTTP/1.1\r\nContent-Length: 20', { body: 'a'.repeat(20) })
    expectNotice(replies, 503, 'Please send the file again', '请重新发送文件')
    for (const reply of Object.values(replies)) expect(reply).toMatch(/\r\nretry-after: 5\r\n/)
    first.socket.write('a'.repeat(40_000))
    expect(statusOf(await first.until(/}$/))).toBe(200)
  })
})
