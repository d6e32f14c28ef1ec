// What client applications ask of a filled server: each time as another client, for another person.

import { CALLBACK, SECRET } from '../../test/faults/support/installation.ts'
import type { Answer, Send } from '../measuring/load.ts'
import type { Sample } from './rows.ts'

export interface Operation {
  readonly name: string
  run(send: Send, sample: Sample): Promise<void>
}

const FORM = 'application/x-www-form-urlencoded'

function expect(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer
  throw new Error(`expected ${status}, got ${answer.status}: ${answer.body.slice(0, 200)}`)
}

async function post(send: Send, path: string, { clientId }: Sample, fields: Record<string, string>): Promise<string> {
  const body = new URLSearchParams(fields).toString()
  const authorization = `Basic ${Buffer.from(`${clientId}:${SECRET}`).toString('base64')}`
  const headers = { authorization, 'content-type': FORM }
  return expect(await send({ method: 'POST', path, headers, body }), 200).body
}

export const userinfo: Operation = {
  name: 'user info',
  async run(send, { access }) {
    expect(await send({ method: 'GET', path: '/sso/userinfo', headers: { authorization: `Bearer ${access}` } }), 200)
  },
}

export const refresh: Operation = {
  name: 'refresh',
  async run(send, sample) {
    const fields = { grant_type: 'refresh_token', refresh_token: sample.refresh }
    sample.refresh = (
      JSON.parse(await post(send, '/sso/token', sample, fields)) as { refresh_token: string }
    ).refresh_token
  },
}

export const OPERATIONS: readonly Operation[] = [
  userinfo,
  {
    name: 'introspection',
    async run(send, sample) {
      const body = await post(send, '/sso/introspect', sample, { token: sample.access })
      if (!body.includes('"active":true')) throw new Error(`not active: ${body}`)
    },
  },
  refresh,
  {
    name: 'client credentials',
    async run(send, sample) {
      await post(send, '/sso/token', sample, { grant_type: 'client_credentials', scope: 'read' })
    },
  },
  {
    name: 'authorize with a session, then tokens by code',
    async run(send, sample) {
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: sample.clientId,
        redirect_uri: CALLBACK,
        scope: 'openid profile',
        state: 'state-of-this-bench',
      })
      const headers = { cookie: `lingpai-session=${sample.session}` }
      const path = `/sso/authorize?${query.toString()}`
      const { location } = expect(await send({ method: 'GET', path, headers }), 302)
      const code = new URL(location ?? '', CALLBACK).searchParams.get('code')
      if (code === null) throw new Error(`no code: ${location}`)
      await post(send, '/sso/token', sample, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK })
    },
  },
]
