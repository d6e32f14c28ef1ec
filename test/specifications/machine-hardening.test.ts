// What holds for every machine endpoint: headers, odd input, stores that fail, and nothing readable left in the
// database. SECURITY groups H, T and I.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Driver, Step } from '../../src/store/database/driver.ts'
import { StoreUnavailable } from '../../src/store/database/driver.ts'
import { runOn } from '../support/postgres.ts'
import { ask, expectInvalidGrant, expectInvalidToken, form, RelyingParty, tokensOf } from '../support/relying-party.ts'
import { startServer, TEST_PASSWORD, TEST_SECRET, type TestServer } from '../support/server.ts'

/** A driver that refuses while it is told to, before or after the commit. */
function fragileDriver() {
  let fails: 'never' | 'before' | 'after' | 'reads' = 'never'
  const refuse = () => {
    throw new StoreUnavailable('the database went away')
  }
  const wrap = (driver: Driver): Driver => ({
    ...driver,
    dialect: driver.dialect,
    async rows(statement, bind) {
      if (fails === 'reads') refuse()
      return driver.rows(statement, bind)
    },
    async atomic(steps: readonly Step[]) {
      if (fails === 'before' || fails === 'reads') refuse()
      const result = await driver.atomic(steps)
      if (fails === 'after') refuse()
      return result
    },
    script: (sql) => driver.script(sql),
    close: () => driver.close(),
  })
  return {
    wrap,
    async failing<Result>(how: 'before' | 'after' | 'reads', operation: () => Promise<Result>): Promise<Result> {
      fails = how
      try {
        return await operation()
      } finally {
        fails = 'never'
      }
    },
  }
}

describe.each(['sqlite', 'postgres'] as const)('a store that fails, on %s', (database) => {
  const fragile = fragileDriver()
  let host: TestServer
  let app: RelyingParty

  beforeAll(async () => {
    host = await startServer({ database, wrap: fragile.wrap })
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app' })
  })
  afterAll(() => host.close())

  const post = (path: string, fields: Record<string, string>) =>
    fetch(`${host.origin}${path}`, { method: 'POST', headers: app.credentials, body: form(fields) })
  async function expectUnavailable(reply: Response): Promise<void> {
    expect(reply.status).toBe(503)
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(reply.headers.get('cache-control')).toBe('no-store')
    const text = await reply.text()
    expect(text).not.toContain('went away')
    expect(text).not.toContain('access_token')
    expect(text).not.toContain('active')
  }

  test.each(['before', 'after', 'reads'] as const)(
    'RFC 9700 §4.14 a refresh that failed (%s) can be repeated',
    async (how) => {
      const { refresh } = await app.tokens()
      const asked = { grant_type: 'refresh_token', refresh_token: refresh }
      await expectUnavailable(await fragile.failing(how, () => post('/sso/token', asked)))
      const again = tokensOf(await app.refresh(refresh))
      expect((await app.userinfo(again.access)).status).toBe(200)
      host.clock.advance(31)
      expectInvalidGrant(await app.refresh(refresh))
      expectInvalidToken(await app.userinfo(again.access))
    },
  )

  test.each(['before', 'reads'] as const)('§4.1.2 a redemption that failed (%s) leaves the code good', async (how) => {
    const code = await app.code()
    const asked = { grant_type: 'authorization_code', code, redirect_uri: app.redirectUri }
    await expectUnavailable(await fragile.failing(how, () => post('/sso/token', asked)))
    expect((await app.redeem(code)).status).toBe(200)
  })

  test('RFC 7009 §2.2.1 a revocation that failed is 503, never 200, and nothing is revoked', async () => {
    const { access } = await app.tokens()
    for (const how of ['before', 'reads'] as const) {
      await expectUnavailable(await fragile.failing(how, () => post('/sso/revoke', { token: access })))
      expect((await app.userinfo(access)).status).toBe(200)
    }
    expect((await app.revoke(access)).status).toBe(200)
    expectInvalidToken(await app.userinfo(access))
  })

  test('introspection and user info fail closed', async () => {
    const { access } = await app.tokens()
    await expectUnavailable(await fragile.failing('reads', () => post('/sso/introspect', { token: access })))
    const headers = { authorization: `Bearer ${access}` }
    await expectUnavailable(await fragile.failing('reads', () => fetch(`${host.origin}/sso/userinfo`, { headers })))
    expect((await app.introspect(access)).body['active']).toBe(true)
  })
})

describe('odd input', () => {
  let host: TestServer
  let app: RelyingParty

  beforeAll(async () => {
    host = await startServer()
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app' })
  })
  afterAll(() => host.close())

  const ODD = [
    'client_id[$ne]=x&grant_type=authorization_code',
    'client_id[]=app&grant_type=authorization_code',
    'a.b=c&grant_type=client_credentials',
    '__proto__[x]=1&constructor[prototype]=1&grant_type=refresh_token',
    'grant_type=%00&client_id=%00',
    'grant_type=authorization_code&code=%00%00&client_id=app',
    "grant_type=authorization_code&code=' OR 1=1 --&client_id=app",
    'grant_type=authorization_code&code=%ff%fe&client_id=app',
    'grant_type=authorization_code&code=%zz&client_id=app',
    `grant_type=${'x'.repeat(5000)}&client_id=app`,
    `client_id=${'x'.repeat(5000)}&grant_type=authorization_code`,
    'client_id=app%0d%0aset-cookie:%20a=b&grant_type=authorization_code',
    `client_id=${encodeURIComponent('<script>"\\')}&grant_type=${encodeURIComponent('<script>"\\')}`,
    '&&&===&',
    `${'a=1&'.repeat(300)}grant_type=x`,
    '\u{1f600}=\u{1f600}',
  ]

  test.each(['/sso/token', '/sso/introspect', '/sso/revoke'])('RFC 6749 §5.2 %s refuses it cleanly', async (path) => {
    for (const body of ODD) {
      const type = { 'content-type': 'application/x-www-form-urlencoded' }
      for (const headers of [type, { ...type, ...app.credentials }]) {
        const reply = await ask(`${host.origin}${path}`, { method: 'POST', headers, body })
        // With credentials, revocation and introspection take most of these for requests without a token.
        expect([400, 401]).toContain(reply.status)
        expect(reply.headers.get('set-cookie')).toBeNull()
        expect(reply.text).not.toContain('<script>')
      }
    }
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
    expect((await app.tokens()).access).not.toBe('')
  })

  test.each(['gzip', 'br', 'unknown'])('RFC 9110 §8.4 a body in %s is not read', async (encoding) => {
    const code = await app.code()
    const body = form({ grant_type: 'authorization_code', code, redirect_uri: app.redirectUri })
    const headers = { ...app.credentials, 'content-encoding': encoding }
    const reply = await ask(`${host.origin}/sso/token`, { method: 'POST', headers, body })
    expect([400, 415]).toContain(reply.status)
    expect((await app.redeem(code)).status).toBe(200)
  })

  test('RFC 9700 §4.14 the tokens of two people in one browser stay apart', async () => {
    await host.addUser('bob')
    const first = await app.tokens()
    const bob = new RelyingParty({ host, clientId: 'app', username: 'bob' })
    for (const [name, value] of app.visitor.cookies) bob.visitor.cookies.set(name, value)
    const second = await bob.tokens({ prompt: 'login' })
    expect((await app.userinfo(second.access)).body['sub']).toBe('user-bob')
    const again = tokensOf(await app.refresh(first.refresh))
    expect((await app.userinfo(again.access)).body['sub']).toBe('user-alice')
  })
})

test('no secret, code, token or password is readable in the database', async () => {
  const host = await startServer({ database: 'postgres' })
  try {
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addUser('alice')
    const app = new RelyingParty({ host, clientId: 'app' })
    const code = await app.code()
    const first = await app.tokens()
    const second = tokensOf(await app.refresh(first.refresh))
    const session = app.visitor.cookies.get('lingpai-session') ?? ''
    expect(session).toMatch(/^[A-Za-z0-9]{43}$/)
    const secrets = [
      code,
      first.access,
      first.refresh,
      second.access,
      second.refresh,
      session,
      TEST_SECRET,
      TEST_PASSWORD,
    ]
    const conditions = secrets.map((secret) => `position('${secret}' in query_to_xml) > 0`).join(' OR ')
    // Every row of every table as text; an error names the finding.
    const search = (condition: string) => `DO $$ DECLARE t record; found boolean; BEGIN
      FOR t IN SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' LOOP
        EXECUTE format('SELECT coalesce(bool_or(%s), false) FROM (SELECT query_to_xml(''SELECT * FROM %I'', true, true, '''')::text) q', ${quote(condition)}, t.table_name) INTO found;
        IF found THEN RAISE EXCEPTION 'found in %', t.table_name; END IF;
      END LOOP; END $$`
    await runOn(host.databaseUrl ?? '', search(conditions))
    // The search does find what is there.
    await expect(runOn(host.databaseUrl ?? '', search(`position('alice' in query_to_xml) > 0`))).rejects.toThrow(
      /found in/,
    )
  } finally {
    await host.close()
  }
})

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

describe.each(['sqlite', 'postgres'] as const)(
  'Basic credentials that no database can be asked for, on %s',
  (database) => {
    let host: TestServer
    beforeAll(async () => {
      host = await startServer({ database })
      await host.addClient('plain', 'openid-connect', {
        grant_types: ['authorization_code', 'client_credentials'],
      })
    })
    afterAll(() => host.close())

    test.each(['pla\0in:secret', 'plain:sec\0ret', 'pla%00in:secret', 'plain%00:x', '\0:'])(
      'H10 %j is refused as any wrong ones',
      async (pair) => {
        const send = (text: string) =>
          fetch(`${host.issuer}/sso/token`, {
            method: 'POST',
            headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` },
            body: new URLSearchParams({ grant_type: 'client_credentials' }),
          })
        const refused = await send(pair)
        expect(refused.status).toBe(401)
        expect(await refused.json()).toMatchObject({ error: 'invalid_client' })
        expect((await send(`plain:${TEST_SECRET}`)).status).toBe(200)
      },
    )
  },
)
