// The operations that are measured, as clients would send them; each checks that it was answered as it should be.

import { randomUUID } from 'node:crypto'
import type { Answer, Send } from './load.ts'

export interface Target {
  readonly issuer: string
  readonly secret: string
  readonly sessionSecret: string
}

export interface Operation {
  readonly name: string
  /** Prepares what one connection needs; the returned function is one operation. */
  prepare(target: Target, send: Send): Promise<() => Promise<void>>
}

const CALLBACK = 'https://client.test/callback'
const FORM = 'application/x-www-form-urlencoded'

function basic(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
}

function expect(answer: Answer, status: number): Answer {
  if (answer.status !== status)
    throw new Error(`expected ${status}, got ${answer.status}: ${answer.body.slice(0, 200)}`)
  return answer
}

async function post(send: Send, path: string, client: string, secret: string, fields: Record<string, string>) {
  const body = new URLSearchParams(fields).toString()
  const headers = { authorization: basic(client, secret), 'content-type': FORM, 'content-length': String(body.length) }
  return send({ method: 'POST', path, headers, body })
}

async function codeFor(send: Send, target: Target, client: string, scope: string): Promise<string> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: CALLBACK,
    scope,
    state: randomUUID(),
  })
  const headers = { cookie: `lingpai-session=${target.sessionSecret}` }
  const answer = expect(await send({ method: 'GET', path: `/sso/authorize?${query.toString()}`, headers }), 302)
  const code = new URL(answer.location ?? '').searchParams.get('code')
  if (code === null) throw new Error(`no code in ${answer.location}`)
  return code
}

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

async function tokensFor(send: Send, target: Target, client: string, scope: string): Promise<Tokens> {
  const code = await codeFor(send, target, client, scope)
  const fields = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK }
  return JSON.parse(expect(await post(send, '/sso/token', client, target.secret, fields), 200).body) as Tokens
}

function refresh(name: string, client: string, scope: string): Operation {
  return {
    name,
    async prepare(target, send) {
      let { refresh_token } = await tokensFor(send, target, client, scope)
      return async () => {
        const fields = { grant_type: 'refresh_token', refresh_token }
        const answer = expect(await post(send, '/sso/token', client, target.secret, fields), 200)
        refresh_token = (JSON.parse(answer.body) as Tokens).refresh_token
      }
    },
  }
}

function journey(name: string, client: string): Operation {
  return {
    name,
    prepare: async (target, send) => async () => {
      const { access_token } = await tokensFor(send, target, client, 'openid profile')
      const headers = { authorization: `Bearer ${access_token}` }
      expect(await send({ method: 'GET', path: '/sso/userinfo', headers }), 200)
    },
  }
}

export const operations: readonly Operation[] = [
  {
    name: 'discovery',
    prepare: async (_, send) => async () => {
      expect(await send({ method: 'GET', path: '/.well-known/openid-configuration' }), 200)
    },
  },
  {
    name: 'user info, opaque token',
    async prepare(target, send) {
      const { access_token } = await tokensFor(send, target, 'es256', 'openid profile')
      const headers = { authorization: `Bearer ${access_token}` }
      return async () => {
        expect(await send({ method: 'GET', path: '/sso/userinfo', headers }), 200)
      }
    },
  },
  {
    name: 'introspection, opaque token',
    async prepare(target, send) {
      const { access_token } = await tokensFor(send, target, 'es256', 'openid profile')
      return async () => {
        expect(await post(send, '/sso/introspect', 'es256', target.secret, { token: access_token }), 200)
      }
    },
  },
  refresh('refresh, opaque, no ID token', 'es256', 'profile'),
  refresh('refresh with ES256 ID token', 'es256', 'openid profile'),
  {
    name: 'client_credentials, opaque',
    prepare: async (target, send) => async () => {
      expect(await post(send, '/sso/token', 'es256', target.secret, { grant_type: 'client_credentials' }), 200)
    },
  },
  journey('journey, ES256 ID token', 'es256'),
  journey('journey, RS256 ID token', 'rs256'),
]
