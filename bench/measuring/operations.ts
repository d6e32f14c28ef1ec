// The operations that are measured, as clients would send them; each checks that it was answered as it should be.

import { hash, randomUUID } from 'node:crypto'
import type { Answer, Send } from './load.ts'

/** A server as its clients see it. */
export interface Target {
  readonly issuer: string
  /** Of the clients `es256` and `rs256`, which differ in the algorithm of their ID tokens. */
  readonly secret: string
  /** Header of a browser in which the user is signed in. */
  readonly cookie: string
  readonly paths: Readonly<Record<'discovery' | 'authorize' | 'token' | 'userinfo' | 'introspect', string>>
  /** Names of the operations that this server does not offer. */
  readonly lacks: readonly string[]
  /** The server accepts authorization requests with PKCE only. */
  readonly pkce?: boolean
  /** Scope that has to be asked for to get a refresh token. */
  readonly extraScope?: string
}

export interface Operation {
  readonly name: string
  /** What Lingpai may spend on one: calls of the database, and signatures. */
  readonly budget: { readonly calls: number; readonly signatures: number }
  /** Prepares what one connection needs; the returned function is one operation. */
  prepare(target: Target, send: Send): Promise<() => Promise<void>>
}

export const OURS: Target['paths'] = {
  discovery: '/.well-known/openid-configuration',
  authorize: '/sso/authorize',
  token: '/sso/token',
  userinfo: '/sso/userinfo',
  introspect: '/sso/introspect',
}

/** Its access tokens are JWTs, signed ES256. */
export const RESOURCE = 'https://api.test/'

const CALLBACK = 'https://client.test/callback'
const FORM = 'application/x-www-form-urlencoded'
const VERIFIER = 'v'.repeat(43)
const CHALLENGE = hash('sha256', VERIFIER, 'base64url')

function basic(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
}

function expect(answer: Answer, ...statuses: readonly number[]): Answer {
  if (!statuses.includes(answer.status)) {
    throw new Error(`expected ${statuses.join(' or ')}, got ${answer.status}: ${answer.body.slice(0, 200)}`)
  }
  return answer
}

async function post(send: Send, path: string, client: string, secret: string, fields: Record<string, string>) {
  const body = new URLSearchParams(fields).toString()
  const headers = { authorization: basic(client, secret), 'content-type': FORM }
  return send({ method: 'POST', path, headers, body })
}

async function codeFor(send: Send, target: Target, client: string, scope: string): Promise<string> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: CALLBACK,
    scope: target.extraScope === undefined ? scope : `${scope} ${target.extraScope}`,
    state: randomUUID(),
    ...(target.pkce && { code_challenge: CHALLENGE, code_challenge_method: 'S256' }),
  })
  const headers = { cookie: target.cookie }
  const path = `${target.paths.authorize}?${query.toString()}`
  const answer = expect(await send({ method: 'GET', path, headers }), 302, 303)
  const code = new URL(answer.location ?? '').searchParams.get('code')
  if (code === null) throw new Error(`no code in ${answer.location}`)
  return code
}

/** An access token as a JWT: for a resource that wants such. */
async function jwtFor(send: Send, target: Target): Promise<string> {
  const fields = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'api' }
  const answer = expect(await post(send, target.paths.token, 'es256', target.secret, fields), 200)
  const { access_token } = JSON.parse(answer.body) as Tokens
  if (access_token.split('.').length !== 3) throw new Error('the access token is no JWT')
  return access_token
}

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

async function tokensFor(send: Send, target: Target, client: string, scope: string): Promise<Tokens> {
  const code = await codeFor(send, target, client, scope)
  const fields = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: CALLBACK,
    ...(target.pkce && { code_verifier: VERIFIER }),
  }
  return JSON.parse(expect(await post(send, target.paths.token, client, target.secret, fields), 200).body) as Tokens
}

function refresh(name: string, client: string, scope: string): Operation {
  return {
    name,
    budget: { calls: 2, signatures: scope.includes('openid') ? 1 : 0 },
    async prepare(target, send) {
      let { refresh_token } = await tokensFor(send, target, client, scope)
      return async () => {
        const fields = { grant_type: 'refresh_token', refresh_token }
        const answer = expect(await post(send, target.paths.token, client, target.secret, fields), 200)
        refresh_token = (JSON.parse(answer.body) as Tokens).refresh_token
      }
    },
  }
}

function journey(name: string, client: string): Operation {
  return {
    name,
    // Authorize: one read, one write; tokens by code: the same, and the ID token; user info: one read.
    budget: { calls: 5, signatures: 1 },
    prepare: async (target, send) => async () => {
      const { access_token } = await tokensFor(send, target, client, 'openid profile')
      const headers = { authorization: `Bearer ${access_token}` }
      expect(await send({ method: 'GET', path: target.paths.userinfo, headers }), 200)
    },
  }
}

export const operations: readonly Operation[] = [
  {
    name: 'discovery',
    budget: { calls: 0, signatures: 0 },
    prepare: async (target, send) => async () => {
      expect(await send({ method: 'GET', path: target.paths.discovery }), 200)
    },
  },
  {
    name: 'user info, opaque token',
    budget: { calls: 1, signatures: 0 },
    async prepare(target, send) {
      const { access_token } = await tokensFor(send, target, 'es256', 'openid profile')
      const headers = { authorization: `Bearer ${access_token}` }
      return async () => {
        expect(await send({ method: 'GET', path: target.paths.userinfo, headers }), 200)
      }
    },
  },
  {
    name: 'introspection, opaque token',
    budget: { calls: 1, signatures: 0 },
    async prepare(target, send) {
      const { access_token } = await tokensFor(send, target, 'es256', 'openid profile')
      return async () => {
        expect(await post(send, target.paths.introspect, 'es256', target.secret, { token: access_token }), 200)
      }
    },
  },
  refresh('refresh, opaque, no ID token', 'es256', 'profile'),
  refresh('refresh with ES256 ID token', 'es256', 'openid profile'),
  {
    name: 'client_credentials, opaque',
    budget: { calls: 2, signatures: 0 },
    prepare: async (target, send) => async () => {
      expect(await post(send, target.paths.token, 'es256', target.secret, { grant_type: 'client_credentials' }), 200)
    },
  },
  {
    name: 'client_credentials, ES256 JWT',
    // The resource is one read more.
    budget: { calls: 3, signatures: 1 },
    prepare: async (target, send) => async () => {
      await jwtFor(send, target)
    },
  },
  {
    name: 'introspection, JWT',
    budget: { calls: 1, signatures: 0 },
    async prepare(target, send) {
      const token = await jwtFor(send, target)
      return async () => {
        expect(await post(send, target.paths.introspect, 'es256', target.secret, { token }), 200)
      }
    },
  },
  journey('journey, ES256 ID token', 'es256'),
  journey('journey, RS256 ID token', 'rs256'),
]
