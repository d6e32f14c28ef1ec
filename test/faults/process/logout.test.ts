// A server that dies between a sign-out and telling the clients: what was written down with the sign-out is told by
// whoever comes next.

import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lingpai } from '../../support/cli.ts'
import { type LogoutReceiver, startReceiver } from '../../support/logout-receiver.ts'
import { Caller, eventually } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { CLIENT_ID, type Prepared, prepareSqlite, SESSION_SECRET } from '../support/installation.ts'

let prepared: Prepared
let receiver: LogoutReceiver
let child: Child | null = null

beforeEach(async () => {
  prepared = await prepareSqlite()
  receiver = await startReceiver()
  const uri = `backchannel_logout_uri=${receiver.url('/logout')}`
  const { code, stderr } = await lingpai([
    'client',
    'update',
    CLIENT_ID,
    '--set',
    uri,
    '--issuer',
    ISSUER,
    ...prepared.words,
  ])
  expect(code, stderr).toBe(0)
})
afterEach(async () => {
  await child?.stop()
  await receiver.close()
  prepared.remove()
})

const ISSUER = 'http://localhost:4997'

async function start(clockAhead = 0): Promise<Child> {
  const words = [...prepared.words, '--issuer', ISSUER, '--outbound-allow', receiver.place]
  child = await startChild({ words, clockAhead })
  return child
}

/** The client is the one that begins, so its call is not due at once. */
async function signOut(server: Child): Promise<void> {
  const caller = new Caller(server)
  try {
    const { id_token: hint } = (await caller.redeem(await caller.needCode())).body
    const cookie = `lingpai-session=${SESSION_SECRET}`
    const reply = await caller.ask('GET', `/sso/end-session?id_token_hint=${String(hint)}`, { cookie })
    expect(reply.status, reply.text).toBe(200)
    expect(reply.text).toMatch(/Signed out|已退出登录/)
  } finally {
    caller.close()
  }
}

describe('a server that is killed after a sign-out', () => {
  it('has the client told once, with a token that is signed then, after the next start', async () => {
    await signOut(await start())
    await child?.kill()
    expect(receiver.calls).toEqual([])
    // Longer than any token that was issued before lives.
    await start(600)
    const [call] = await eventually(
      async () => receiver.calls,
      (calls) => calls.length > 0,
    )
    expect(call?.claims['aud']).toBe(CLIENT_ID)
    expect(Number(call?.claims['iat'])).toBeGreaterThan(Date.now() / 1_000 + 590)
    await wait(3_000)
    expect(receiver.calls).toHaveLength(1)
    const { stdout } = await lingpai(['logout', 'list', '--json', ...prepared.words])
    expect((JSON.parse(stdout) as { deliveries: unknown[] }).deliveries).toMatchObject([
      { state: 'delivered', attempts: 1 },
    ])
  })

  it('in the middle of a call has it made again, when nobody answers for it any more', async () => {
    receiver.answer('/logout', () => undefined)
    await signOut(await start())
    await eventually(
      async () => receiver.calls,
      (calls) => calls.length === 1,
    )
    await child?.kill()
    receiver.answer('/logout', 200)
    // The lease of the dead is respected until it is over.
    await start()
    await wait(2_500)
    expect(receiver.calls).toHaveLength(1)
    await child?.stop()
    await start(60)
    const [first, second] = await eventually(
      async () => receiver.calls,
      (calls) => calls.length > 1,
    )
    expect(second?.claims['jti']).not.toBe(first?.claims['jti'])
    expect(second?.claims['sid']).toBe(first?.claims['sid'])
  })

  it('loses nothing when the client is down as well', async () => {
    const { place } = receiver
    await receiver.close()
    await signOut(await start())
    await eventually(
      async () => (await lingpai(['logout', 'list', '--json', ...prepared.words])).stdout,
      (text) => text.includes('cannot be reached: ECONNREFUSED'),
    )
    await child?.kill()
    receiver = await startReceiver(Number(place.split(':')[1]))
    await start(10)
    const calls = await eventually(
      async () => receiver.calls,
      (seen) => seen.length > 0,
    )
    expect(calls).toHaveLength(1)
  })
}, 60_000)
