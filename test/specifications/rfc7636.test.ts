// RFC 7636, PKCE, with S256 only (RFC 9700 §2.1.1).

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { challengeOf, expectInvalidGrant, PKCE, RelyingParty, VERIFIER } from '../support/relying-party.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'

describe.each(['sqlite', 'postgres'] as const)('PKCE on %s', (database) => {
  let host: TestServer
  let app: RelyingParty
  let page: RelyingParty

  beforeAll(async () => {
    host = await startServer({ database })
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addClient('careful', 'openid-connect', { consent: 'implied', authorize: { pkce: 'required' } })
    await host.addClient('without', 'openid-connect', { consent: 'implied', authorize: { pkce: 'off' } })
    await host.addClient('page', 'spa', { consent: 'implied' })
    await host.addClient('old-page', 'spa', { consent: 'implied', authorize: { pkce: 'unprotected' } })
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app' })
    page = new RelyingParty({ host, clientId: 'page', secret: null })
  })
  afterAll(() => host.close())

  /** The error reaches the client before anybody is asked to sign in, with state and iss. */
  async function expectRefused(client: RelyingParty, parameters: Record<string, string | undefined>, raw = '') {
    const reply = await fetch(`${client.authorizeUrl(parameters)}${raw}`, { redirect: 'manual' })
    expect(reply.status).toBe(302)
    const answer = new URL(reply.headers.get('location') ?? '')
    expect(answer.origin + answer.pathname).toBe(CALLBACK)
    expect(Object.fromEntries(answer.searchParams)).toEqual({
      error: 'invalid_request',
      error_description: expect.any(String),
      state: 'state-of-this-test',
      iss: host.issuer,
    })
  }

  test('§4.4.1 a public client must send a challenge', async () => {
    await expectRefused(page, { code_challenge: undefined, code_challenge_method: undefined })
    expect((await page.tokens()).access).not.toBe('')
  })

  test('RFC 9700 §2.1.1 a public client that an operator left unprotected may do without, and what it sends binds', async () => {
    const old = new RelyingParty({ host, clientId: 'old-page', secret: null })
    const none = { code_challenge: undefined, code_challenge_method: undefined }
    const plain = await old.code(none)
    expectInvalidGrant(await old.redeem(plain, { code_verifier: VERIFIER }))
    expect((await old.redeem(await old.code(none), { code_verifier: undefined })).status).toBe(200)
    const bound = await old.code(PKCE)
    expectInvalidGrant(await old.redeem(bound, { code_verifier: undefined }))
    expect((await old.redeem(await old.code(PKCE), { code_verifier: VERIFIER })).status).toBe(200)
  })

  test('§4.4.1 so must a confidential client that is registered to', async () => {
    const careful = new RelyingParty({ host, clientId: 'careful' })
    await expectRefused(careful, {})
    const code = await careful.code(PKCE)
    expect((await careful.redeem(code, { code_verifier: VERIFIER })).status).toBe(200)
  })

  test('§4.3 other confidential clients may do without', async () => {
    expect((await app.redeem(await app.code())).status).toBe(200)
  })

  test.each(['plain', undefined, 's256', 'S512', 'none', ''])('§4.2 the method %s is refused', async (method) => {
    for (const client of [app, page]) {
      await expectRefused(client, { code_challenge: challengeOf(VERIFIER), code_challenge_method: method })
    }
  })

  test.each([
    ['empty', ''],
    ['too short', challengeOf(VERIFIER).slice(1)],
    ['too long', `${challengeOf(VERIFIER)}A`],
    ['padded', `${challengeOf(VERIFIER)}=`],
    ['standard base64', `${challengeOf(VERIFIER).slice(0, 41)}+/`],
  ])('§4.2 a challenge that is %s is refused', async (_, code_challenge) => {
    for (const client of [app, page]) await expectRefused(client, { ...PKCE, code_challenge })
  })

  test('§4.2 a challenge sent twice is refused', async () => {
    for (const name of ['code_challenge', 'code_challenge_method'] as const) {
      await expectRefused(app, PKCE, `&${name}=${PKCE[name]}`)
    }
    expect((await app.redeem(await app.code(PKCE), { code_verifier: VERIFIER })).status).toBe(200)
  })

  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['wrong', `${VERIFIER.slice(1)}A`],
    ['in another letter case', VERIFIER.toUpperCase()],
    ['padded', `${VERIFIER}=`],
    ['the challenge itself', challengeOf(VERIFIER)],
  ])('§4.6 a verifier that is %s is refused, and the right one still works', async (_, code_verifier) => {
    for (const client of [app, page]) {
      const code = await client.code(PKCE)
      expectInvalidGrant(await client.redeem(code, { code_verifier }))
      expect((await client.redeem(code, { code_verifier: VERIFIER })).status).toBe(200)
    }
  })

  test.each([
    ['43 characters', 'a'.repeat(43), true],
    ['128 characters', 'b'.repeat(128), true],
    ['every unreserved sign', `${'a'.repeat(40)}-._~`, true],
    ['42 characters', 'a'.repeat(42), false],
    ['129 characters', 'b'.repeat(129), false],
    ['a plus', `${'a'.repeat(43)}+`, false],
    ['a slash', `${'a'.repeat(43)}/`, false],
    ['an equals sign', `${'a'.repeat(43)}=`, false],
    ['a blank', `${'a'.repeat(43)} `, false],
  ])('§4.1 a verifier of %s', async (_, verifier, good) => {
    const code = await app.code({ ...PKCE, code_challenge: challengeOf(verifier) })
    const reply = await app.redeem(code, { code_verifier: verifier })
    if (good) expect(reply.status).toBe(200)
    else expectInvalidGrant(reply)
  })

  test('RFC 9700 §4.8.2 a verifier without a challenge before it is a downgrade', async () => {
    const code = await app.code()
    expectInvalidGrant(await app.redeem(code, { code_verifier: VERIFIER }))
    expect((await app.redeem(code)).status).toBe(200)
  })

  test('RFC 9700 §4.5 the code of one flow and the verifier of another do not fit', async () => {
    const verifier = 'another-verifier-of-another-flow-that-is-long-enough'
    const one = await app.code(PKCE)
    const two = await app.code({ ...PKCE, code_challenge: challengeOf(verifier) })
    expectInvalidGrant(await app.redeem(one, { code_verifier: verifier }))
    expectInvalidGrant(await app.redeem(two, { code_verifier: VERIFIER }))
    expect((await app.redeem(one, { code_verifier: VERIFIER })).status).toBe(200)
    expect((await app.redeem(two, { code_verifier: verifier })).status).toBe(200)
  })

  test('RFC 6819 §4.4.1 the fifth wrong verifier kills the code', async () => {
    const code = await page.code()
    for (let count = 0; count < 5; count++)
      expectInvalidGrant(await page.redeem(code, { code_verifier: 'x'.repeat(43) }))
    expectInvalidGrant(await page.redeem(code))
    const spared = await page.code()
    for (let count = 0; count < 4; count++) {
      expectInvalidGrant(await page.redeem(spared, { code_verifier: 'x'.repeat(43) }))
    }
    expect((await page.redeem(spared)).status).toBe(200)
  })

  test('with pkce off a challenge is not looked at, and a verifier either', async () => {
    const without = new RelyingParty({ host, clientId: 'without' })
    expect((await without.redeem(await without.code(PKCE))).status).toBe(200)
    expect((await without.redeem(await without.code(PKCE), { code_verifier: VERIFIER })).status).toBe(200)
  })

  test('RFC 8414 §2 metadata lists S256 alone', async () => {
    const metadata = (await (await fetch(`${host.issuer}/.well-known/openid-configuration`)).json()) as object
    expect(metadata).toMatchObject({ code_challenge_methods_supported: ['S256'] })
  })
})
