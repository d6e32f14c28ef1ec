// Authorization requests for tests, and what holds for every answer to one: a page of ours with its protections, or a
// redirect to the client with its own.

import { expect } from 'vitest'
import { statement } from '../../src/store/database/driver.ts'
import { CALLBACK, TEST_PASSWORD, type TestServer } from './server.ts'
import { type Page, textOf, Visitor } from './visitor.ts'

/** Undefined leaves a parameter out; a list sends it several times. */
export type AuthorizeParameters = Readonly<Record<string, string | readonly string[] | undefined>>

export const STATE = 'state-of-this-test'

export function authorizeQuery(parameters: AuthorizeParameters = {}): URLSearchParams {
  const query = new URLSearchParams()
  const all: AuthorizeParameters = {
    response_type: 'code',
    client_id: 'web',
    redirect_uri: CALLBACK,
    scope: 'openid profile',
    state: STATE,
    ...parameters,
  }
  for (const [name, value] of Object.entries(all)) {
    for (const each of value === undefined ? [] : typeof value === 'string' ? [value] : value) query.append(name, each)
  }
  return query
}

export function authorizeUrl(host: TestServer, parameters: AuthorizeParameters = {}): string {
  return `${host.origin}/sso/authorize?${authorizeQuery(parameters).toString()}`
}

/** Asks to be let in; follows our own redirects to the page a person has to see, or to the client's address. */
export async function ask(visitor: Visitor, host: TestServer, parameters: AuthorizeParameters = {}): Promise<Page> {
  return visitor.follow(await visitor.get(authorizeUrl(host, parameters)))
}

/** Fills in the sign-in page and follows. */
export async function signIn(visitor: Visitor, page: Page, username: string, password = TEST_PASSWORD): Promise<Page> {
  return visitor.follow(await visitor.submit(page, 'login-submit', { username, password }))
}

/** From nothing to the client, with consent where it is asked for. */
export async function signInFully(
  visitor: Visitor,
  host: TestServer,
  username: string,
  parameters: AuthorizeParameters = {},
): Promise<URL> {
  let page = await ask(visitor, host, parameters)
  if (isAt(page, 'sign-in')) page = await signIn(visitor, page, username)
  if (isAt(page, 'consent')) page = await visitor.submit(page, 'consent-allow')
  return expectCode(page)
}

/** A browser in which these people have signed in, the last one last. */
export async function signedIn(host: TestServer, ...usernames: readonly string[]): Promise<Visitor> {
  const visitor = new Visitor()
  for (const username of usernames) {
    expectCode(await signIn(visitor, await ask(visitor, host, { prompt: 'login' }), username))
  }
  return visitor
}

/** The same browser a moment ago, or a thief of its cookies. */
export function copyOf(visitor: Visitor): Visitor {
  const copy = new Visitor()
  for (const [name, value] of visitor.cookies) copy.cookies.set(name, value)
  return copy
}

export function isAt(page: Page, step: 'sign-in' | 'consent' | 'choose-account'): boolean {
  return page.location === null && new URL(page.url).pathname.startsWith(`/sso/${step}/`)
}

/** Any page: nobody may frame, sniff, keep, script or read it from another origin, and nothing in it failed. */
export function expectPage(page: Page, status = 200): void {
  expect(page.status, page.html.slice(0, 400)).toBe(status)
  expect(page.location).toBeNull()
  const { headers } = page
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('x-frame-options')).toBe('DENY')
  expect(headers.get('referrer-policy')).toBe('same-origin')
  expect(headers.get('access-control-allow-origin')).toBeNull()
  const policy = headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'; style-src 'sha256-")
  expect(policy).toContain("script-src 'none'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
  expect(page.html).not.toMatch(/<script|\bat .+\.ts:\d+/)
}

/** A refusal that is shown here: no Location, no form, nothing that leads to the address that was asked for. */
export function expectErrorPage(page: Page, { status = 400, code = 'invalid_request' } = {}): void {
  expectPage(page, status)
  expect(textOf(page, 'error-code')).toBe(code)
  expect(textOf(page, 'trace-id')).toBe(page.headers.get('x-trace-id'))
  // But for the one that shows the page in the other language.
  expect(page.html.replace(/<nav\b.*?<\/nav>/, '')).not.toContain('<form')
  expect(page.html).not.toMatch(/<a [^>]*href="(?!\/(?!\/))/)
  expect(page.headers.get('content-security-policy')).toContain("form-action 'self';")
}

/** A redirect to the client that leaks nothing on the way. */
export function expectAnswer(page: Page): URL {
  expect([302, 303], page.html.slice(0, 400)).toContain(page.status)
  expect(page.headers.get('cache-control')).toBe('no-store')
  expect(page.headers.get('referrer-policy')).toBe('no-referrer')
  expect(page.headers.get('access-control-allow-origin')).toBeNull()
  expect(page.html).toBe('')
  return new URL(page.location ?? '')
}

export function expectCode(page: Page): URL {
  const answer = expectAnswer(page)
  expect(answer.searchParams.get('error'), answer.href).toBeNull()
  expect(answer.searchParams.get('code')).toMatch(/^[A-Za-z0-9]{50}$/)
  return answer
}

/** `state` null: none is sent back. RFC 6749 §4.1.2.1 and RFC 9207 §2. */
export function expectRefusal(
  page: Page,
  host: TestServer,
  error: string,
  { redirectUri = CALLBACK, state = STATE }: { redirectUri?: string; state?: string | null } = {},
): URL {
  const answer = expectAnswer(page)
  expect(answer.href.startsWith(redirectUri), answer.href).toBe(true)
  const { searchParams: found } = answer
  expect(found.get('error'), answer.href).toBe(error)
  expect(found.get('error_description')).toMatch(/^[\x20\x21\x23-\x5B\x5D-\x7E]+$/)
  expect(found.get('state')).toBe(state)
  expect(found.get('iss')).toBe(host.issuer)
  for (const name of ['code', 'access_token', 'id_token']) expect(found.has(name)).toBe(false)
  for (const name of new Set(found.keys())) expect(found.getAll(name)).toHaveLength(1)
  return answer
}

const COUNTED = ['session', 'grant', 'authorization_code', 'consent', 'interaction', 'access_token'] as const

/** What a refusal must leave alone. */
export async function countRecords(host: TestServer): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const table of COUNTED) {
    const sql = `SELECT CAST(count(*) AS BIGINT) AS n FROM "${table}"`
    const [row] = await host.driver.rows(statement<object, { n: number }>(`count_${table}`, sql), {})
    counts[table] = row?.n ?? 0
  }
  return counts
}
