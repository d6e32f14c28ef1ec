// A node that is stopped (SIGSTOP: as a paused machine) while its sibling goes on, and then goes on itself.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { lingpaiJson } from '../support/cli.ts'
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts'
import { Caller, issuedBy } from './support/caller.ts'
import { type Child, startChild } from './support/child.ts'
import { type Prepared, preparePostgres } from './support/installation.ts'

let database: FreshDatabase
let prepared: Prepared
let stopped: Child
let sibling: Child
let there: Caller
let here: Caller

beforeAll(async () => {
  database = await freshDatabase()
  prepared = await preparePostgres(database.url)
  const words = [...prepared.words, '--issuer', 'http://localhost:4999']
  stopped = await startChild({ ...prepared, words })
  sibling = await startChild({ ...prepared, words })
  there = new Caller(stopped)
  here = new Caller(sibling)
})
afterAll(async () => {
  there.close()
  here.close()
  process.kill(stopped.pid, 'SIGCONT')
  await Promise.all([stopped.kill(), sibling.kill()])
  prepared.remove()
  await database.drop()
})

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
const kidOf = (idToken: unknown) => {
  const [head = ''] = String(idToken).split('.')
  return (JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }).kid
}

it('a node that stood still for longer than the repeat window takes nothing that waited for a replay, and signs with no key that is over', {
  timeout: 120_000,
}, async () => {
  const [tokens, code] = [await there.tokens(), await there.needCode()]
  process.kill(stopped.pid, 'SIGSTOP')
  // Sent, and never answered: clients ask again, elsewhere.
  const waiting = [there.refresh(tokens.refresh), there.redeem(code), there.ask('GET', '/sso/jwks')]
  await pause(0.2)
  const refreshed = issuedBy(await here.refresh(tokens.refresh))
  const redeemed = issuedBy(await here.redeem(code))
  const words = ['key', 'rotate', '--at-once', '--algorithm', 'ES256', ...prepared.words]
  const [made] = await lingpaiJson<readonly { key_id: string; active_at: string }[]>(words, prepared)
  // Longer than a repeat is taken for one (30 s), and than keys take to be seen by all.
  await pause(33)
  expect(kidOf((await here.redeem(await here.needCode())).body['id_token'])).toBe(made?.key_id)
  process.kill(stopped.pid, 'SIGCONT')
  const [late, spent, keys] = await Promise.all(waiting)
  for (const reply of [late, spent]) {
    expect(reply?.status, reply?.text).toBe(503)
    expect(reply?.headers['retry-after']).toBe('1')
  }
  // What ends nothing is answered, from what holds now.
  expect(keys?.status).toBe(200)
  expect(keys?.text).toContain(made?.key_id)
  await pause(0.5)
  expect((await there.ask('GET', '/sso/jwks')).text).toContain(made?.key_id)
  expect(kidOf((await there.redeem(await there.needCode())).body['id_token'])).toBe(made?.key_id)
  for (const { access } of [tokens, refreshed, redeemed]) {
    expect((await there.userinfo(access)).status).toBe(200)
  }
  expect((await there.refresh(refreshed.refresh)).status).toBe(200)
  // Its positive twin: what is a replay remains one.
  expect((await there.refresh(tokens.refresh)).status).toBe(400)
  expect((await there.userinfo(redeemed.access)).status).toBe(200)
  expect((await here.userinfo(refreshed.access)).status).toBe(401)
})
