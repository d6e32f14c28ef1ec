// An operator who has tried everything on the machine's own address and then names the public one in the set-up: the
// next start answers there, without a flag, and the set-up goes on where it was.

import { request } from 'node:http'
import { afterAll, expect, it } from 'vitest'
import { ADMINISTRATOR } from '../administration/set-up/builders.ts'
import { lingpai, lingpaiJson, scratchFolder, startLingpai } from '../support/cli.ts'
import { Visitor } from '../support/visitor.ts'

const scratch = scratchFolder()
afterAll(() => scratch.remove())

/** RFC 6761 §6.4: this name belongs to nobody. */
const ISSUER = 'https://sso.lingpai.invalid'

it('the public address that the set-up has kept is the one of the next start', async () => {
  const data = scratch.path('moved')
  const first = await startLingpai(['--data', data])
  const visitor = new Visitor()
  const opened = await visitor.submit(await visitor.get(first.setupLink ?? ''), 'open')
  const address = await visitor.follow(await visitor.submit(await visitor.follow(opened), 'continue', ADMINISTRATOR))
  const warned = await visitor.follow(await visitor.submit(address, 'continue', { issuer: ISSUER }))
  const kept = await visitor.follow(await visitor.submit(warned, 'continue'))
  expect(kept.url).toContain('step=connect')
  // Until then nothing changes for those who sign in at the former one.
  expect((await visitor.get(`${first.issuer}/.well-known/openid-configuration`)).html).toContain(`"${first.issuer}"`)
  await first.stop()

  const second = await startLingpai(['--data', data, '--trusted-proxies', '127.0.0.1'])
  try {
    expect(second.issuer).toBe(ISSUER)
    const { tokenEndpoint } = await throughProxy(second.port)
    expect(tokenEndpoint).toBe(`${ISSUER}/sso/token`)
    const { setup_link: url } = await lingpaiJson<{ setup_link: string }>(['setup-link', '--data', data])
    expect(url.startsWith(`${ISSUER}/sso/set-up/`)).toBe(true)
  } finally {
    await second.stop()
  }
  const former = await lingpai(['start', '--data', data, '--port', '0', '--issuer', first.issuer])
  expect(former.code).not.toBe(0)
  expect(former.stderr).toContain('--accept-new-issuer')
})

/** As the proxy at the public address asks. */
function throughProxy(port: number): Promise<{ readonly tokenEndpoint: string }> {
  return new Promise((resolve, reject) => {
    const headers = { host: new URL(ISSUER).host, 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' }
    const path = '/.well-known/openid-configuration'
    const asked = request({ host: '127.0.0.1', port, path, headers }, (reply) => {
      let body = ''
      reply.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      reply.on('end', () => {
        const { token_endpoint: tokenEndpoint } = JSON.parse(body) as { token_endpoint: string }
        resolve({ tokenEndpoint })
      })
    })
    asked.on('error', reject).end()
  })
}
