// More people than passwords can be checked for: some are asked to come back in a moment, at once, and nobody is held back for it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/credentials/digest.ts'
import { PasswordHashingBusy } from '../../src/credentials/hashing-queue.ts'
import { createKnownBrowsers } from '../../src/credentials/known-browsers.ts'
import { DEFAULT_LIMITS } from '../../src/options/defaults.ts'
import { newSecret } from '../../src/platform/random.ts'
import { createAttemptGate } from '../../src/sign-in/authenticators/limits.ts'
import { verifyPassword } from '../../src/sign-in/authenticators/password.ts'
import { startServer, TEST_PASSWORD, type TestServer } from '../support/server.ts'
import { formWith, type Page, Visitor } from '../support/visitor.ts'

let host: TestServer

beforeAll(async () => {
  host = await startServer({ trustedProxies: ['127.0.0.1'] })
  await host.addUser('alice')
})
afterAll(() => host.close())

/** Each from a network of its own: what is counted for one network says nothing here. */
const from = (at: number) => ({ headers: { 'x-forwarded-for': `198.18.${at % 250}.${1 + Math.floor(at / 250)}` } })

async function signInAs(visitor: Visitor, page: Page, at: number, username: string, password: string): Promise<Page> {
  const { action, fields } = formWith(page, 'login-submit')
  const { headers } = from(at)
  const options = { headers: { ...headers, origin: host.origin } }
  return visitor.post(new URL(action, page.url).href, { ...fields, username, password }, options)
}

describe('a crowd at the sign-in page', () => {
  test('RFC 9110 §15.6.4 is refused in part with 503 and Retry-After, and the trace says why', async () => {
    const crowd = await Promise.all(
      Array.from({ length: 250 }, async (_, at) => {
        const visitor = new Visitor()
        return { visitor, at, page: await visitor.get(`${host.issuer}/sso/account/sign-in`, from(at)) }
      }),
    )
    const answers = await Promise.all(
      crowd.map(({ visitor, at, page }) => signInAs(visitor, page, at, `nobody-${at}`, 'a wrong password')),
    )
    const refused = answers.filter(({ status }) => status === 503)
    expect(refused.length).toBeGreaterThan(10)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(250 - refused.length)
    for (const { headers, html } of refused) {
      expect(headers.get('retry-after')).toBe('3')
      expect(html).not.toContain('a wrong password')
    }
    const rules = async () => (await host.server.parts.store.listTraces(1_000)).map(({ outcome }) => outcome)
    await expect.poll(rules, { timeout: 10_000 }).toContain('sign_ins_crowded')
    expect(await rules()).not.toContain('unnamed')
    // Whoever was refused is let in a moment later, by the same page.
    const [last] = crowd.filter((_, at) => answers[at]?.status === 503)
    if (last === undefined) throw new Error('somebody was refused')
    expect((await signInAs(last.visitor, last.page, last.at, 'alice', TEST_PASSWORD)).status).toBe(303)
  })

  test('a person whose password is right is let in, though there is no time to make a better hash of it', async () => {
    const { store, master } = host.server.parts
    const hash = 'an old hash of it'
    const userId = await host.addUser('bob', { password: null, passwordHash: hash })
    const gate = createAttemptGate(store, host.clock, createKnownBrowsers(master), DEFAULT_LIMITS.guessing)
    let isCrowded = true
    const hasher = {
      hash: async () => {
        if (isCrowded) throw new PasswordHashingBusy()
        return 'a new hash of it'
      },
      verify: async () => ({ matches: true, upgrade: true }),
      verifyAgainstNobody: async () => ({ matches: false, upgrade: false }),
    }
    const signIn = () => {
      const visitHash = sha256(newSecret())
      const attempt = { username: 'bob', password: 'x', address: '198.51.100.7', visitHash, device: null }
      return verifyPassword({ store, hasher, gate }, attempt)
    }
    const stored = async () => (await store.findUser(userId))?.passwordHash
    expect((await signIn()).kind).toBe('signed_in')
    expect(await stored()).toBe(hash)
    isCrowded = false
    expect((await signIn()).kind).toBe('signed_in')
    expect(await stored()).toBe('a new hash of it')
  })
})
