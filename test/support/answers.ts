// Authorization answers that do not travel in a query: read out of a fragment or a form, and the ID tokens in them
// verified as a relying party does.

import { createHash } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { expect } from 'vitest'
import { contentSecurityPolicy } from '../../src/http/reply/security-headers.ts'
import { expectAnswer } from './authorize.ts'
import type { TestServer } from './server.ts'
import { formWith, type Page } from './visitor.ts'

/** Members of the fragment, each once; the query has none of them. */
export function fragmentOf(page: Page): Readonly<Record<string, string>> {
  const answer = expectAnswer(page)
  for (const name of ['code', 'access_token', 'id_token', 'error', 'state', 'iss']) {
    expect(answer.searchParams.has(name), answer.href).toBe(false)
  }
  return membersOf(new URLSearchParams(answer.hash.slice(1)))
}

export function membersOf(parameters: URLSearchParams): Readonly<Record<string, string>> {
  for (const name of new Set(parameters.keys())) expect(parameters.getAll(name)).toHaveLength(1)
  return Object.fromEntries(parameters)
}

/** What the form on the page would post, after the page itself has passed. OAuth 2.0 Form Post Response Mode §2. */
export function postedBy(page: Page, target: string): Readonly<Record<string, string>> {
  expect(page.status, page.html.slice(0, 400)).toBe(200)
  expect(page.location).toBeNull()
  const { headers } = page
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('referrer-policy')).toBe('no-referrer')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  const [, script = ''] = /<script>([^<]*)<\/script>/.exec(page.html) ?? []
  const [, style = ''] = /<style>([^<]*)<\/style>/.exec(page.html) ?? []
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const sources = { styleHash: hash(style), scriptHashes: [hash(script)], imageSource: "'self' data:" }
  expect(headers.get('content-security-policy')).toBe(
    contentSecurityPolicy({ ...sources, connectSource: "'none'" }, { formAction: [new URL(target).protocol] }),
  )
  expect(page.html.match(/<form/g)).toHaveLength(1)
  expect(page.html).not.toMatch(/<noscript|type="module"|\b(src|srcset)=/)
  const form = formWith(page, 'form-post-submit')
  expect(form.action).toBe(target)
  return form.fields
}

/** OpenID Connect Core §3.1.3.7, with the published keys and the server's clock. */
export async function verifiedIdToken(host: TestServer, idToken: unknown, audience: string): Promise<JWTPayload> {
  const keys = (await (await fetch(`${host.issuer}/sso/jwks`)).json()) as JSONWebKeySet
  const currentDate = new Date(host.clock.now() * 1000)
  return (await jwtVerify(String(idToken), createLocalJWKSet(keys), { issuer: host.issuer, audience, currentDate }))
    .payload
}

/** Of the hash that goes with the signature. OpenID Connect Core §3.2.2.10, §3.3.2.11. */
export function leftHalf(text: string | undefined, algorithm = 'RS256'): string {
  const whole = createHash(/Ed/.test(algorithm) ? 'sha512' : `sha${algorithm.slice(2)}`)
    .update(text ?? '')
    .digest()
  return whole.subarray(0, whole.length / 2).toString('base64url')
}
