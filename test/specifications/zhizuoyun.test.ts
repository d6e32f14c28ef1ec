// The contract of 制作云, played with the example values of its guide, byte for byte.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, TEST_PASSWORD, TEST_SECRET, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const CLIENT_ID = 'test02a9a046bb3ba62591cc25a296fe'
const BASIC = 'Basic dGVzdDAyYTlhMDQ2YmIzYmE2MjU5MWNjMjVhMjk2ZmU6dGVzdDE3MjQxZDc2ZDc1YjM3NGY5YTI4NDNjZmU4NzE='
const CALLBACK = 'https://api.vs.tencent.com/Oauth/Login/Callback'
const EXAMPLE =
  '/sso/authorize?response_type=code&scope=openid%20profile%20email&client_id=test02a9a046bb3ba62591cc25a296fe' +
  '&state=anchor%3Dlivepush%26platform%3D1500004462&redirect_uri=https%3A%2F%2Fapi.vs.tencent.com%2FOauth%2FLogin%2FCallback'

describe.each(['sqlite', 'postgres'] as const)('the guide, on %s', (database) => {
  let host: TestServer
  beforeAll(async () => {
    host = await startServer({ database })
    await host.addClient(CLIENT_ID, 'zhizuoyun', { client_name: '制作云' }, TEST_SECRET)
    await host.addUser('alice', {
      userId: 'f7b2da72-8200-484d-89c9-9aee1a75bd0f',
      profile: { displayName: '张三' },
      phone: '+8613800138000',
      phoneVerified: true,
    })
  })
  afterAll(() => host.close())

  test('the example of the guide ends in a recognised user', async () => {
    const visitor = new Visitor()
    const asked = await visitor.get(`${host.issuer}${EXAMPLE}`)
    expect(asked.status).toBe(303)
    const signIn = await visitor.follow(asked)
    expect(signIn.html).toContain('Sign in')
    const consent = await visitor.follow(
      await visitor.submit(signIn, 'login-submit', { username: 'alice', password: TEST_PASSWORD }),
    )
    expect(consent.html).toContain('制作云')
    const answered = await visitor.submit(consent, 'consent-allow')
    expect(answered.status).toBe(303)
    const location = answered.headers.get('location') ?? ''
    const code = new URL(location).searchParams.get('code') ?? ''
    expect(code).toMatch(/^[A-Za-z0-9]{50}$/)
    expect(location).toBe(`${CALLBACK}?code=${code}&state=anchor%3Dlivepush%26platform%3D1500004462`)

    const token = await fetch(`${host.issuer}/sso/token`, {
      method: 'POST',
      headers: { authorization: BASIC, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK }),
    })
    expect(token.status).toBe(200)
    expect(token.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(token.headers.get('cache-control')).toBe('no-store')
    const tokens = (await token.json()) as Record<string, unknown>
    expect(tokens).toEqual({
      access_token: expect.stringMatching(/^[A-Za-z0-9]{50}$/),
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.stringMatching(/^[A-Za-z0-9]{64}$/),
      scope: 'openid profile email',
      id_token: expect.any(String),
    })

    const userinfo = await fetch(`${host.issuer}/sso/userinfo`, {
      headers: { authorization: `Bearer ${String(tokens['access_token'])}` },
    })
    expect(userinfo.status).toBe(200)
    expect(await userinfo.json()).toEqual({
      sub: 'f7b2da72-8200-484d-89c9-9aee1a75bd0f',
      user_id: 'f7b2da72-8200-484d-89c9-9aee1a75bd0f',
      name: '张三',
      phone_number: '13800138000',
      phone_number_verified: true,
    })
  })
})
