// Two matrices: every artefact the server mints at every place that takes one, and every single-use value used fifty
// times at once, on each database and across two nodes.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/credentials/digest.ts'
import { basic, expectInvalidGrant, form, RelyingParty, type Reply, tokensOf } from '../support/relying-party.ts'
import { startServer, TEST_PASSWORD, TEST_SECRET, type TestServer } from '../support/server.ts'
import { formWith, type Page, Visitor } from '../support/visitor.ts'

const ARTEFACTS = [
  'code',
  'access token',
  'refresh token',
  'ID token',
  'client-credentials token',
  'session secret',
  'browser secret',
  'interaction',
  'client secret',
] as const
type Artefact = (typeof ARTEFACTS)[number]

const PLACES = [
  'code',
  'refresh_token',
  'bearer header',
  'bearer form',
  'introspection',
  'client secret, Basic',
  'client secret, body',
  'id_token_hint',
  'session cookie',
  'sign-in page',
  'consent page',
] as const
type Place = (typeof PLACES)[number]

/** The only pairs that fit. */
const FITS: Readonly<Record<Place, readonly Artefact[]>> = {
  code: ['code'],
  refresh_token: ['refresh token'],
  'bearer header': ['access token'],
  'bearer form': ['access token'],
  introspection: ['access token', 'refresh token', 'client-credentials token'],
  'client secret, Basic': ['client secret'],
  'client secret, body': ['client secret'],
  id_token_hint: ['ID token'],
  'session cookie': ['session secret'],
  'sign-in page': ['interaction'],
  'consent page': [],
}

describe.each(['sqlite', 'postgres'] as const)('artefacts and places on %s', (database) => {
  let host: TestServer
  let app: RelyingParty
  let machine: RelyingParty
  const values = new Map<Artefact, string>()

  beforeAll(async () => {
    host = await startServer({ database })
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    const settings = { grant_types: ['client_credentials'], response_types: [], scope: 'read' }
    await host.addClient('machine', 'openid-connect', { ...settings, introspection: 'all' })
    await host.addUser('alice')
    app = new RelyingParty({ host, clientId: 'app' })
    machine = new RelyingParty({ host, clientId: 'machine' })
    const tokens = await app.tokens()
    // A second family: revoking or replaying one must not explain what the other does.
    values.set('code', await app.code())
    values.set('access token', tokens.access)
    values.set('refresh token', tokens.refresh)
    values.set('ID token', tokens.idToken)
    const own = tokensOf(await machine.token({ grant_type: 'client_credentials' }))
    values.set('client-credentials token', own.access)
    values.set('session secret', app.visitor.cookies.get('lingpai-session') ?? '')
    values.set('browser secret', app.visitor.cookies.get('lingpai-visit') ?? '')
    const open = await app.visitor.get(app.authorizeUrl({ prompt: 'login' }))
    values.set('interaction', new URL(open.location ?? '').pathname.split('/').at(-1) ?? '')
    values.set('client secret', TEST_SECRET)
  })
  afterAll(() => host.close())

  const valueOf = (artefact: Artefact) => values.get(artefact) ?? ''

  /** Whether the place took the value. Anything but a clean refusal or a success fails the test. */
  async function taken(place: Place, value: string): Promise<boolean> {
    const oneOf = (reply: Reply, refusals: readonly number[]) => {
      expect([200, ...refusals], reply.text).toContain(reply.status)
      return reply.status === 200
    }
    switch (place) {
      case 'code':
        return oneOf(await app.redeem(value), [400])
      case 'refresh_token':
        return oneOf(await app.refresh(value), [400])
      case 'bearer header':
        return oneOf(await app.userinfo(value), [401, 403])
      case 'bearer form': {
        const body = form({ access_token: value })
        const reply = await fetch(`${host.origin}/sso/userinfo`, { method: 'POST', body })
        expect([200, 401, 403]).toContain(reply.status)
        return reply.status === 200
      }
      case 'introspection': {
        const { body } = await app.introspect(value)
        if (body['active'] === true) return true
        expect(body).toEqual({ active: false })
        return (await machine.introspect(value)).body['active'] === true
      }
      case 'client secret, Basic':
        return oneOf(await app.introspect('x', {}, { authorization: basic('app', value) }), [401])
      case 'client secret, body':
        return oneOf(await app.introspect('x', { client_id: 'app', client_secret: value }, {}), [401])
      case 'id_token_hint': {
        const page = await app.visitor.get(app.authorizeUrl({ prompt: 'none', id_token_hint: value }))
        const answer = new URL(page.location ?? '').searchParams
        expect(answer.has('code')).toBe(answer.get('error') === null)
        return answer.has('code')
      }
      case 'session cookie': {
        const stranger = new Visitor()
        stranger.cookies.set('lingpai-session', value)
        const page = await stranger.get(app.authorizeUrl({ prompt: 'none' }))
        const error = new URL(page.location ?? '').searchParams.get('error')
        expect([null, 'login_required']).toContain(error)
        return error === null
      }
      case 'sign-in page':
      case 'consent page': {
        const step = place === 'sign-in page' ? 'sign-in' : 'consent'
        const page = await app.visitor.get(`${host.origin}/sso/${step}/${encodeURIComponent(value)}`)
        expect([200, 303, 400, 404], page.html).toContain(page.status)
        return page.status === 200
      }
    }
  }

  test.each(PLACES)('%s takes what fits and nothing else', async (place) => {
    for (const artefact of ARTEFACTS) {
      if (!FITS[place].includes(artefact)) {
        expect(await taken(place, valueOf(artefact)), `${artefact} at ${place}`).toBe(false)
      }
    }
  })

  test('RFC 7009 §2.2 revoking what is no token of the client changes nothing', async () => {
    for (const artefact of ['code', 'ID token', 'session secret', 'browser secret', 'interaction'] as const) {
      expect((await app.revoke(valueOf(artefact))).status).toBe(200)
    }
    expect((await app.revoke(valueOf('client-credentials token'))).status).toBe(200)
    expect((await machine.introspect(valueOf('client-credentials token'))).body['active']).toBe(true)
  })

  // Last, since some of them are used up: after all those refusals each artefact still works where it belongs.
  test('every artefact is taken where it belongs', async () => {
    for (const place of PLACES.toReversed()) {
      for (const artefact of FITS[place]) {
        expect(await taken(place, valueOf(artefact)), `${artefact} at ${place}`).toBe(true)
      }
    }
  })

  test('an interaction belongs to the browser that began it', async () => {
    const open = await app.visitor.get(app.authorizeUrl({ prompt: 'login' }))
    const stranger = await new Visitor().get(open.location ?? '')
    expect(stranger.status).toBe(400)
    expect((await app.visitor.get(open.location ?? '')).status).toBe(200)
  })
})

describe.each(['sqlite', 'postgres'] as const)('single use, fifty at once, on %s', (database) => {
  let host: TestServer
  let nodes: readonly TestServer[]

  beforeAll(async () => {
    host = await startServer({ database })
    nodes = database === 'postgres' ? [host, await startServer({ beside: host })] : [host]
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addClient('asking', 'openid-connect')
    await host.addUser('alice')
  })
  afterAll(async () => {
    for (const node of nodes.toReversed()) await node.close()
  })

  const FIFTY = Array.from({ length: 50 }, (_, index) => index)
  const nodeFor = (index: number): TestServer => nodes[index % nodes.length] ?? host
  const locationsWithCode = (pages: readonly Page[]) =>
    pages.flatMap(({ location }) => (location?.includes('code=') === true ? [location] : []))

  // A refresh token begins a family, which a grant has once only: without one nothing but the code itself refuses.
  test.each([
    ['openid profile offline_access', true],
    ['openid profile', false],
  ])('an authorization code gives tokens once (%s)', async (scope, hasRefresh) => {
    const app = new RelyingParty({ host, clientId: 'app', scope })
    expect((await app.redeem(await app.code())).body['refresh_token'] !== undefined).toBe(hasRefresh)
    const code = await app.code()
    const replies = await Promise.all(FIFTY.map((index) => app.through(nodeFor(index)).redeem(code)))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const reply of replies) if (reply.status !== 200) expectInvalidGrant(reply)
  })

  test('a refresh token has one successor', async () => {
    const app = new RelyingParty({ host, clientId: 'app' })
    const { refresh } = await app.tokens()
    const replies = await Promise.all(FIFTY.map((index) => app.through(nodeFor(index)).refresh(refresh)))
    const successors = new Set(replies.map((reply) => tokensOf(reply).refresh))
    expect(successors.size).toBe(1)
    const [successor = ''] = successors
    expect((await app.refresh(successor)).status).toBe(200)
  })

  test('a consent page gives one code, however often its button is pressed', async () => {
    const asking = new RelyingParty({ host, clientId: 'asking' })
    const { visitor } = asking
    const signIn = await visitor.follow(await visitor.get(asking.authorizeUrl()))
    const credentials = { username: 'alice', password: TEST_PASSWORD }
    const consent = await visitor.follow(await visitor.submit(signIn, 'login-submit', credentials))
    expect(formWith(consent, 'consent-allow').action).not.toBe('')
    const pages = await Promise.all(FIFTY.map(() => visitor.submit(consent, 'consent-allow')))
    const answers = locationsWithCode(pages)
    expect(answers).toHaveLength(1)
    for (const page of pages) expect([303, 400]).toContain(page.status)
    const code = new URL(answers[0] ?? '').searchParams.get('code') ?? ''
    expect((await asking.redeem(code)).status).toBe(200)
  })

  test('a sign-in page signs in once', async () => {
    const app = new RelyingParty({ host, clientId: 'app' })
    const { visitor } = app
    const signIn = await visitor.follow(await visitor.get(app.authorizeUrl()))
    const credentials = { username: 'alice', password: TEST_PASSWORD }
    const pages = await Promise.all(FIFTY.map(() => visitor.submit(signIn, 'login-submit', credentials)))
    expect(locationsWithCode(pages)).toHaveLength(1)
    for (const page of pages) expect([303, 400, 429, 503]).toContain(page.status)
  })

  test('a ticket opens for one browser', async () => {
    const hash = sha256(`ticket of ${database}`)
    const now = host.clock.now()
    const { store } = host.server.parts
    await store.addTicket(hash, { purpose: 'rehearsal', detail: '{}', createdAt: now, expiresAt: now + 600 })
    const bound = await Promise.all(
      FIFTY.map((index) =>
        nodeFor(index).server.parts.store.bindTicket(hash, sha256(`browser ${index}`), now, now + 600),
      ),
    )
    expect(bound.filter((won) => won)).toHaveLength(1)
  })
})
