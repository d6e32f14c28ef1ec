// How many calls of the database, and how many signatures, each operation may spend. Counted, never timed.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { asserted, assertion, newClientKey } from '../support/assertions.ts'
import { countingDriver } from '../support/counting-driver.ts'
import { proof } from '../support/proofs.ts'
import { basic, query, RelyingParty, tokensOf } from '../support/relying-party.ts'
import { CALLBACK, startServer, TEST_SECRET, type TestServer } from '../support/server.ts'

const API = 'https://api.test'
const JWT_API = 'https://jwt-api.test'

describe.each(['sqlite', 'postgres'] as const)('budgets on %s', (database) => {
  const counting = countingDriver()
  let host: TestServer
  let app: RelyingParty
  let page: RelyingParty
  let machine: RelyingParty
  const origin = { origin: new URL(CALLBACK).origin }

  beforeAll(async () => {
    host = await startServer({ database, wrap: counting.wrap, implicitAndHybrid: true })
    const hybrid = {
      grant_types: ['authorization_code', 'implicit'],
      response_types: ['code id_token token', 'id_token'],
    }
    await host.addClient('hybrid', 'openid-connect', { consent: 'implied', ...hybrid })
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addClient('page', 'spa', { consent: 'implied' })
    const settings = { grant_types: ['client_credentials'], response_types: [], scope: 'read' }
    await host.addClient('machine', 'openid-connect', settings)
    const signs = { token_endpoint_auth_method: 'client_secret_jwt' }
    await host.addClient('tv', 'device', { redirect_uris: [], consent: 'implied' })
    await host.addClient('signer', 'openid-connect', { ...settings, ...signs })
    const jwt = { tokenFormat: 'jwt', scope: 'read', clients: 'all' }
    await host.addResource(API, { scope: 'read', clients: 'all' })
    await host.addResource(JWT_API, jwt)
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app' })
    page = new RelyingParty({ host, clientId: 'page', secret: null })
    machine = new RelyingParty({ host, clientId: 'machine' })
    await app.tokens()
    await page.tokens()
    // Clients are read whole once a version; budgets are those of clients in use.
    await host.server.parts.store.listClients()
  })
  afterAll(() => host.close())

  /** Store calls and signatures of one operation. */
  async function spent<Result>(operation: () => Promise<Result>) {
    const signer = vi.spyOn(host.server.parts.keys, 'signer')
    try {
      const { result, reads, writes } = await counting.during(operation)
      return { result, calls: reads + writes, reads, writes, signatures: signer.mock.calls.length }
    } finally {
      signer.mockRestore()
    }
  }

  test('the counting itself sees reads, writes and signatures', async () => {
    const all = await spent(() => app.tokens())
    expect(all.reads).toBeGreaterThan(0)
    expect(all.writes).toBeGreaterThan(0)
    expect(all.signatures).toBe(1)
  })

  test('a client that was changed costs one read more, once', async () => {
    const { store, clock } = host.server.parts
    const { access } = await app.tokens()
    expect((await spent(() => app.userinfo(access))).calls).toBe(1)
    const record = await store.findClient('app')
    if (record === null) throw new Error('no client')
    const changed = { ...record.client, client_name: 'Another name' }
    const state = { enabled: true, version: record.version, killIssued: false }
    await store.updateClient(changed, state, { type: 'client_updated', at: clock.now(), clientId: 'app' })
    const first = await spent(() => app.userinfo(access))
    expect([first.result.status, first.reads]).toEqual([200, 2])
    expect((await spent(() => app.userinfo(access))).reads).toBe(1)
  })

  test('a silent authorization: one read, one write, no signature', async () => {
    const { calls, writes, signatures } = await spent(() => app.visitor.get(app.authorizeUrl({ prompt: 'none' })))
    expect([calls <= 2, writes, signatures]).toEqual([true, 1, 0])
  })

  test.each([
    ['code id_token token', 1],
    ['id_token', 1],
  ])('a silent authorization for %s: one read, one write, one signature', async (response_type, expected) => {
    const url = `${host.origin}/sso/authorize?${query({
      client_id: 'hybrid',
      response_type,
      redirect_uri: CALLBACK,
      scope: 'openid profile',
      nonce: 'n',
      prompt: 'none',
    })}`
    const { result, reads, writes, signatures } = await spent(() => app.visitor.get(url))
    expect(result.location).toContain('#')
    expect(result.location).toContain('id_token=')
    expect([reads, writes, signatures]).toEqual([1, 1, expected])
  })

  test('a request that is pushed: two calls; brought by a browser it costs one read more', async () => {
    const headers = { authorization: basic('app', TEST_SECRET) }
    const fields = new URL(app.authorizeUrl({ prompt: 'none' })).searchParams
    const pushed = await spent(() => fetch(`${host.origin}/sso/par`, { method: 'POST', headers, body: fields }))
    expect([pushed.result.status, pushed.reads <= 1, pushed.writes, pushed.signatures]).toEqual([201, true, 1, 0])
    const { request_uri } = (await pushed.result.json()) as { request_uri: string }
    const url = `${host.origin}/sso/authorize?${query({ client_id: 'app', request_uri })}`
    const { result, reads, writes, signatures } = await spent(() => app.visitor.get(url))
    expect(result.location).toContain('code=')
    expect([reads, writes, signatures]).toEqual([2, 1, 0])
  })

  test('single claims that were asked for cost no further call', async () => {
    const claims = '{"userinfo":{"email":null},"id_token":{"phone_number":null}}'
    const silent = await spent(() => app.visitor.get(app.authorizeUrl({ prompt: 'none', claims })))
    expect([silent.reads, silent.writes]).toEqual([1, 1])
    const { access } = tokensOf(await app.redeem(new URL(silent.result.location ?? '').searchParams.get('code') ?? ''))
    const told = await spent(() => app.userinfo(access))
    expect([told.calls, told.writes, told.result.status]).toEqual([1, 0, 200])
  })

  test('tokens by code: at most three calls, one write, one signature', async () => {
    const code = await app.code()
    const { result, calls, writes, signatures } = await spent(() => app.redeem(code))
    expect(result.status).toBe(200)
    expect(calls).toBeLessThanOrEqual(3)
    expect([writes, signatures]).toEqual([1, 1])
  })

  test('tokens by code without openid: no signature', async () => {
    const code = await app.code({ scope: 'profile' })
    const { result, calls, signatures } = await spent(() => app.redeem(code))
    expect(result.status).toBe(200)
    expect(calls).toBeLessThanOrEqual(3)
    expect(signatures).toBe(0)
  })

  test('refresh: at most two calls, one signature', async () => {
    const { refresh } = await app.tokens()
    const { result, calls, signatures } = await spent(() => app.refresh(refresh))
    expect(result.status).toBe(200)
    expect(calls).toBeLessThanOrEqual(2)
    expect(signatures).toBe(1)
  })

  test('the account page: four reads, however many applications; withdrawing: one read, one write', async () => {
    for (let each = 0; each < 20; each++) await host.addClient(`let-in-${each}`, 'openid-connect')
    const person = new RelyingParty({ host, clientId: 'let-in-0' })
    await person.tokens()
    for (let each = 1; each < 20; each++) {
      await new RelyingParty({ host, clientId: `let-in-${each}`, visitor: person.visitor }).code({ scope: 'openid' })
    }
    const page = await spent(() => person.visitor.get(`${host.origin}/sso/account`))
    expect(page.result.html.match(/id="withdraw-/g)).toHaveLength(20)
    expect([page.reads, page.writes, page.signatures]).toEqual([4, 0, 0])
    const asked = await spent(() => person.visitor.get(`${host.origin}/sso/account/withdraw?client_id=let-in-1`))
    expect([asked.result.status, asked.reads, asked.writes]).toEqual([200, 3, 0])
    const done = await spent(() => person.visitor.submit(asked.result, 'withdraw-confirm'))
    expect([done.result.status, done.reads, done.writes]).toEqual([303, 1, 1])
    const told = await spent(() => person.visitor.follow(done.result))
    expect([told.result.html.includes('id="done"'), told.reads, told.writes]).toEqual([true, 5, 0])
  })

  test('a sign-out: two reads, one write, no signature', async () => {
    const leaving = new RelyingParty({ host, clientId: 'app' })
    const { idToken } = await leaving.tokens()
    const url = `${host.origin}/sso/end-session?${query({ id_token_hint: idToken })}`
    const { result, reads, writes, signatures } = await spent(() => leaving.visitor.get(url))
    expect(result.html).toContain('Signed out')
    expect([reads, writes, signatures]).toEqual([2, 1, 0])
  })

  test('a repeated refresh writes its event and nothing else', async () => {
    const { refresh } = await app.tokens()
    tokensOf(await app.refresh(refresh))
    const { result, reads, writes } = await spent(() => app.refresh(refresh))
    expect(result.status).toBe(200)
    expect(reads).toBeLessThanOrEqual(2)
    expect(writes).toBe(1)
  })

  test('user info: at most two calls, no write, no signature', async () => {
    const { access } = await app.tokens()
    const { result, calls, writes, signatures } = await spent(() => app.userinfo(access))
    expect(result.status).toBe(200)
    expect(calls).toBeLessThanOrEqual(2)
    expect([writes, signatures]).toEqual([0, 0])
  })

  test('introspection: one call, no signature', async () => {
    const { access } = await app.tokens()
    const { result, calls, signatures } = await spent(() => app.introspect(access))
    expect(result.body['active']).toBe(true)
    expect([calls, signatures]).toEqual([1, 0])
  })

  test('revocation: one read, one write', async () => {
    const { access } = await app.tokens()
    const { result, reads, writes } = await spent(() => app.revoke(access))
    expect(result.status).toBe(200)
    expect([reads, writes]).toEqual([1, 1])
  })

  test('client credentials: at most two calls, no signature', async () => {
    const { result, calls, signatures } = await spent(() => machine.token({ grant_type: 'client_credentials' }))
    expect(result.status).toBe(200)
    expect(calls).toBeLessThanOrEqual(2)
    expect(signatures).toBe(0)
  })

  test.each([
    [API, 0],
    [JWT_API, 1],
  ])(
    'with the resource %s: one read more wherever it is asked for, %i signatures for the token',
    async (resource, signs) => {
      const url = `${app.authorizeUrl({ prompt: 'none' })}&resource=${encodeURIComponent(resource)}`
      const silent = await spent(() => app.visitor.get(url))
      expect([silent.reads, silent.writes, silent.signatures]).toEqual([2, 1, 0])
      const code = new URL(silent.result.location ?? '').searchParams.get('code') ?? ''
      const redeemed = await spent(() => app.redeem(code, { resource }))
      expect([redeemed.reads, redeemed.writes, redeemed.signatures]).toEqual([2, 1, 1 + signs])
      const { access, refresh } = tokensOf(redeemed.result)
      const refreshed = await spent(() => app.refresh(refresh, { resource }))
      expect([refreshed.reads, refreshed.writes, refreshed.signatures]).toEqual([2, 1, 1 + signs])
      const repeated = await spent(() => app.refresh(refresh, { resource }))
      expect([repeated.reads, repeated.writes, repeated.signatures]).toEqual([2, 1, 1])
      const told = await spent(() => app.introspect(access))
      expect([told.result.body['active'], told.calls, told.signatures]).toEqual([true, 1, 0])
      const refused = await spent(() => app.userinfo(access))
      expect([refused.result.status, refused.calls, refused.signatures]).toEqual([401, 1, 0])
      const revoked = await spent(() => app.revoke(access))
      expect([revoked.reads, revoked.writes]).toEqual([1, 1])
      const own = await spent(() => machine.token({ grant_type: 'client_credentials', resource }))
      expect([own.result.status, own.reads, own.writes, own.signatures]).toEqual([200, 2, 1, signs])
    },
  )

  test('an assertion costs one write more, and one that is refused none', async () => {
    const ask = async (claims: object) => {
      const proof = await assertion({ host, clientId: 'signer', claims: { ...claims } })
      const signer = new RelyingParty({ host, clientId: 'signer', secret: null })
      return spent(() => signer.token({ grant_type: 'client_credentials', ...asserted(proof) }, {}))
    }
    const good = await ask({})
    expect(good.result.status).toBe(200)
    expect([good.reads, good.writes]).toEqual([1, 2])
    const bad = await ask({ aud: 'https://other.test' })
    expect(bad.result.status).toBe(401)
    expect([bad.reads, bad.writes]).toEqual([1, 0])
  })

  test('a device: two calls to begin, one read each time it asks, one write for its tokens', async () => {
    const post = (path: string, fields: Record<string, string>) =>
      fetch(`${host.origin}/sso/${path}`, { method: 'POST', body: new URLSearchParams({ client_id: 'tv', ...fields }) })
    const begun = await spent(() => post('device-authorization', { scope: 'openid' }))
    expect([begun.result.status, begun.reads, begun.writes, begun.signatures]).toEqual([200, 1, 1, 0])
    const { device_code, user_code } = (await begun.result.json()) as Record<string, string>
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
    const asks = () => post('token', { grant_type, device_code: device_code ?? '' })
    const pending = await spent(asks)
    expect([pending.result.status, pending.reads, pending.writes]).toEqual([400, 1, 0])
    const { visitor } = app
    const confirm = await visitor.get(`${host.origin}/sso/device?user_code=${user_code}`)
    const answered = await spent(() => visitor.submit(confirm, 'device-allow'))
    expect([answered.result.location, answered.reads, answered.writes]).toEqual([
      `${host.issuer}/sso/device/done`,
      2,
      1,
    ])
    const fetched = await spent(asks)
    expect([fetched.result.status, fetched.reads, fetched.writes, fetched.signatures]).toEqual([200, 1, 1, 1])
  })

  test('a proof of a key costs one write more, and one that is refused none', async () => {
    const key = await newClientKey()
    const ask = async (dpop: string) =>
      spent(() => machine.token({ grant_type: 'client_credentials' }, { ...machine.credentials, dpop }))
    const good = await ask(await proof({ host, key }))
    expect([good.result.body['token_type'], good.reads, good.writes]).toEqual(['DPoP', 1, 2])
    const bad = await ask(await proof({ host, key, method: 'GET' }))
    expect([bad.result.status, bad.reads, bad.writes]).toEqual([400, 1, 0])
    const code = await app.code()
    const { access, refresh } = tokensOf(
      await app.redeem(code, {}, { ...app.credentials, dpop: await proof({ host, key }) }),
    )
    const dpop = await proof({ host, key, path: '/sso/userinfo', method: 'GET', accessToken: access })
    const headers = { authorization: `DPoP ${access}`, dpop }
    const told = await spent(() => fetch(`${host.origin}/sso/userinfo`, { headers }))
    expect([told.result.status, told.reads, told.writes]).toEqual([200, 1, 1])
    const again = { ...app.credentials, dpop: await proof({ host, key }) }
    const refreshed = await spent(() => app.refresh(refresh, {}, again))
    expect([refreshed.result.status, refreshed.reads, refreshed.writes]).toEqual([200, 1, 2])
  })

  test.each(['/sso/jwks', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])(
    '%s: no call, no signature',
    async (path) => {
      const { result, calls, signatures } = await spent(() => fetch(`${host.origin}${path}`))
      expect(result.status).toBe(200)
      expect([calls, signatures]).toEqual([0, 0])
    },
  )

  test('a refused request writes nothing', async () => {
    const wrong = { authorization: 'Basic YXBwOndyb25n' }
    const code = await app.code()
    for (const operation of [
      () => app.redeem(code, {}, wrong),
      () => app.refresh('unknown'),
      () => app.redeem('unknown'),
      () => app.userinfo('unknown'),
      () => app.introspect('unknown'),
      () => app.revoke('unknown'),
    ]) {
      const { calls, writes, signatures } = await spent(operation)
      expect(calls).toBeLessThanOrEqual(1)
      expect([writes, signatures]).toEqual([0, 0])
    }
    expect((await app.redeem(code)).status).toBe(200)
  })

  test('a page of another origin that may read the answer costs no more than its budget', async () => {
    const code = await page.code()
    const redeemed = await spent(() => page.redeem(code, {}, origin))
    expect(redeemed.result.headers.get('access-control-allow-origin')).toBe(origin.origin)
    expect(redeemed.calls).toBeLessThanOrEqual(3)
    const { refresh, access } = tokensOf(redeemed.result)
    const refreshed = await spent(() => page.refresh(refresh, {}, origin))
    expect(refreshed.result.headers.get('access-control-allow-origin')).toBe(origin.origin)
    expect(refreshed.calls).toBeLessThanOrEqual(2)
    const headers = { ...origin, authorization: `Bearer ${access}` }
    const told = await spent(() => fetch(`${host.origin}/sso/userinfo`, { headers }))
    expect(told.result.headers.get('access-control-allow-origin')).toBe(origin.origin)
    expect(told.calls).toBeLessThanOrEqual(2)
  })
})
