// RFC 7592, OAuth 2.0 Dynamic Client Registration Management: a client reads, changes and removes itself, and nothing else.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { approveClient, setClientEnabled, updateClient } from '../../src/administration/clients.ts'
import {
  countClients,
  initialToken,
  manage,
  ownOf,
  PLAIN,
  type Registered,
  register,
  registered,
  unregister,
} from '../support/registration.ts'
import { ask, basic, form, RelyingParty } from '../support/relying-party.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'

let host: TestServer
beforeAll(async () => {
  host = await startServer({ registration: { access: 'open', perAddress: 1_000 } })
  await host.addUser('alice')
})
beforeEach(() => host.clock.advance(61))
afterAll(() => host.close())

const record = async ({ clientId }: Registered) => {
  const found = await host.server.parts.store.findClient(clientId)
  if (found === null) throw new Error('the client is gone')
  return found
}
const administration = () => ({ ...host.server.parts, clock: host.clock })

/** 401 in the same words, whatever the reason, and nothing has changed. */
async function expectNobody(own: { uri: string; token: string | null }, untouched: Registered) {
  const before = await record(untouched)
  for (const metadata of [undefined, { ...PLAIN, client_id: untouched.clientId, client_name: 'Taken over' }]) {
    const reply = await manage(own, metadata)
    expect(reply.status).toBe(401)
    expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(reply.body).not.toHaveProperty('client_id')
  }
  const removal = await fetch(own.uri, {
    method: 'DELETE',
    headers: own.token === null ? {} : { authorization: `Bearer ${own.token}` },
  })
  expect(removal.status).toBe(401)
  expect(await record(untouched)).toEqual(before)
}

describe('RFC 7591 §5 how often', () => {
  const hosts: TestServer[] = []
  afterAll(async () => {
    for (const each of hosts) await each.close()
  })
  const started = async (perAddress: number) => {
    const own = await startServer({ registration: { access: 'open', perAddress } })
    hosts.push(own)
    return own
  }
  /** How the changes ended, one after the other, and the registration as it is then. */
  const changes = async (own: Registered, times: number) => {
    const statuses: number[] = []
    let { token } = own
    for (let time = 0; time < times; time++) {
      const reply = await manage({ ...own, token }, { ...PLAIN, client_id: own.clientId, client_name: `Name ${time}` })
      statuses.push(reply.status)
      if (reply.status === 200) token = String(reply.body['registration_access_token'])
      else expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    return { statuses, own: { ...own, token } }
  }

  test('RFC 7591 §5 a client changes itself twenty times an hour, reads itself still, and keeps nobody else', async () => {
    const other = await started(1_000)
    const { statuses, own } = await changes(await registered(other), 22)
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 200), 429, 429])
    expect((await manage(own)).body['client_name']).toBe('Name 19')
    expect((await changes(await registered(other), 1)).statuses).toEqual([200])
    other.clock.advance(3_601)
    expect((await changes(own, 1)).statuses).toEqual([200])
  })

  test('RFC 7591 §5 a network makes so many changes an hour, but to clients that somebody let in', async () => {
    const other = await started(3)
    const [one, two] = [await registered(other), await registered(other)]
    const first = await changes(one, 2)
    expect(first.statuses).toEqual([200, 200])
    expect((await changes(two, 2)).statuses).toEqual([200, 429])
    const invited = await registered(other, PLAIN, await initialToken(other))
    expect((await changes(invited, 3)).statuses).toEqual([200, 200, 200])
    other.clock.advance(3_601)
    expect((await changes(first.own, 1)).statuses).toEqual([200])
  })
})

describe('§2.1 reading', () => {
  test('§2.1 the client sees what it is, and reading changes nothing', async () => {
    const own = await registered(host, { ...PLAIN, contacts: ['ops@client.test'] })
    const { client_secret: _, ...expected } = own.reply.body
    for (let time = 0; time < 2; time++) {
      const reply = await manage(own)
      expect(reply.status).toBe(200)
      // Only a digest of the secret was kept; the token is the one that was shown.
      expect(reply.body).toEqual(expected)
    }
  })

  test('§2 the token of one client is nothing to another', async () => {
    const [mine, other] = [await registered(host), await registered(host)]
    await expectNobody({ uri: other.uri, token: mine.token }, other)
    await expectNobody({ uri: other.uri, token: null }, other)
    await expectNobody({ uri: other.uri, token: 'A'.repeat(43) }, other)
    await expectNobody({ uri: other.uri, token: other.secret }, other)
    await expectNobody({ uri: other.uri, token: await initialToken(host) }, other)
    expect((await manage(other)).status).toBe(200)
  })

  test('§2 a client that an operator made has no such address', async () => {
    await host.addClient('by-operator')
    const own = await registered(host)
    const reply = await manage({ uri: `${host.issuer}/sso/register/by-operator`, token: own.token })
    expect(reply.status).toBe(401)
  })

  test('§3 a disabled client cannot read, change, or enable itself again', async () => {
    const own = await registered(host)
    await setClientEnabled(administration(), own.clientId, false)
    await expectNobody(own, own)
    expect((await record(own)).enabled).toBe(false)
    await setClientEnabled(administration(), own.clientId, true)
    expect((await manage(own)).status).toBe(200)
  })

  test('§2 the token is taken from the header only', async () => {
    const own = await registered(host)
    const reply = await ask(`${own.uri}?access_token=${own.token}`)
    expect(reply.status).toBe(401)
  })
})

describe('§2.2 changing', () => {
  const full = (own: Registered, changes: Readonly<Record<string, unknown>> = {}) => ({
    ...PLAIN,
    client_id: own.clientId,
    ...changes,
  })

  test('§2.2 replaces all that was said; what is left out has its default again', async () => {
    const own = await registered(host, {
      ...PLAIN,
      'client_name#en': 'Photographs',
      policy_uri: 'https://client.test/policy',
      scope: 'openid',
      grant_types: ['authorization_code', 'refresh_token'],
      contacts: ['ops@client.test'],
    })
    const reply = await manage(own, full(own, { client_name: 'Films' }))
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({
      client_name: 'Films',
      grant_types: ['authorization_code'],
      scope: 'openid profile email offline_access',
      client_id_issued_at: own.reply.body['client_id_issued_at'],
    })
    for (const gone of ['client_name#en', 'policy_uri', 'contacts']) expect(reply.body).not.toHaveProperty(gone)
  })

  test('§5 each change brings a new registration access token, and the old one is dead', async () => {
    const own = await registered(host)
    const next = ownOf(await manage(own, full(own)))
    expect(next.token).not.toBe(own.token)
    await expectNobody(own, next)
    expect((await manage(next)).status).toBe(200)
  })

  test('§5, RFC 9110 §15.5.10 of twenty changes at once under one token, one is made', async () => {
    const own = await registered(host)
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, at) => manage(own, full(own, { client_name: `Name ${at}` }))),
    )
    const [winner, ...others] = replies.filter(({ status }) => status === 200)
    expect(others).toEqual([])
    for (const { status } of replies) expect([200, 401, 409]).toContain(status)
    expect((await record(own)).client.client_name).toBe(winner?.body['client_name'])
  })

  test('§2.2 it is refused in another name, and with what only the server says', async () => {
    const [own, other] = [await registered(host), await registered(host)]
    const before = await record(own)
    const wrong = [
      { ...PLAIN },
      full(own, { client_id: other.clientId }),
      full(own, { client_id: null }),
      full(own, { client_secret: 'x'.repeat(43) }),
      full(own, { client_secret: null }),
      full(own, { registration_access_token: own.token }),
      full(own, { registration_client_uri: own.uri }),
      full(own, { client_id_issued_at: 1 }),
      full(own, { client_secret_expires_at: 0 }),
    ]
    for (const metadata of wrong) {
      const reply = await manage(own, metadata)
      expect([reply.status, reply.body['error']]).toEqual([400, 'invalid_request'])
    }
    expect(await record(own)).toEqual(before)
    const next = await manage(own, full(own, { client_secret: own.secret }))
    expect(next.body['client_secret']).toBe(own.secret)
  })

  test('§2.2 what a registration refuses, a change refuses too', async () => {
    const own = await registered(host)
    const before = await record(own)
    const wrong = [
      [{ redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
      [{ redirect_uris: ['http://client.test/cb'] }, 'invalid_redirect_uri'],
      [{ redirect_uris: [] }, 'invalid_redirect_uri'],
      [{ redirect_uris: null }, 'invalid_redirect_uri'],
      [{ grant_types: ['client_credentials'], response_types: [] }, 'invalid_client_metadata'],
      [{ response_types: ['id_token'] }, 'invalid_client_metadata'],
      [{ jwks_uri: 'https://127.0.0.1/keys' }, 'invalid_client_metadata'],
      [{ software_statement: 'x' }, 'invalid_software_statement'],
    ] as const
    for (const [changes, error] of wrong) {
      expect((await manage(own, full(own, changes))).body['error']).toBe(error)
    }
    expect(await record(own)).toEqual(before)
    expect((await manage(own, full(own))).status).toBe(200)
  })

  test('§2.2 the policy of its initial access token holds for each change', async () => {
    const token = await initialToken(host, { policy: { redirectHosts: ['client.test'] } })
    const own = await registered(host, PLAIN, token)
    const reply = await manage(own, full(own, { redirect_uris: ['https://other.test/cb'] }))
    expect(reply.body['error']).toBe('invalid_redirect_uri')
    expect((await manage(own, full(own, { redirect_uris: ['https://client.test/other'] }))).status).toBe(200)
  })

  test('§2.2 what an operator has set stays, but not the approval', async () => {
    const own = await registered(host)
    await updateClient(administration(), own.clientId, {
      assignments: ['recipient=Photos Ltd', 'phone.format=cn-dashed'],
    })
    await approveClient(administration(), own.clientId)
    const unchanged = ownOf(await manage(own, full(own)))
    expect((await record(own)).client.verified).toBe(true)
    await manage(unchanged, full(own, { redirect_uris: ['https://client.test/elsewhere'] }))
    const { client } = await record(own)
    expect(client).toMatchObject({ recipient: 'Photos Ltd', verified: false })
    expect(client.phone.format).toBe('cn-dashed')
  })

  test('§2.2 another method of authentication brings a secret, or takes it away', async () => {
    const own = await registered(host, { ...PLAIN, token_endpoint_auth_method: 'none' })
    const confidential = ownOf(await manage(own, full(own)))
    expect(confidential.secret).toMatch(/^[A-Za-z0-9]{43}$/)
    const token = (secret: string | null) =>
      ask(`${host.origin}/sso/token`, {
        method: 'POST',
        headers: { authorization: basic(own.clientId, secret ?? '') },
        body: form({ grant_type: 'refresh_token', refresh_token: 'x' }),
      })
    expect((await token(confidential.secret)).body['error']).toBe('unauthorized_client')
    const signing = ownOf(await manage(confidential, full(own, { token_endpoint_auth_method: 'client_secret_jwt' })))
    expect(signing.secret).toMatch(/^[A-Za-z0-9]{43}$/)
    expect(signing.secret).not.toBe(confidential.secret)
    const again = ownOf(await manage(signing, full(own, { token_endpoint_auth_method: 'none' })))
    expect(again.reply.body).not.toHaveProperty('client_secret')
    expect((await record(own)).secretHash).toBeNull()
    expect((await record(own)).sealedSecret).toBeNull()
    expect((await token(signing.secret)).body['error']).toBe('invalid_client')
  })

  test('§2.2 scripts of a public client may read replies where its redirect URIs are now', async () => {
    const allowed = async (origin: string) =>
      (
        await fetch(`${host.origin}/sso/token`, {
          method: 'OPTIONS',
          headers: { origin, 'access-control-request-method': 'POST' },
        })
      ).headers.get('access-control-allow-origin')
    const page = { client_name: 'Page', token_endpoint_auth_method: 'none' }
    const own = await registered(host, { ...page, redirect_uris: ['https://one.test/cb'] })
    expect([await allowed('https://one.test'), await allowed('https://two.test')]).toEqual(['https://one.test', null])
    const next = ownOf(await manage(own, { ...page, client_id: own.clientId, redirect_uris: ['https://two.test/cb'] }))
    expect([await allowed('https://one.test'), await allowed('https://two.test')]).toEqual([null, 'https://two.test'])
    await unregister(next)
    expect(await allowed('https://two.test')).toBeNull()
  })

  test('§2.2 who agreed to one client is asked again about another', async () => {
    const own = await registered(host)
    const party = new RelyingParty({ host, clientId: own.clientId, secret: own.secret, scope: 'openid profile' })
    await party.tokens()
    const silently = async () => (await party.authorize({ prompt: 'none' })).searchParams.get('error')
    expect(await silently()).toBeNull()
    // A new version of its software is no other client.
    const next = ownOf(await manage(own, full(own, { software_version: '2' })))
    expect(await silently()).toBeNull()
    await manage(next, full(own, { client_name: 'Your bank' }))
    expect(await silently()).toBe('consent_required')
  })
})

describe('§2.3 removing', () => {
  test('§2.3 the client and everything issued to it are gone at once', async () => {
    const own = await registered(host, { ...PLAIN, grant_types: ['authorization_code', 'refresh_token'] })
    const party = new RelyingParty({ host, clientId: own.clientId, secret: own.secret })
    const tokens = await party.tokens()
    expect((await party.userinfo(tokens.access)).status).toBe(200)
    const before = await countClients(host)
    expect(await unregister(own)).toBe(204)
    expect(await countClients(host)).toBe(before - 1)
    expect((await party.userinfo(tokens.access)).status).toBe(401)
    expect((await party.refresh(tokens.refresh)).body['error']).toBe('invalid_client')
    const page = await party.visitor.get(
      `${host.origin}/sso/authorize?client_id=${own.clientId}&response_type=code&redirect_uri=${CALLBACK}`,
    )
    expect([page.status, page.location]).toEqual([400, null])
    expect((await manage(own)).status).toBe(401)
    expect(await unregister(own)).toBe(401)
  })

  test('§2.3 whoever removes what it registers is still counted', async () => {
    const small = await startServer({ registration: { access: 'open', perAddress: 2 } })
    try {
      for (let time = 0; time < 2; time++) expect(await unregister(await registered(small))).toBe(204)
      expect((await register(small)).status).toBe(429)
    } finally {
      await small.close()
    }
  })

  test('§2.3 what is long gone leaves no row behind', async () => {
    const own = await registered(host)
    await unregister(own)
    const { store } = host.server.parts
    const left = async () => {
      const rows = await host.driver.rows<{ id: string }, object>(
        {
          name: 'rows_of_client',
          sql: `SELECT client_id FROM client WHERE client_id = :id
                UNION ALL SELECT client_id FROM client_registration WHERE client_id = :id`,
        },
        { id: own.clientId },
      )
      return rows.length
    }
    const kept = { events: 1_000, endedSessions: 86_400, most: 500 }
    await store.prune(host.clock.now(), kept)
    expect(await left()).toBe(2)
    await store.prune(host.clock.now() + 86_401, kept)
    expect(await left()).toBe(0)
  })
})
