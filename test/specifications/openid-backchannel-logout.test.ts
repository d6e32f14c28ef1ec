// OpenID Connect Back-Channel Logout 1.0: who is told that a session has ended, with what, how often, and what happens
// when nobody listens.

import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { setClientEnabled, updateClient } from '../../src/administration/clients.ts'
import { statement } from '../../src/store/database/driver.ts'
import { copyOf } from '../support/authorize.ts'
import { Exposition } from '../support/exposition.ts'
import { type LogoutReceiver, startReceiver } from '../support/logout-receiver.ts'
import { eventTypes, query, RelyingParty, type Tokens } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const AFTERWARDS = 'https://client.test/signed-out'

let receiver: LogoutReceiver
let host: TestServer

beforeAll(async () => {
  receiver = await startReceiver()
  host = await startServer({ outboundAllow: [receiver.place] })
  const told = (path: string, settings: object = {}) => ({
    consent: 'implied',
    backchannel_logout_uri: receiver.url(path),
    post_logout_redirect_uris: [AFTERWARDS],
    ...settings,
  })
  await host.addClient('shop', 'openid-connect', told('/shop?tenant=1'))
  await host.addClient('mail', 'openid-connect', told('/mail', { id_token_signed_response_alg: 'ES256' }))
  await host.addClient('pair', 'openid-connect', told('/pair', { subject_type: 'pairwise' }))
  await host.addClient('strict', 'openid-connect', told('/strict', { backchannel_logout_session_required: true }))
  await host.addClient('broken', 'openid-connect', told('/broken'))
  await host.addClient('silent', 'openid-connect', { consent: 'implied', post_logout_redirect_uris: [AFTERWARDS] })
})
afterAll(async () => {
  await host.close()
  await receiver.close()
})

let username = ''
let count = 0
/** Everybody signs in anew, in one browser. */
let visitor: Visitor
beforeEach(async () => {
  // What the test before has left is delivered.
  receiver.reset()
  await delivered(7_200)
  receiver.reset()
  username = `person-${count++}`
  visitor = new Visitor()
  await host.addUser(username)
})

function partyOf(clientId: string, browser = visitor): RelyingParty {
  return new RelyingParty({ host, clientId, username, visitor: browser })
}

async function signInTo(clientId: string, parameters: Record<string, string> = {}, browser = visitor): Promise<Tokens> {
  return partyOf(clientId, browser).tokens(parameters)
}

function claimsOf(idToken: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}

async function signOut(parameters: Record<string, string>, browser = visitor) {
  return browser.get(`${host.issuer}/sso/end-session?${query(parameters)}`)
}

/** Until nothing is due; the initiating client's call comes last. */
async function delivered(seconds = 3): Promise<void> {
  await host.server.logout.settled()
  host.clock.advance(seconds)
  await host.server.logout.settled()
}

/** By result, as metrics tell it. */
async function deliveriesCounted(): Promise<(result: string) => number> {
  const now = new Exposition(await host.server.metrics())
  return (result) => now.value('lingpai_logout_deliveries_total', { result }) ?? 0
}

const paths = () => receiver.calls.map(({ path }) => path).sort()

describe('§2.1 the metadata and the ID token', () => {
  test('say that clients are told, and which session an ID token is about', async () => {
    const metadata = (await (await fetch(`${host.issuer}/.well-known/openid-configuration`)).json()) as object
    expect(metadata).toMatchObject({ backchannel_logout_supported: true, backchannel_logout_session_supported: true })
    const { sid } = claimsOf((await signInTo('shop')).idToken)
    expect(sid).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  test('a session has one sid for a client, whatever is signed anew, and another for every other client', async () => {
    const first = await signInTo('shop')
    const { sid } = claimsOf(first.idToken)
    expect(claimsOf((await signInTo('shop')).idToken)['sid']).toBe(sid)
    expect(claimsOf((await signInTo('shop', { prompt: 'login' })).idToken)['sid']).toBe(sid)
    const refreshed = await partyOf('shop').refresh(first.refresh)
    expect(claimsOf(String(refreshed.body['id_token']))['sid']).toBe(sid)
    expect(claimsOf((await signInTo('mail')).idToken)['sid']).not.toBe(sid)
    // It is no name of ours.
    expect(JSON.stringify(claimsOf(first.idToken))).not.toMatch(/se_[0-9a-z]{24}/)
  })

  test('another browser, another person and another sign-in have another sid', async () => {
    const { sid, sub } = claimsOf((await signInTo('shop')).idToken)
    const elsewhere = claimsOf((await signInTo('shop', {}, new Visitor())).idToken)
    expect([elsewhere['sub'] === sub, elsewhere['sid'] === sid]).toEqual([true, false])
    const hint = (await signInTo('shop')).idToken
    await signOut({ id_token_hint: hint })
    const after = claimsOf((await signInTo('shop')).idToken)
    expect([after['sub'] === sub, after['sid'] === sid]).toEqual([true, false])
  })
})

describe('§2.2 the settings of a client', () => {
  test.each([
    ['a fragment', 'https://client.test/logout#x'],
    ['no address', 'logout'],
    ['a script', 'javascript:alert(1)'],
    ['a password', 'https://a:b@client.test/logout'],
  ])('%s is refused', async (_, backchannel_logout_uri) => {
    await expect(host.addClient('refused', 'openid-connect', { backchannel_logout_uri })).rejects.toThrow(
      'backchannel_logout_uri',
    )
  })
})

describe('§2.4 the logout token', () => {
  test.each([
    ['shop', '/shop?tenant=1', 'RS256'],
    ['mail', '/mail', 'ES256'],
    ['pair', '/pair', 'RS256'],
  ])('to %s is signed as its ID tokens are, and says whose session has ended', async (clientId, path, alg) => {
    const { idToken } = await signInTo(clientId)
    const { sub, sid } = claimsOf(idToken)
    const counted = await deliveriesCounted()
    await signOut({ id_token_hint: idToken })
    await delivered()
    expect((await deliveriesCounted())('delivered')).toBe(counted('delivered') + 1)
    const [call] = receiver.callsTo(path)
    expect(call?.method).toBe('POST')
    expect(call?.contentType).toBe('application/x-www-form-urlencoded')
    expect([...new URLSearchParams(call?.body).keys()]).toEqual(['logout_token'])
    const keys = (await (await fetch(`${host.issuer}/sso/jwks`)).json()) as JSONWebKeySet
    const { payload, protectedHeader } = await jwtVerify(call?.token ?? '', createLocalJWKSet(keys), {
      issuer: host.issuer,
      audience: clientId,
      typ: 'logout+jwt',
      currentDate: new Date(host.clock.now() * 1000),
    })
    expect(protectedHeader).toMatchObject({ alg, typ: 'logout+jwt' })
    expect(Object.keys(payload).sort()).toEqual(['aud', 'events', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub'])
    expect(payload).toMatchObject({ sub, sid, aud: clientId, events: { [EVENT]: {} } })
    expect(Number(payload.exp) - Number(payload.iat)).toBeLessThanOrEqual(120)
  })

  test('X07 passes neither for an ID token nor for an access token', async () => {
    const { idToken } = await signInTo('shop')
    const other = await signInTo('shop', {}, new Visitor())
    await signOut({ id_token_hint: idToken })
    await delivered()
    const token = receiver.callsTo('/shop?tenant=1')[0]?.token ?? ''
    expect(token).not.toBe('')
    expect((await signOut({ id_token_hint: token })).status).toBe(400)
    expect((await partyOf('shop').userinfo(token)).status).toBe(401)
    expect((await partyOf('shop').userinfo(other.access)).status).toBe(200)
  })
})

describe('§2.3 who is told', () => {
  test('every client that was given something in the session, once, and nobody else', async () => {
    const { idToken } = await signInTo('shop')
    await signInTo('shop')
    await signInTo('mail')
    await signInTo('silent')
    await signInTo('strict', {}, new Visitor())
    await signOut({ id_token_hint: idToken })
    await delivered()
    expect(paths()).toEqual(['/mail', '/shop?tenant=1'])
  })

  test('of several sessions only the one that has ended', async () => {
    const here = await signInTo('shop')
    const there = await signInTo('shop', {}, new Visitor())
    await signOut({ id_token_hint: here.idToken })
    await delivered()
    expect(receiver.calls.map(({ claims }) => claims['sid'])).toEqual([claimsOf(here.idToken)['sid']])
    expect((await partyOf('shop').introspect(there.access)).body['active']).toBe(true)
  })

  test('a client is not told when the person stays, or when nobody was signed in', async () => {
    const { idToken } = await signInTo('shop')
    const asked = await signOut({ client_id: 'shop' })
    await visitor.submit(asked, 'logout-cancel')
    await signOut({ id_token_hint: idToken }, new Visitor())
    await delivered()
    expect(receiver.calls).toEqual([])
  })

  test('of a session that has run out here, when a client comes with a hint of it, and only then', async () => {
    const { idToken } = await signInTo('shop')
    await signInTo('mail')
    host.clock.advance(13 * 3_600)
    await signOut({ client_id: 'shop' }, copyOf(visitor))
    await delivered()
    expect(receiver.calls).toEqual([])
    const answer = await signOut({ id_token_hint: idToken, post_logout_redirect_uri: AFTERWARDS })
    expect(answer.location).toBe(AFTERWARDS)
    await delivered()
    expect(paths()).toEqual(['/mail', '/shop?tenant=1'])
  })

  test('CONTRACT row 10: the client that began is told when its browser is back, all others at once', async () => {
    const { idToken } = await signInTo('shop')
    await signInTo('mail')
    const answer = await signOut({ id_token_hint: idToken, post_logout_redirect_uri: AFTERWARDS })
    expect(answer.location).toBe(AFTERWARDS)
    await host.server.logout.settled()
    expect(paths()).toEqual(['/mail'])
    host.clock.advance(2)
    await host.server.logout.settled()
    expect(paths()).toEqual(['/mail'])
    host.clock.advance(1)
    await host.server.logout.settled()
    expect(paths()).toEqual(['/mail', '/shop?tenant=1'])
  })

  test('a disabled client is not told, enabled again or not', async () => {
    const id = `off-${count}`
    await host.addClient(id, 'openid-connect', { consent: 'implied', backchannel_logout_uri: receiver.url('/off') })
    await partyOf(id).tokens()
    const parts = host.server.parts
    await setClientEnabled(parts, id, false)
    await setClientEnabled(parts, id, true)
    const { idToken } = await signInTo('shop')
    await signOut({ id_token_hint: idToken })
    await delivered()
    expect(paths()).toEqual(['/shop?tenant=1'])
  })

  test('a client whose address is set or taken away later is told, or not, from then on', async () => {
    const id = `later-${count}`
    await host.addClient(id, 'openid-connect', { consent: 'implied' })
    const { idToken } = await partyOf(id).tokens()
    await updateClient(host.server.parts, id, { settings: { backchannel_logout_uri: receiver.url('/later') } })
    await signOut({ id_token_hint: idToken })
    await delivered()
    expect(paths()).toEqual(['/later'])
    const again = await partyOf(id).tokens()
    await updateClient(host.server.parts, id, { settings: { backchannel_logout_uri: null } })
    await signOut({ id_token_hint: again.idToken })
    await delivered()
    expect(paths()).toEqual(['/later'])
  })

  test('a client whose grant is revoked is not told', async () => {
    const { idToken } = await signInTo('shop')
    const { refresh } = await signInTo('mail')
    await partyOf('mail').revoke(refresh)
    await signOut({ id_token_hint: idToken })
    await delivered()
    expect(paths()).toEqual(['/shop?tenant=1'])
  })
})

describe('§2.3 every way in which sessions end', () => {
  const store = () => host.server.parts.store
  const userId = () => `user-${username}`
  const event = (type: 'user_disabled' | 'user_password_set' | 'user_removed') => ({
    type,
    at: host.clock.now(),
    userId: userId(),
  })

  test.each([
    ['a disabled user', () => store().setUserEnabled(userId(), false, event('user_disabled'))],
    ["an operator's new password", () => store().setPassword(userId(), 'hash', event('user_password_set'))],
    ['a removed user', () => store().removeUser(userId(), event('user_removed'))],
  ])('%s: a client is told once of all sessions, one that insists on sid of each', async (_, end) => {
    const first = claimsOf((await signInTo('shop')).idToken)
    const sids = [claimsOf((await signInTo('strict')).idToken)['sid']]
    const elsewhere = new Visitor()
    await signInTo('shop', {}, elsewhere)
    sids.push(claimsOf((await signInTo('strict', {}, elsewhere)).idToken)['sid'])
    await end()
    await delivered()
    const shop = receiver.callsTo('/shop?tenant=1')
    expect(shop.map(({ claims }) => [claims['sub'], 'sid' in claims])).toEqual([[first['sub'], false]])
    const strict = receiver.callsTo('/strict').map(({ claims }) => claims['sid'])
    expect(strict.sort()).toEqual(sids.sort())
  })

  test('a session that idled out long ago: the client is told when the person is disabled', async () => {
    await signInTo('shop')
    host.clock.advance(8 * 86_400)
    await store().prune(host.clock.now(), { events: 86_400, endedSessions: 86_400, most: 500 })
    await store().setUserEnabled(userId(), false, event('user_disabled'))
    await delivered()
    expect(paths()).toEqual(['/shop?tenant=1'])
  })

  test.each([
    ['over by its age', false],
    ['cleared away', true],
  ])(
    'a session that is %s: the client is told when the person is signed out everywhere, and it is written down',
    async (_, isPruned) => {
      await signInTo('shop')
      const end = (offline: boolean) =>
        store().endSessionsOfUser(userId(), offline, { type: 'sessions_ended', at: host.clock.now(), userId: userId() })
      const written = async () => {
        const events = await store().listEvents(50, { userId: userId() })
        return events.filter(({ type }) => type === 'sessions_ended').length
      }
      host.clock.advance(8 * 86_400)
      if (isPruned) await store().prune(host.clock.now(), { events: 86_400, endedSessions: 86_400, most: 500 })
      expect(await end(false)).toEqual({ sessions: 0, grants: 0, isWritten: true })
      await delivered()
      expect([paths(), await written()]).toEqual([['/shop?tenant=1'], 1])
      expect(await end(true)).toEqual({ sessions: 0, grants: 1, isWritten: true })
      await delivered()
      const { length } = receiver.calls
      expect(await end(true)).toEqual({ sessions: 0, grants: 0, isWritten: false })
      await delivered()
      expect([receiver.calls.length, await written()]).toEqual([length, 2])
    },
  )

  test('what cannot be done tells nobody: a user who is gone, a session that has ended', async () => {
    const { idToken } = await signInTo('shop')
    await signOut({ id_token_hint: idToken })
    await delivered()
    expect(receiver.calls).toHaveLength(1)
    await store().removeUser(userId(), event('user_removed'))
    await store().removeUser(userId(), event('user_removed'))
    await delivered()
    expect(receiver.calls).toHaveLength(1)
  })
})

describe('§2.7 refresh tokens', () => {
  test('die with the session unless they have offline_access', async () => {
    await host.addClient(`short-${count}`, 'openid-connect', { consent: 'implied', 'reply.refreshToken': 'always' })
    const short = partyOf(`short-${count}`)
    const dying = await short.tokens({ scope: 'openid' })
    const living = await signInTo('shop')
    await signOut({ id_token_hint: living.idToken })
    expect((await short.refresh(dying.refresh)).status).toBe(400)
    expect((await short.introspect(dying.access)).body['active']).toBe(false)
    expect((await partyOf('shop').refresh(living.refresh)).status).toBe(200)
  })
})

describe('§2.5 X08 clients that fail', () => {
  const open = async () =>
    (await host.server.parts.store.listDeliveries({ userId: `user-${username}` }, 10)).find(
      ({ clientId }) => clientId === 'broken',
    )

  test.each([
    ['refuses', 400, 'the answer has the status 400'],
    ['fails', 503, 'the answer has the status 503'],
    ['redirects', 302, 'the answer is a redirect, which is not followed'],
  ])('one that %s is tried again, with a fresh token, until it listens', async (_, status, reason) => {
    receiver.answer(
      '/broken',
      (reply) => void reply.writeHead(status, { location: receiver.url('/shop') }).end('secret'),
    )
    await signInTo('broken')
    const { idToken } = await signInTo('shop')
    await signOut({ id_token_hint: idToken })
    await delivered()
    expect(paths()).toEqual(['/broken', '/shop?tenant=1'])
    expect(await open()).toMatchObject({ state: 'waiting', attempts: 1, lastReason: reason })
    host.clock.advance(7)
    await host.server.logout.settled()
    expect(receiver.callsTo('/broken')).toHaveLength(2)
    // Later and later.
    host.clock.advance(7)
    await host.server.logout.settled()
    expect(receiver.callsTo('/broken')).toHaveLength(2)
    receiver.answer('/broken', 204)
    host.clock.advance(30)
    await host.server.logout.settled()
    const tries = receiver.callsTo('/broken')
    expect(tries).toHaveLength(3)
    expect(new Set(tries.map(({ claims }) => claims['jti'])).size).toBe(3)
    expect(tries[2]?.claims['iat']).toBe(host.clock.now())
    expect(await open()).toMatchObject({ state: 'delivered', attempts: 3, lastReason: null })
    host.clock.advance(7_200)
    await host.server.logout.settled()
    expect(receiver.callsTo('/broken')).toHaveLength(3)
  })

  test('one that never answers keeps nobody waiting', async () => {
    receiver.answer('/broken', () => undefined)
    await signInTo('broken')
    const { idToken } = await signInTo('mail')
    await signInTo('shop')
    await signOut({ id_token_hint: idToken })
    await expect.poll(() => paths(), { timeout: 20_000 }).toContain('/shop?tenant=1')
    await delivered()
    expect(paths()).toEqual(['/broken', '/mail', '/shop?tenant=1'])
    expect(await open()).toMatchObject({ state: 'waiting', lastReason: 'no whole answer within 5000 ms' })
  })

  test('many sign-outs that wait for a broken client are one attempt at a time, and cost the others nothing', async () => {
    receiver.answer('/broken', 500)
    const { store } = host.server.parts
    const { idToken } = await signInTo('mail')
    await signInTo('broken')
    for (let each = 0; each < 25; each++) {
      await signInTo('broken', { prompt: 'login' }, new Visitor())
    }
    const end = async (sessionId: string) =>
      store.endSession(sessionId, { type: 'session_ended', at: host.clock.now(), userId: `user-${username}` })
    const sessions = await host.driver.rows(
      statement<{ user: string }, { session_id: string }>(
        'sessions',
        'SELECT session_id FROM session WHERE user_id = :user',
      ),
      { user: `user-${username}` },
    )
    expect(sessions).toHaveLength(26)
    for (const { session_id } of sessions.slice(1)) await end(session_id)
    await host.server.logout.settled()
    const first = receiver.callsTo('/broken').length
    expect(first).toBeLessThanOrEqual(4)
    await signOut({ id_token_hint: idToken })
    await delivered()
    expect(receiver.callsTo('/mail')).toHaveLength(1)
    expect(receiver.callsTo('/broken').length).toBeLessThanOrEqual(first + 1)
    receiver.answer('/broken', 200)
    host.clock.advance(3_600)
    await host.server.logout.settled()
    const { waiting } = (await store.summarizeDeliveries({ clientId: 'broken', userId: `user-${username}` }))[0] ?? {}
    expect(waiting).toBe(0)
  })

  test('D05 an address that is not public is never asked', async () => {
    await host.addClient(`inside-${count}`, 'openid-connect', {
      consent: 'implied',
      backchannel_logout_uri: 'https://127.0.0.1:1/logout',
    })
    const { idToken } = await partyOf(`inside-${count}`).tokens()
    await signOut({ id_token_hint: idToken })
    await delivered()
    const [inside] = await host.server.parts.store.listDeliveries({ clientId: `inside-${count}` }, 10)
    expect(inside).toMatchObject({ state: 'waiting', attempts: 1, lastReason: expect.stringContaining('the host') })
  })

  test('after three days it is given up, with an event, and only the operator begins again', async () => {
    const { store } = host.server.parts
    receiver.answer('/broken', 500)
    const counted = await deliveriesCounted()
    const { idToken } = await signInTo('broken')
    await signOut({ id_token_hint: idToken })
    await delivered()
    for (let hour = 0; hour < 74; hour++) {
      host.clock.advance(3_600 + 900)
      await host.server.logout.settled()
    }
    const given = await open()
    expect(given).toMatchObject({ state: 'abandoned', lastReason: 'the answer has the status 500' })
    expect(given?.attempts).toBeGreaterThan(50)
    expect(await eventTypes(host)).toContain('logout_abandoned')
    const now = await deliveriesCounted()
    // Others that earlier tests have left are given up in these days too.
    expect(now('abandoned')).toBeGreaterThan(counted('abandoned'))
    expect(now('waiting') - counted('waiting')).toBeGreaterThan(50)
    expect(now('delivered')).toBe(counted('delivered'))
    const before = receiver.callsTo('/broken').length
    host.clock.advance(86_400)
    await host.server.logout.settled()
    expect(receiver.callsTo('/broken')).toHaveLength(before)
    receiver.answer('/broken', 200)
    const event = { type: 'logout_resent', at: host.clock.now(), clientId: 'broken' } as const
    expect(await store.resendDeliveries({ clientId: 'broken' }, event)).toBe(1)
    await host.server.logout.settled()
    expect(receiver.callsTo('/broken')).toHaveLength(before + 1)
    expect(await open()).toMatchObject({ state: 'delivered', attempts: 1 })
  })

  test('what was never tried, because its client has failed all the time, is given up as well', async () => {
    receiver.answer('/broken', 500)
    for (let each = 0; each < 8; each++) {
      const browser = new Visitor()
      const { idToken } = await signInTo('broken', {}, browser)
      await signOut({ id_token_hint: idToken }, browser)
    }
    await delivered()
    host.clock.advance(4 * 86_400)
    while (!(await host.server.logout.tidy(3))) await host.server.logout.settled()
    const { store } = host.server.parts
    const all = await store.listDeliveries({ userId: `user-${username}` }, 20)
    expect(all.map(({ state }) => state)).toEqual(Array.from({ length: 8 }, () => 'abandoned'))
    expect(all.every(({ lastReason }) => lastReason !== null)).toBe(true)
  })

  test('a client that has no address any more is given up at once', async () => {
    receiver.answer('/broken', 500)
    await host.addClient(`moved-${count}`, 'openid-connect', {
      consent: 'implied',
      backchannel_logout_uri: receiver.url('/broken'),
    })
    const { idToken } = await partyOf(`moved-${count}`).tokens()
    await signOut({ id_token_hint: idToken })
    await delivered()
    const { store } = host.server.parts
    await store.removeClient(`moved-${count}`, { type: 'client_removed', at: host.clock.now() })
    host.clock.advance(60)
    await host.server.logout.settled()
    const [moved] = await store.listDeliveries({ clientId: `moved-${count}` }, 10)
    expect(moved).toMatchObject({ state: 'abandoned', lastReason: expect.stringContaining('removed') })
  })
})

describe('§2.5 two nodes on one database', () => {
  test('share what is to be told: each call is made once, whichever of them does', async () => {
    const one = await startServer({ database: 'postgres', outboundAllow: [receiver.place] })
    const two = await startServer({ beside: one, outboundAllow: [receiver.place] })
    try {
      await one.addClient('shared', 'openid-connect', {
        consent: 'implied',
        backchannel_logout_uri: receiver.url('/shared'),
      })
      await one.addUser(username)
      const parties = Array.from({ length: 12 }, () => new RelyingParty({ host: one, clientId: 'shared', username }))
      const sids: unknown[] = []
      for (const [at, party] of parties.entries()) {
        const { idToken } = await party.tokens()
        sids.push(claimsOf(idToken)['sid'])
        const node = at % 2 === 0 ? one : two
        const done = await party.visitor.get(`${node.origin}/sso/end-session?${query({ id_token_hint: idToken })}`)
        expect(done.html).toContain('Signed out')
      }
      one.clock.advance(3)
      await Promise.all([one.server.logout.settled(), two.server.logout.settled()])
      await Promise.all([one.server.logout.settled(), two.server.logout.settled()])
      expect(
        receiver
          .callsTo('/shared')
          .map(({ claims }) => claims['sid'])
          .sort(),
      ).toEqual(sids.sort())
    } finally {
      await two.close()
      await one.close()
    }
  })
})
