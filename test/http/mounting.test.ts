import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { json } from '../../src/http/reply/replies.ts'
import { createNodeListener } from '../../src/http/server/node-adapter.ts'
import { createLog, silentLog } from '../../src/platform/log.ts'

const open: Server[] = []
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

async function serve(application: express.Express): Promise<string> {
  const server = createServer(application)
  open.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const listenerWith = (log = silentLog) =>
  createNodeListener(
    async ({ path, query, body }) => json(200, { path, query, body: Buffer.from(body).toString() }),
    { trustedProxies: [] },
    log,
  )

describe('in an Express application', () => {
  it('the whole path is seen, wherever the listener is mounted', async () => {
    const application = express().use('/auth', listenerWith())
    const reply = await fetch(`${await serve(application)}/auth/sso/token?a=b`, { method: 'POST', body: 'c=d' })
    expect(await reply.json()).toEqual({ path: '/auth/sso/token', query: 'a=b', body: 'c=d' })
    expect(reply.headers.get('cache-control')).toBe('no-store')
  })

  it('a body parser mounted before is named in the log instead of waiting for ever', async () => {
    const lines: string[] = []
    const application = express()
      .use(express.urlencoded({ extended: false }))
      .use(listenerWith(createLog('error', 'text', (line) => lines.push(line))))
    const address = await serve(application)
    const reply = await fetch(`${address}/`, { method: 'POST', body: new URLSearchParams({ a: 'b' }) })
    expect(reply.status).toBe(500)
    expect(lines.join()).toContain('mount it before any body parser')
    expect((await fetch(`${address}/`)).status).toBe(200)
  })
})
