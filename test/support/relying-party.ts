// A client application for tests: sends the browser to authorize, redeems the code, refreshes, asks user info. Every
// reply it meets passes the checks that hold for all machine endpoints.

import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { CALLBACK, TEST_PASSWORD, TEST_SECRET, type TestServer } from './server.ts'
import { type Page, Visitor } from './visitor.ts'

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface Tokens {
  readonly access: string
  readonly refresh: string
  readonly idToken: string
  readonly reply: Reply
}

export type Fields = Readonly<Record<string, string | undefined>>

export interface RelyingPartySettings {
  readonly host: TestServer
  readonly clientId: string
  /** Null: a public client. */
  readonly secret?: string | null
  readonly redirectUri?: string
  readonly scope?: string
  readonly username?: string
  /** A browser that has been here before; a new one otherwise. */
  readonly visitor?: Visitor
  /** Sends the requests that need no browser to another server on the same database. */
  readonly at?: TestServer
}

/** 43 characters; the challenge below is its SHA-256. */
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
export const PKCE = { code_challenge: challengeOf(VERIFIER), code_challenge_method: 'S256' }

export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

export function basic(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
}

/** Any machine endpoint. No reply may be a failure of ours, be kept by a cache, or be anything but JSON. */
export async function ask(url: string, init: RequestInit = {}): Promise<Reply> {
  const reply = await fetch(url, { redirect: 'manual', ...init })
  const text = await reply.text()
  expect(reply.status, text).toBeLessThan(500)
  expect(reply.headers.get('cache-control')).toBe('no-store')
  expect(reply.headers.get('pragma')).toBe('no-cache')
  expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
  expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8')
  const body = JSON.parse(text) as Record<string, unknown>
  if (reply.status >= 400) {
    expect(body['error']).toMatch(/^[a-z_]+$/)
    // RFC 6749 §5.2: printable ASCII without quote and backslash.
    expect(body['error_description'] ?? '').toMatch(/^[\x20\x21\x23-\x5B\x5D-\x7E]*$/)
    expect(text).not.toContain(TEST_SECRET)
    expect(text).not.toMatch(/\bat .+\.ts:\d+/)
  }
  return { status: reply.status, headers: reply.headers, text, body }
}

export function form(fields: Fields): URLSearchParams {
  return new URLSearchParams(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** The same as text, for a URL. */
export function query(fields: Fields): string {
  return form(fields).toString()
}

/** Through every page of ours until the answer leaves for the client. */
export async function walk(visitor: Visitor, start: string, username: string): Promise<URL> {
  let page: Page = await visitor.follow(await visitor.get(start))
  for (let step = 0; step < 6; step++) {
    if (page.location !== null) return new URL(page.location)
    const next = page.html.includes('id="login-submit"')
      ? await visitor.submit(page, 'login-submit', { username, password: TEST_PASSWORD })
      : await visitor.submit(page, 'consent-allow')
    page = await visitor.follow(next)
  }
  throw new Error(`no answer after six pages: ${page.html.slice(0, 400)}`)
}

export class RelyingParty {
  readonly host: TestServer
  readonly clientId: string
  readonly secret: string | null
  readonly redirectUri: string
  readonly scope: string
  readonly username: string
  readonly visitor: Visitor
  readonly #at: TestServer

  constructor(settings: RelyingPartySettings) {
    this.host = settings.host
    this.#at = settings.at ?? settings.host
    this.clientId = settings.clientId
    this.secret = settings.secret === undefined ? TEST_SECRET : settings.secret
    this.redirectUri = settings.redirectUri ?? CALLBACK
    this.scope = settings.scope ?? 'openid profile offline_access'
    this.username = settings.username ?? 'alice'
    this.visitor = settings.visitor ?? new Visitor()
  }

  /** The same client and browser, asking another server on the same database. */
  through(at: TestServer): RelyingParty {
    const { host, clientId, secret, redirectUri, scope, username } = this
    const twin = new RelyingParty({ host, clientId, secret, redirectUri, scope, username, at })
    for (const [name, value] of this.visitor.cookies) twin.visitor.cookies.set(name, value)
    return twin
  }

  authorizeUrl(parameters: Fields = {}): string {
    const isPublic = this.secret === null
    const asked = query({
      response_type: 'code',
      client_id: this.clientId,
      redirect_uri: this.redirectUri,
      scope: this.scope,
      state: 'state-of-this-test',
      ...(isPublic && PKCE),
      ...parameters,
    })
    return `${this.#at.origin}/sso/authorize?${asked}`
  }

  /** The address at the client that the browser is sent to. */
  async authorize(parameters: Fields = {}): Promise<URL> {
    return walk(this.visitor, this.authorizeUrl(parameters), this.username)
  }

  async code(parameters: Fields = {}): Promise<string> {
    const answer = await this.authorize(parameters)
    const code = answer.searchParams.get('code')
    if (code === null) throw new Error(`no code: ${answer.href}`)
    return code
  }

  /** Default headers of this client's machine requests. */
  get credentials(): Record<string, string> {
    return this.secret === null ? {} : { authorization: basic(this.clientId, this.secret) }
  }

  async token(fields: Fields, headers: Record<string, string> = this.credentials): Promise<Reply> {
    return ask(`${this.#at.origin}/sso/token`, { method: 'POST', headers, body: form(this.#named(fields)) })
  }

  async redeem(code: string, fields: Fields = {}, headers: Record<string, string> = this.credentials): Promise<Reply> {
    return this.token(
      {
        grant_type: 'authorization_code',
        code,
        redirect_uri: this.redirectUri,
        ...(this.secret === null && { code_verifier: VERIFIER }),
        ...fields,
      },
      headers,
    )
  }

  async refresh(token: string, fields: Fields = {}, headers: Record<string, string> = this.credentials) {
    return this.token({ grant_type: 'refresh_token', refresh_token: token, ...fields }, headers)
  }

  /** A whole sign-in. */
  async tokens(parameters: Fields = {}, fields: Fields = {}): Promise<Tokens> {
    return tokensOf(await this.redeem(await this.code(parameters), fields))
  }

  async userinfo(accessToken: string): Promise<Reply> {
    return ask(`${this.#at.origin}/sso/userinfo`, { headers: { authorization: `Bearer ${accessToken}` } })
  }

  async introspect(token: string, fields: Fields = {}, headers: Record<string, string> = this.credentials) {
    return ask(`${this.#at.origin}/sso/introspect`, { method: 'POST', headers, body: form({ token, ...fields }) })
  }

  async revoke(token: string, fields: Fields = {}, headers: Record<string, string> = this.credentials): Promise<Reply> {
    return ask(`${this.#at.origin}/sso/revoke`, {
      method: 'POST',
      headers,
      body: form(this.#named({ token, ...fields })),
    })
  }

  #named(fields: Fields): Fields {
    return this.secret === null ? { client_id: this.clientId, ...fields } : fields
  }
}

export function tokensOf(reply: Reply): Tokens {
  expect(reply.status, reply.text).toBe(200)
  const member = (name: string) => {
    const value = reply.body[name]
    return typeof value === 'string' ? value : ''
  }
  return { access: member('access_token'), refresh: member('refresh_token'), idToken: member('id_token'), reply }
}

/** The refusal of a code or refresh token. */
export function expectInvalidGrant(reply: Reply): void {
  expect(reply.status, reply.text).toBe(400)
  expect(reply.body['error']).toBe('invalid_grant')
  expect(Object.keys(reply.body).sort()).toEqual(['error', 'error_description'])
}

export function expectInvalidClient(reply: Reply): void {
  expect(reply.status, reply.text).toBe(401)
  expect(reply.body['error']).toBe('invalid_client')
  expect(reply.headers.get('www-authenticate')).toMatch(/^Basic /)
}

export function expectInvalidRequest(reply: Reply): void {
  expect(reply.status, reply.text).toBe(400)
  expect(reply.body['error']).toBe('invalid_request')
}

export function expectInvalidToken(reply: Reply): void {
  expect(reply.status, reply.text).toBe(401)
  expect(reply.body['error']).toBe('invalid_token')
  expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token"/)
}

export async function eventTypes(host: TestServer): Promise<readonly string[]> {
  return (await host.server.parts.store.listEvents(200)).map(({ type }) => type)
}
