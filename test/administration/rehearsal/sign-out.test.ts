// A sign-out on the stage of a rehearsal: it happens there, and no client hears of it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { rehearsalComposer } from '../../../src/composition/rehearsal-server.ts'
import { type LogoutReceiver, startReceiver } from '../../support/logout-receiver.ts'
import { basic, form, query } from '../../support/relying-party.ts'
import { CALLBACK, startServer, type TestServer } from '../../support/server.ts'

let host: TestServer
let receiver: LogoutReceiver

beforeAll(async () => {
  receiver = await startReceiver()
  host = await startServer({ outboundAllow: [receiver.place], frontChannelLogout: true })
  await host.addClient('shop', 'openid-connect', {
    consent: 'implied',
    backchannel_logout_uri: receiver.url('/shop'),
    frontchannel_logout_uri: `${new URL(CALLBACK).origin}/front`,
  })
  await host.addUser('alice')
})
afterAll(async () => {
  await host.close()
  await receiver.close()
})

test('ends the planted session, calls nobody and frames nobody', async () => {
  const { parts } = host.server
  const [client, user] = [await parts.store.findClient('shop'), await parts.store.findUser('user-alice')]
  if (client === null || user === null) throw new Error('nobody to play')
  const stage = await rehearsalComposer(parts)({ client, user })
  try {
    const send = (method: string, path: string, fields = '', headers = {}) =>
      stage.handle({
        method,
        path,
        query: method === 'GET' ? fields : '',
        headers: { cookie: stage.cookie, 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: Buffer.from(method === 'POST' ? fields : ''),
        peer: { address: '127.0.0.1', secure: false, host: new URL(host.issuer).host },
      })
    const asked = { response_type: 'code', client_id: 'shop', redirect_uri: CALLBACK, scope: 'openid', prompt: 'none' }
    const answer = await send('GET', '/sso/authorize', query(asked))
    const code = new URL(String(answer.headers['location'])).searchParams.get('code') ?? ''
    const redeemed = form({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK }).toString()
    const authorization = basic('shop', stage.clientSecret ?? '')
    const reply = await send('POST', '/sso/token', redeemed, { authorization })
    const { id_token: hint } = JSON.parse(String(reply.body)) as { id_token: string }
    const done = await send('GET', '/sso/end-session', query({ id_token_hint: hint }), { 'accept-language': 'en' })
    expect(String(done.body)).toContain('Signed out')
    expect(String(done.body)).not.toContain('<iframe')
    const again = await send('GET', '/sso/authorize', query(asked))
    expect(String(again.headers['location'])).toContain('error=login_required')
  } finally {
    await stage.close()
  }
  host.clock.advance(10)
  await host.server.logout.settled()
  expect(receiver.calls).toEqual([])
  expect(await parts.store.listDeliveries({}, 10)).toEqual([])
})
