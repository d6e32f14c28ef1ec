// Races: between the read on which a decision rests and the write that makes it true, the ground is taken away. The
// guards of the write must notice, and nothing may be issued.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/credentials/digest.ts'
import type { Driver } from '../../src/store/database/driver.ts'
import { CAUSES, type Case } from '../support/causes.ts'
import { isByTheClock } from '../support/counting-driver.ts'
import { RelyingParty, type Reply, type Tokens } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** Runs a task before the next write, once. */
function interruptibleDriver() {
  let pending: (() => Promise<void>) | null = null
  return {
    beforeNextWrite(task: () => Promise<void>) {
      pending = task
    },
    get interrupted() {
      return pending === null
    },
    wrap: (driver: Driver): Driver => ({
      ...driver,
      dialect: driver.dialect,
      rows: (statement, bind) => driver.rows(statement, bind),
      async atomic(steps) {
        if (isByTheClock(steps)) return driver.atomic(steps)
        const task = pending
        pending = null
        await task?.()
        return driver.atomic(steps)
      },
      script: (sql) => driver.script(sql),
      close: () => driver.close(),
    }),
  }
}

describe.each(['sqlite', 'postgres'] as const)('what happens between read and write, on %s', (database) => {
  const driver = interruptibleDriver()
  let host: TestServer
  let count = 0

  beforeAll(async () => {
    host = await startServer({ database, wrap: driver.wrap })
  })
  afterAll(() => host.close())

  async function prepare(): Promise<{ of: Case; client: RelyingParty; code: string; tokens: Tokens }> {
    count++
    const clientId = `client-${count}`
    const username = `person-${count}`
    const settings = {
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      scope: 'openid profile read',
      reply: { refreshToken: 'always' },
    }
    await host.addClient(clientId, 'openid-connect', settings)
    const userId = await host.addUser(username)
    const client = new RelyingParty({ host, clientId, username, scope: 'openid profile' })
    const tokens = await client.tokens()
    const code = await client.code()
    const secret = client.visitor.cookies.get('lingpai-session') ?? ''
    const now = host.clock.now()
    const [signedIn] = await host.server.parts.store.findSessions([sha256(secret)], now, now - 3600)
    if (signedIn === undefined) throw new Error('no session')
    return { of: { host, userId, clientId, sessionId: signedIn.session.sessionId }, client, code, tokens }
  }

  const issuesNothing = (reply: Reply) => {
    expect([400, 401]).toContain(reply.status)
    expect(reply.body).not.toHaveProperty('access_token')
    expect(['invalid_grant', 'invalid_client']).toContain(reply.body['error'])
  }

  describe.each(CAUSES)('$name', (cause) => {
    test('no tokens for the code', async () => {
      const { of, client, code } = await prepare()
      driver.beforeNextWrite(() => cause.happen(of))
      issuesNothing(await client.redeem(code))
      expect(driver.interrupted).toBe(true)
    })

    test('no tokens for the refresh token', async () => {
      const { of, client, tokens } = await prepare()
      driver.beforeNextWrite(() => cause.happen(of))
      issuesNothing(await client.refresh(tokens.refresh))
      expect(driver.interrupted).toBe(true)
    })

    test('no code for the browser, unless the session and the client still stand', async () => {
      const { of, client } = await prepare()
      driver.beforeNextWrite(() => cause.happen(of))
      const page = await client.visitor.get(client.authorizeUrl({ prompt: 'none' }))
      expect(driver.interrupted).toBe(true)
      const code = page.location === null ? null : new URL(page.location).searchParams.get('code')
      if (cause.endsSession || cause.clientIsGone) expect(code).toBeNull()
      // A yes that is withdrawn while its answer is on the way: the code may be out, its grant must be dead or gone.
      if (code !== null && cause.endsOffline) issuesNothing(await client.redeem(code))
    })

    test('no token for the client itself, when it is the client that goes', async () => {
      const { of, client } = await prepare()
      driver.beforeNextWrite(() => cause.happen(of))
      const reply = await client.token({ grant_type: 'client_credentials', scope: 'read' })
      expect(driver.interrupted).toBe(true)
      if (cause.clientIsGone) issuesNothing(reply)
      else expect(reply.status).toBe(200)
    })
  })

  test('without a cause all of them succeed', async () => {
    const { client, code, tokens } = await prepare()
    const nothing = async () => undefined
    driver.beforeNextWrite(nothing)
    expect((await client.redeem(code)).status).toBe(200)
    driver.beforeNextWrite(nothing)
    expect((await client.refresh(tokens.refresh)).status).toBe(200)
    driver.beforeNextWrite(nothing)
    const page = await client.visitor.get(client.authorizeUrl({ prompt: 'none' }))
    expect(new URL(page.location ?? '').searchParams.has('code')).toBe(true)
  })
})
