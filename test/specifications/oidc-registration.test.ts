// OpenID Connect Dynamic Client Registration 1.0, and what people see of a client that registered itself: its picture from
// our own address, its policies, its name in their language, and that nobody has verified it.

import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import * as openid from 'openid-client'
import { dynamicClientRegistration } from 'openid-client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { addClient, approveClient, updateClient } from '../../src/administration/clients.ts'
import { verifiedIdToken } from '../support/answers.ts'
import { ask as askPage, authorizeUrl, expectPage, isAt, signIn } from '../support/authorize.ts'
import {
  countClients,
  type Metadata,
  manage,
  ownOf,
  PLAIN,
  type Registered,
  register,
  registered,
} from '../support/registration.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { CALLBACK, startServer, type TestServer, type TestServerOptions } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(60, 1)])
const GIF = Buffer.concat([Buffer.from('GIF89a', 'latin1'), Buffer.alloc(60, 2)])

let picture: RequestListener
let hits = 0
const pictures = createServer((request, reply) => {
  hits++
  picture(request, reply)
})
const give =
  (body: Uint8Array | string, type = 'image/png'): RequestListener =>
  (_, reply) =>
    void reply.writeHead(200, { 'content-type': type }).end(body)

let host: TestServer
let pictureOrigin: string
let settings: TestServerOptions

beforeAll(async () => {
  await new Promise<void>((resolve) => pictures.listen(0, '127.0.0.1', resolve))
  const { port } = pictures.address() as AddressInfo
  pictureOrigin = `http://127.0.0.1:${port}`
  settings = {
    outboundAllow: [`127.0.0.1:${port}`],
    outboundAllowStrangers: true,
    registration: { access: 'open', perAddress: 100_000 },
  }
  host = await startServer(settings)
  await host.addUser('alice')
})
afterEach(() => {
  hits = 0
})
afterAll(async () => {
  await host.close()
  pictures.closeAllConnections()
  await new Promise<unknown>((resolve) => pictures.close(resolve))
})

const party = ({ clientId, secret }: Registered, scope = 'openid profile') =>
  new RelyingParty({ host, clientId, secret, scope })
const administration = () => ({ ...host.server.parts, clock: host.clock })
const clientOf = async (own: Registered) => (await host.server.parts.store.findClient(own.clientId))?.client
const signInPageOf = (own: Registered, visitor = new Visitor()) => askPage(visitor, host, { client_id: own.clientId })

describe('§2 what a client asks for once and for all', () => {
  test('§2 default_max_age holds where the request has no max_age', async () => {
    const own = await registered(host, { ...PLAIN, default_max_age: 100 })
    expect(own.reply.body['default_max_age']).toBe(100)
    const relying = party(own)
    await relying.tokens()
    host.clock.advance(99)
    const silently = async (fields = {}) =>
      (await relying.authorize({ prompt: 'none', ...fields })).searchParams.get('error')
    expect(await silently()).toBeNull()
    host.clock.advance(50)
    expect(await silently()).toBe('login_required')
    expect(await silently({ max_age: '1000' })).toBeNull()
  })

  test('§2 require_auth_time: the ID token says when', async () => {
    const own = await registered(host, { ...PLAIN, require_auth_time: true })
    expect(own.reply.body['require_auth_time']).toBe(true)
    const { idToken } = await party(own).tokens()
    expect((await verifiedIdToken(host, idToken, own.clientId))['auth_time']).toBe(host.clock.now())
  })

  test('§2 default_acr_values: the ID token says how', async () => {
    const acr = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport'
    const own = await registered(host, { ...PLAIN, default_acr_values: [acr] })
    const plain = await registered(host)
    const acrOf = async (each: Registered) =>
      (await verifiedIdToken(host, (await party(each).tokens()).idToken, each.clientId))['acr']
    expect([await acrOf(own), await acrOf(plain)]).toEqual([acr, undefined])
  })

  test('§2 values that mean nothing are refused', async () => {
    const wrong: readonly Metadata[] = [
      { default_max_age: -1 },
      { default_max_age: '100' },
      { default_max_age: 1e99 },
      { require_auth_time: 'yes' },
      { default_acr_values: ['with blank'] },
      { initiate_login_uri: 'http://client.test/start' },
      { initiate_login_uri: 'https://client.test/start#x' },
      { initiate_login_uri: 'javascript:alert(1)' },
      { logo_uri: 'data:image/png;base64,AAAA' },
      { policy_uri: 'javascript:alert(1)' },
      { tos_uri: 'https://bank.test@evil.test/' },
      { client_name: 'a\u202eb' },
      { client_name: 'a\nb' },
      { 'client_name#en': 7 },
      { contacts: 'x'.repeat(300) },
      { id_token_signed_response_alg: 'none' },
      { subject_type: 'private' },
    ]
    const before = await countClients(host)
    for (const each of wrong) {
      const reply = await register(host, { ...PLAIN, ...each })
      expect([reply.status, reply.body['error']], JSON.stringify(each)).toEqual([400, 'invalid_client_metadata'])
    }
    expect(await countClients(host)).toBe(before)
    expect((await register(host, { ...PLAIN, initiate_login_uri: 'https://client.test/start' })).status).toBe(201)
  })

  test('§5 a sector must name each redirect URI', async () => {
    picture = give(JSON.stringify([CALLBACK]), 'application/json')
    const sector = { subject_type: 'pairwise', sector_identifier_uri: `${pictureOrigin}/sector` }
    const reply = await register(host, { ...PLAIN, ...sector, redirect_uris: [CALLBACK, 'https://other.test/cb'] })
    expect([reply.status, reply.body['error']]).toEqual([400, 'invalid_client_metadata'])
    expect((await register(host, { ...PLAIN, ...sector })).status).toBe(201)
  })
})

describe('§2 the picture of a client', () => {
  const logoOf = async (own: Registered) => {
    const { html } = await signInPageOf(own)
    return /<img id="client-logo" src="([^"]+)"/.exec(html)?.[1] ?? null
  }

  test('§2 it is fetched once, and served from our own address under its own name', async () => {
    picture = give(PNG)
    const own = await registered(host, { ...PLAIN, logo_uri: `${pictureOrigin}/images/openid.png` })
    expect(own.reply.body['logo_uri']).toBe(`${pictureOrigin}/images/openid.png`)
    const path = await logoOf(own)
    expect(path).toMatch(/^\/sso\/client-logo\/.+\/images\/openid\.png$/)
    for (let time = 0; time < 2; time++) {
      const reply = await fetch(new URL(path ?? '', host.origin))
      expect(reply.status).toBe(200)
      expect(reply.headers.get('content-type')).toBe('image/png')
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
      expect(reply.headers.get('cache-control')).toContain('immutable')
      expect(Buffer.from(await reply.arrayBuffer())).toEqual(PNG)
    }
    expect(hits).toBe(1)
    expect((await signInPageOf(own)).html).not.toContain(pictureOrigin)
  })

  test('§2 what it is called says nothing: its first bytes do', async () => {
    for (const [body, type] of [
      ['<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 'image/png'],
      ['<script>alert(1)</script>', 'image/gif'],
      ['', 'image/png'],
      [Buffer.concat([PNG, Buffer.alloc(262_144)]), 'image/png'],
    ] as const) {
      picture = give(body, type)
      const own = await registered(host, { ...PLAIN, logo_uri: `${pictureOrigin}/evil.png` })
      expect(await logoOf(own)).toBeNull()
      expect((await clientOf(own))?.logo).toBeNull()
      expect((await signInPageOf(own)).html).toContain('Photos')
    }
    picture = give(GIF, 'text/html')
    expect(await logoOf(await registered(host, { ...PLAIN, logo_uri: `${pictureOrigin}/a.gif` }))).toContain('/a.gif')
  })

  test('RFC 7591 §5 a place that is not public is not asked, and the client has no picture', async () => {
    for (const where of ['https://127.0.0.1/x.png', 'https://169.254.169.254/x.png', 'http://192.168.0.1/x.png']) {
      const own = await registered(host, { ...PLAIN, logo_uri: where })
      expect(await logoOf(own)).toBeNull()
    }
    expect(hits).toBe(0)
  })

  test('§2 a new address is fetched anew, and without one the old picture is gone', async () => {
    picture = give(PNG)
    const own = await registered(host, { ...PLAIN, logo_uri: `${pictureOrigin}/one.png` })
    const first = await logoOf(own)
    const metadata = { ...PLAIN, client_id: own.clientId }
    picture = give(GIF)
    const next = ownOf(await manage(own, { ...metadata, logo_uri: `${pictureOrigin}/two.gif` }))
    expect(await logoOf(next)).toContain('/two.gif')
    expect((await fetch(new URL(first ?? '', host.origin))).status).toBe(404)
    const last = ownOf(await manage(next, { ...metadata, logo_uri: `${pictureOrigin}/two.gif`, software_version: '2' }))
    expect(hits).toBe(2)
    await manage(last, metadata)
    expect(await logoOf(next)).toBeNull()
  })

  test('§2 an operator gives one by file or by address, too', async () => {
    picture = give(PNG)
    const redirectUris = [CALLBACK]
    const made = await addClient(administration(), {
      preset: 'openid-connect',
      redirectUris,
      assignments: [`logo_uri="${pictureOrigin}/mine.png"`],
    })
    expect(made.warnings).toEqual([])
    expect(made.record.client.logo).toContain('/mine.png')
    const { client_id: id } = made.record.client
    const changed = await updateClient(administration(), id, { logoFile: { name: 'new.gif', content: GIF } })
    expect(changed.record.client.logo).toContain('/new.gif')
    await expect(
      updateClient(administration(), id, { logoFile: { name: 'x.svg', content: Buffer.from('<svg/>') } }),
    ).rejects.toThrow('PNG, JPEG, WebP or GIF')
    const other = { preset: 'openid-connect', redirectUris, assignments: ['logo_uri="https://127.0.0.1/x.png"'] }
    expect((await addClient(administration(), other)).warnings.join()).toContain('could not be fetched')
  })
})

describe('§2 what a person sees', () => {
  test('§2 policy and terms are linked with the very addresses that were registered', async () => {
    const links = { policy_uri: `${pictureOrigin}/login.html`, tos_uri: 'https://openid.test' }
    const own = await registered(host, { ...PLAIN, ...links })
    const visitor = new Visitor()
    const first = await signInPageOf(own, visitor)
    const second = await signIn(visitor, first, 'alice')
    expect([isAt(first, 'sign-in'), isAt(second, 'consent')]).toEqual([true, true])
    for (const { html } of [first, second]) {
      expect(html).toContain(`id="client-policy" href="${links.policy_uri}"`)
      expect(html).toContain(`id="client-terms" href="${links.tos_uri}"`)
    }
  })

  test('§2.1 the name comes in the language of the page', async () => {
    const own = await registered(host, {
      ...PLAIN,
      'client_name#zh-Hans': '相册',
      'client_name#fr': 'Photos de famille',
    })
    const visitor = new Visitor()
    visitor.language = 'zh-CN'
    expect((await signInPageOf(own, visitor)).html).toContain('<strong>相册</strong>')
    expect((await signInPageOf(own)).html).toContain('<strong>Photos</strong>')
  })

  test('RFC 9700 §4.11.2 pages say that nobody has verified the client, and where the answer goes, until it is approved', async () => {
    const own = await registered(host)
    const visitor = new Visitor()
    const first = await signInPageOf(own, visitor)
    const second = await signIn(visitor, first, 'alice')
    for (const { html } of [first, second]) {
      expect(html).toContain('id="client-unverified"')
      expect(html).toContain('<strong>client.test</strong>')
    }
    await approveClient(administration(), own.clientId)
    expect((await signInPageOf(own)).html).not.toContain('id="client-unverified"')
  })

  test('RFC 9700 §4.11.2 consent is asked on the first sign-in, even where an operator declared it before', async () => {
    const own = await registered(host)
    await updateClient(administration(), own.clientId, { assignments: ['consent=implied'], consentDeclared: true })
    expect(isAt(await signIn(new Visitor(), await signInPageOf(own), 'alice'), 'consent')).toBe(false)
    const visitor = new Visitor()
    expect(isAt(await signIn(visitor, await signInPageOf(own, visitor), 'alice'), 'consent')).toBe(true)
    await approveClient(administration(), own.clientId)
    const later = new Visitor()
    const page = await signIn(later, await signInPageOf(own, later), 'alice')
    expect(page.location).toContain(`${CALLBACK}?code=`)
  })
})

describe('RFC 9700 §4.11.2 errors of an unverified client', () => {
  const errors = [{ prompt: 'none' }, { response_type: 'nonsense' }, { prompt: 'none login' }, { scope: 'op"enid' }]

  test('a visitor who is not signed in is asked, not sent there', async () => {
    const own = await registered(host)
    for (const each of errors) {
      const page = await new Visitor().get(authorizeUrl(host, { client_id: own.clientId, ...each }))
      expectPage(page, 400)
      expect(page.html).toContain('id="error-code"')
      // The way on is a link for a person, with the answer as it would have been sent.
      expect(page.html).toMatch(new RegExp(`id="error-continue"[^>]* href="${CALLBACK}\\?error=`))
      const posted = await new Visitor().get(
        authorizeUrl(host, { client_id: own.clientId, response_mode: 'form_post', ...each }),
      )
      expectPage(posted, 400)
      expect(posted.html).not.toContain(CALLBACK)
    }
  })

  test('asked for by POST, which another site sends without our cookies, the page offers nothing that posts it with them', async () => {
    const own = await registered(host)
    const url = new URL(authorizeUrl(host, { client_id: own.clientId, response_type: 'nonsense' }))
    const fields = Object.fromEntries(url.searchParams)
    url.search = ''
    const page = await new Visitor().post(url.href, fields)
    expectPage(page, 400)
    expect(page.html).toContain('id="error-continue"')
    await expect(new Visitor().switchLanguage(page)).rejects.toThrow('no language switch')
    await approveClient(administration(), own.clientId)
    expect((await new Visitor().post(url.href, fields)).location).toContain('error=unsupported_response_type')
  })

  test('whoever is signed in, and every client that is verified, gets the usual answer', async () => {
    const own = await registered(host)
    const known = new Visitor()
    await signIn(known, await signInPageOf(own, known), 'alice')
    for (const each of errors) {
      const page = await known.get(authorizeUrl(host, { client_id: own.clientId, ...each }))
      expect(page.location).toContain(`${CALLBACK}?error=`)
    }
    await approveClient(administration(), own.clientId)
    const stranger = await new Visitor().get(authorizeUrl(host, { client_id: own.clientId, prompt: 'none' }))
    expect(stranger.location).toContain('error=login_required')
  })

  test('a person who refuses is sent back, for then somebody was asked', async () => {
    const own = await registered(host)
    const visitor = new Visitor()
    const page = await visitor.submit(await signInPageOf(own, visitor), 'login-cancel')
    expect(page.location).toContain('error=access_denied')
  })

  test('an operator may have them sent at once', async () => {
    const redirecting = await startServer({ ...settings, unverifiedErrors: 'redirect' })
    try {
      const own = await registered(redirecting)
      const page = await new Visitor().get(authorizeUrl(redirecting, { client_id: own.clientId, prompt: 'none' }))
      expect(page.location).toContain(`${CALLBACK}?error=login_required`)
    } finally {
      await redirecting.close()
    }
  })
})

describe('clients of others', () => {
  test('openid-client registers itself, and signs people in', async () => {
    const config = await dynamicClientRegistration(
      new URL(host.issuer),
      { redirect_uris: [CALLBACK], client_name: 'openid-client' },
      undefined,
      { execute: [openid.allowInsecureRequests] },
    )
    const clientId = config.clientMetadata().client_id
    const verifier = openid.randomPKCECodeVerifier()
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'openid profile',
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    const visitor = new Visitor()
    const consent = await signIn(visitor, await visitor.follow(await visitor.get(url.href)), 'alice')
    const answer = (await visitor.submit(consent, 'consent-allow')).location ?? ''
    const tokens = await openid.authorizationCodeGrant(config, new URL(answer), { pkceCodeVerifier: verifier })
    expect(tokens.claims()).toMatchObject({ aud: clientId, sub: 'user-alice' })
  })
})

describe('whatever is sent', () => {
  const NAMES = `redirect_uris client_name client_name#en client_name# grant_types response_types scope jwks jwks_uri contacts
    logo_uri default_max_age token_endpoint_auth_method software_statement sector_identifier_uri request_uris __proto__
    constructor toString initiate_login_uri`
  const names = fc.constantFrom(...NAMES.split(/\s+/))
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl(),
    fc.constantFrom(
      CALLBACK,
      'code',
      'authorization_code',
      'none',
      'native',
      'http://127.0.0.1/cb',
      'a.b:/c',
      '\0',
      '\ud800',
    ),
  )
  const value = fc.oneof(fc.jsonValue(), text, fc.array(text, { maxLength: 5 }))

  test('RFC 7591 §3.2.2 a metadata document is registered or refused, and never a failure of ours', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, value), fc.boolean(), async (document, isPlain) => {
        const body = JSON.stringify(isPlain ? { ...PLAIN, ...document } : document)
        const reply = await fetch(`${host.origin}/sso/register`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        })
        const told = (await reply.json()) as Metadata
        expect([201, 400], body).toContain(reply.status)
        if (reply.status === 400) expect(told['error']).toMatch(/^(invalid_|unapproved_)[a-z_]+$/)
        else expect(told).toHaveProperty('client_id')
      }),
      { numRuns: 150 },
    )
  }, 60_000)
})
