// `lingpai logout` and `session` beside a running server: what a client was told or could not be told, and ending it all.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lingpai, lingpaiJson, type StartedLingpai, scratchFolder, startLingpai } from '../support/cli.ts'
import { OutsideClient } from '../support/cli-client.ts'
import { type LogoutReceiver, startReceiver } from '../support/logout-receiver.ts'
import { CALLBACK, TEST_PASSWORD, TEST_SECRET } from '../support/server.ts'

const scratch = scratchFolder()
const data = scratch.path('data')
let server: StartedLingpai
let receiver: LogoutReceiver

const cli = (words: readonly string[], stdin?: string) =>
  lingpaiJson([...words, '--data', data], stdin === undefined ? {} : { stdin })

interface Ledger {
  readonly clients: readonly Record<string, unknown>[]
  readonly deliveries: readonly Record<string, unknown>[]
}

const ledger = async (...words: string[]) => (await cli(['logout', 'list', ...words])) as unknown as Ledger

beforeAll(async () => {
  receiver = await startReceiver()
  server = await startLingpai(['--data', data, '--outbound-allow', receiver.place])
  for (const clientId of ['shop', 'mail']) {
    const own = ['--preset', 'openid-connect', '--name', clientId, '--client-id', clientId]
    const secret = ['--client-secret', TEST_SECRET, '--redirect-uri', CALLBACK]
    const told = ['--set', `backchannel_logout_uri=${receiver.url(`/${clientId}`)}`]
    await cli(['client', 'add', ...own, ...secret, ...told])
  }
  for (const username of ['alice', 'bob']) {
    await cli(['user', 'add', '--username', username, '--password-stdin'], TEST_PASSWORD)
  }
})
afterAll(async () => {
  await server.stop()
  await receiver.close()
  scratch.remove()
})

async function signInTo(clientId: string, username: string) {
  const client = new OutsideClient({ at: server.issuer, clientId, secret: TEST_SECRET, username })
  return { client, ...(await client.signIn()) }
}

describe('logout list and resend', () => {
  test('before anything has happened it says what would be there', async () => {
    expect(await ledger()).toEqual({ clients: [], deliveries: [] })
    expect((await lingpai(['logout', 'list', '--data', data])).stdout).toContain('backchannel_logout_uri')
    expect(await cli(['logout', 'resend', '--all'])).toEqual({ resent: 0 })
  })

  test('a disabled user: the running server tells within seconds, and the list says how it went', async () => {
    receiver.answer('/mail', 500)
    await signInTo('shop', 'alice')
    await signInTo('mail', 'alice')
    await cli(['user', 'disable', 'alice'])
    // The one that answers 500 may have been called again meanwhile.
    await expect
      .poll(() => new Set(receiver.calls.map(({ path }) => path)), { timeout: 20_000 })
      .toEqual(new Set(['/mail', '/shop']))
    await expect
      .poll(async () => (await ledger('--client', 'mail')).deliveries[0]?.['last_reason'], { timeout: 20_000 })
      .toContain('500')
    await expect
      .poll(async () => (await ledger('--client', 'shop')).deliveries[0]?.['state'], { timeout: 20_000 })
      .toBe('delivered')
    const { clients, deliveries } = await ledger('--user', 'alice')
    expect(clients).toMatchObject([
      { client_id: 'mail', waiting: 1, delivered: 0, abandoned: 0, next_attempt_at: expect.stringMatching(/Z$/) },
      { client_id: 'shop', waiting: 0, delivered: 1, abandoned: 0, next_attempt_at: null },
    ])
    const mail = deliveries.find((each) => each['client_id'] === 'mail')
    expect(mail).toMatchObject({ username: 'alice', about: 'all_sessions', state: 'waiting' })
    expect((await ledger('--state', 'delivered')).deliveries).toHaveLength(1)
    expect((await ledger('--user', 'bob')).clients).toEqual([])
    const { stdout } = await lingpai(['logout', 'list', '--data', data])
    for (const word of ['mail', 'shop', 'alice', 'waiting', 'delivered', 'the answer has the status 500']) {
      expect(stdout).toContain(word)
    }
    expect(JSON.stringify(deliveries)).not.toMatch(/se_[0-9a-z]{24}/)
  }, 90_000)

  test('what has not arrived is tried anew, as if for the first time, and nothing else is', async () => {
    // It goes on failing until it is told to be sent again: the server's own next attempt cannot come first.
    expect(await cli(['logout', 'resend', '--client', 'mail'])).toEqual({ resent: 1 })
    receiver.answer('/mail', 200)
    // A client that has failed is left alone for up to half a minute.
    const delivered = async () => (await ledger('--client', 'mail')).deliveries[0]
    await expect.poll(delivered, { timeout: 60_000, interval: 500 }).toMatchObject({ state: 'delivered' })
    // The attempts from before do not count any more.
    expect((await delivered())?.['attempts']).toBeLessThan(receiver.callsTo('/mail').length)
    expect(receiver.callsTo('/shop')).toHaveLength(1)
    expect(await cli(['logout', 'resend', '--client', 'mail'])).toEqual({ resent: 0 })
  }, 90_000)

  test.each([
    [['resend'], 2, 'nothing_named'],
    [['resend', '--client', 'nobody'], 3, 'client_not_found'],
    [['resend', '--user', 'nobody'], 3, 'user_not_found'],
    [['list', '--user', 'nobody'], 3, 'user_not_found'],
    [['list', '--most', '0'], 2, 'invalid_number'],
    [['list', '--state', 'lost'], 2, 'wrong_usage'],
  ])('%j ends with %i and says what to do', async (words, code, error) => {
    const told = await lingpai(['logout', ...words, '--data', data, '--json'])
    expect(told.code).toBe(code)
    expect(JSON.parse(told.stdout)).toMatchObject({ error })
    expect(told.stderr).toMatch(/^Error: .+/)
  })
})

describe('session list and end', () => {
  test('the list says where a person is signed in, and nothing that would open it', async () => {
    await signInTo('shop', 'bob')
    const { visitor } = (await signInTo('mail', 'bob')).client
    const { sessions } = (await cli(['session', 'list', '--user', 'bob'])) as unknown as {
      sessions: readonly Record<string, unknown>[]
    }
    expect(sessions.map(({ clients }) => clients).sort()).toEqual([['mail'], ['shop']])
    expect(sessions[0]).toMatchObject({ amr: ['pwd'], authenticated_at: expect.stringMatching(/Z$/) })
    expect(Object.keys(sessions[0] ?? {}).sort()).toEqual([
      'amr',
      'authenticated_at',
      'browser',
      'clients',
      'expires_at',
      'last_used_at',
      'session_id',
      'system',
    ])
    const { stdout } = await lingpai(['session', 'list', '--user', 'bob', '--data', data])
    for (const { session_id } of sessions) expect(stdout).toContain(String(session_id))
    expect(stdout).toContain('shop')
    // The id that an operator may see and type is no key: a browser holds its session by a secret.
    const account = async () => (await visitor.get(`${server.issuer}/sso/account`)).location
    expect(await account()).toBeNull()
    for (const name of visitor.cookies.keys()) visitor.cookies.set(name, String(sessions[0]?.['session_id']))
    expect(await account()).toMatch(/\/sso\/account\/sign-in$/)
  })

  test('X11 the end reaches every session, its tokens and the clients, within seconds', async () => {
    receiver.reset()
    const { client, access, refresh } = await signInTo('shop', 'bob')
    const short = new OutsideClient({
      at: server.issuer,
      clientId: 'shop',
      secret: TEST_SECRET,
      username: 'bob',
      scope: 'openid profile',
    })
    const dying = await short.signIn()
    const ended = await cli(['session', 'end', '--user', 'bob'])
    expect(ended).toMatchObject({ sessions_ended: 4, grants_revoked: 1 })
    expect((await short.userinfo(dying.access)).status).toBe(401)
    expect((await short.authorize({ prompt: 'none' })).get('error')).toBe('login_required')
    // May be used while the person is away.
    expect((await client.userinfo(access)).status).toBe(200)
    await expect
      .poll(() => receiver.calls.map(({ path }) => path).sort(), { timeout: 20_000 })
      .toEqual(['/mail', '/shop'])
    expect(await cli(['session', 'end', '--user', 'bob', '--with-offline'])).toMatchObject({ sessions_ended: 0 })
    expect((await client.userinfo(access)).status).toBe(401)
    expect((await client.refresh(refresh)).status).toBe(400)
    expect(await cli(['session', 'list', '--user', 'bob'])).toMatchObject({ sessions: [] })
    expect((await signInTo('shop', 'bob')).access).not.toBe('')
  }, 60_000)

  test('an event is written with an ending only, and the answer says which it was', async () => {
    await cli(['user', 'add', '--username', 'carol', '--password-stdin'], TEST_PASSWORD)
    const end = (...words: readonly string[]) =>
      lingpai(['session', 'end', '--user', 'carol', '--data', data, ...words])
    const ended = async () => {
      const events = (await cli(['event', 'list', '--user', 'carol'])) as unknown as readonly { type: string }[]
      return events.filter(({ type }) => type === 'sessions_ended').length
    }
    const nothing = /^Nothing was ended: carol was signed in nowhere/
    // Never signed in; then signed in once; then ended before.
    expect(await end()).toMatchObject({ code: 0, stdout: expect.stringMatching(nothing) })
    expect(JSON.parse((await end('--json')).stdout)).toMatchObject({ sessions_ended: 0, grants_revoked: 0 })
    expect(await ended()).toBe(0)
    const { client, access } = await signInTo('shop', 'carol')
    expect((await end()).stdout).toMatch(/^carol is signed out everywhere. Sessions ended: 1; grants ended: 0\./)
    expect(await ended()).toBe(1)
    expect((await end()).stdout).toMatch(nothing)
    expect(await ended()).toBe(1)
    // What may be used while she is away is something to end, without any session.
    expect((await client.userinfo(access)).status).toBe(200)
    expect((await end('--with-offline')).stdout).toMatch(/Sessions ended: 0; grants ended: 1\./)
    expect((await client.userinfo(access)).status).toBe(401)
    expect(await ended()).toBe(2)
    expect((await end('--with-offline')).stdout).toMatch(nothing)
    expect(await ended()).toBe(2)
  })

  test('one session ends by its id, with its tokens; its applications are told, and the others go on', async () => {
    await cli(['user', 'add', '--username', 'dora', '--password-stdin'], TEST_PASSWORD)
    const scope = 'openid profile'
    const at = (clientId: string) =>
      new OutsideClient({ at: server.issuer, clientId, secret: TEST_SECRET, username: 'dora', scope })
    const ids = async () => {
      const { sessions } = await cli(['session', 'list', '--user', 'dora'])
      return (sessions as readonly { readonly session_id: string }[]).map(({ session_id }) => session_id)
    }
    const [lost, kept] = [at('shop'), at('mail')]
    const gone = await lost.signIn()
    const [wanted = ''] = await ids()
    const held = await kept.signIn()
    const [mail = ''] = (await ids()).filter((id) => id !== wanted)
    receiver.reset()
    const end = (...words: readonly string[]) => lingpai(['session', 'end', '--data', data, ...words])
    const events = async () => {
      const all = (await cli(['event', 'list', '--user', 'dora'])) as unknown as readonly { type: string }[]
      return all.filter(({ type }) => /^sessions?_ended$/.test(type))
    }

    // Somebody else's, and one that never was: nothing ends, nothing is written, nobody is told.
    for (const words of [
      ['--session', wanted, '--user', 'alice'],
      ['--session', 'se_none'],
      ['--session', ''],
    ]) {
      const refused = await end(...words, '--json')
      expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('session list --user') })
      expect(JSON.parse(refused.stdout)).toMatchObject({ error: 'session_not_found' })
    }
    expect(await events()).toEqual([])
    expect((await ids()).sort()).toEqual([wanted, mail].sort())

    const ended = await end('--session', wanted)
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(ended.stdout).toMatch(/^The session se_\w+ of dora has ended/)
    expect(ended.stdout).toMatch(/given something in it: shop\. .*logout list --user dora --data/)
    expect(ended.stdout).toContain('session end --user dora --with-offline --data')
    expect((await lost.userinfo(gone.access)).status).toBe(401)
    expect((await lost.authorize({ prompt: 'none' })).get('error')).toBe('login_required')
    expect((await kept.userinfo(held.access)).status).toBe(200)
    expect((await kept.authorize({ prompt: 'none' })).get('code')).toBeTruthy()
    expect(await ids()).toEqual([mail])
    expect(await events()).toMatchObject([{ type: 'session_ended', detail: { by: 'operator' } }])
    await expect.poll(() => receiver.calls.map(({ path }) => path), { timeout: 20_000 }).toEqual(['/shop'])

    // A second time there is no such session, and the answer for programs names what ended.
    expect((await end('--session', wanted)).code).toBe(3)
    expect(await events()).toHaveLength(1)
    expect(await cli(['session', 'end', '--session', mail, '--user', 'dora'])).toMatchObject({
      username: 'dora',
      session_id: mail,
      clients: ['mail'],
      authenticated_at: expect.stringMatching(/Z$/),
      event_written: true,
    })
    expect(await events()).toHaveLength(2)
    await expect.poll(() => receiver.callsTo('/mail').length, { timeout: 20_000 }).toBe(1)
  }, 60_000)

  test.each([
    [['end'], 2, 'wrong_usage'],
    [['end', '--session', 'se_x', '--with-offline'], 2, 'contradiction'],
    [['end', '--user', 'nobody'], 3, 'user_not_found'],
    [['end', '--user', 'nobody', '--session', 'se_x'], 3, 'user_not_found'],
    [['list', '--user', 'nobody'], 3, 'user_not_found'],
  ])('%j ends with %i and says what to do', async (words, code, error) => {
    const told = await lingpai(['session', ...words, '--data', data, '--json'])
    expect(told.code).toBe(code)
    expect(JSON.parse(told.stdout)).toMatchObject({ error })
    expect(told.stderr).toMatch(/^Error: .+/)
  })
})
