// Several nodes on one PostgreSQL: one answer from all of them, whatever their clocks say, and when one stands still.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lingpaiJson } from '../../support/cli.ts'
import { type FreshDatabase, freshDatabase } from '../../support/postgres.ts'
import { Caller, eventually, type Issued, issuedBy } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { CLIENT_ID, CROWD, type Prepared, preparePostgres } from '../support/installation.ts'

const ISSUER = 'http://localhost:4998'
const CODE_LIFETIME = 20
const AHEAD = 29

/** On the same database, one after the other. */
const inTurn = { concurrent: false }

describe.concurrent('nodes', () => {
  let database: FreshDatabase
  let prepared: Prepared
  const nodes: Child[] = []
  const callers: Caller[] = []

  const words = () => [...prepared.words, '--issuer', ISSUER, '--lifetimes-code', `${CODE_LIFETIME}s`]

  beforeAll(async () => {
    database = await freshDatabase()
    prepared = await preparePostgres(database.url)
    for (const clockAhead of [0, AHEAD]) {
      const node = await startChild({ words: words(), env: prepared.env, clockAhead })
      nodes.push(node)
      callers.push(new Caller(node))
    }
  })
  afterAll(async () => {
    for (const caller of callers) caller.close()
    for (const node of nodes) await node.stop()
    prepared.remove()
    await database.drop()
  })

  function at(node: number): Caller {
    const caller = callers[node % callers.length]
    if (caller === undefined) throw new Error('no such node')
    return caller
  }

  /** Fifty of the same request, half of them to each node. */
  const split = <T>(ask: (caller: Caller) => Promise<T>, many = 50) =>
    Promise.all(Array.from({ length: many }, (_, count) => ask(at(count))))

  /** Sends a wrong password, from a browser that has signed nobody in. */
  async function guess(caller: Caller, username: string) {
    const page = await caller.ask('GET', '/sso/account/sign-in')
    const [visit = ''] = (page.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';', 1)[0] ?? '')
    const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(page.text) ?? []
    const body = new URLSearchParams({ username, password: 'not the password', csrf }).toString()
    const headers = { cookie: visit, 'content-type': 'application/x-www-form-urlencoded' }
    return () => caller.ask('POST', '/sso/account/sign-in', { ...headers, 'content-length': String(body.length) }, body)
  }

  describe('two nodes on one PostgreSQL', inTurn, () => {
    it('give one answer to fifty redemptions of one code', async () => {
      for (let round = 0; round < 4; round++) {
        const code = await at(round).needCode()
        const replies = await split((caller) => caller.redeem(code))
        expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
        expect(replies.filter(({ status, body }) => status === 400 && body['error'] === 'invalid_grant')).toHaveLength(
          49,
        )
      }
    })

    it('give one and the same successor to twenty refreshes of one token', async () => {
      const tokens = await at(0).tokens()
      const successors = (await split((caller) => caller.refresh(tokens.refresh), 20)).map(issuedBy)
      expect(new Set(successors.map((each) => JSON.stringify(each))).size).toBe(1)
      const [next] = successors as [Issued]
      expect((await at(1).userinfo(next.access)).status).toBe(200)
      expect((await at(0).refresh(next.refresh)).status).toBe(200)
      expect((await at(1).refresh(tokens.refresh)).status).toBe(400)
    })

    it('leave nothing that works of a family that is revoked while it is refreshed', async () => {
      for (let round = 0; round < 6; round++) {
        const { refresh } = await at(0).tokens()
        const neighbour = await at(1).tokens()
        const [revoked, ...replies] = await Promise.all([
          at(round).revoke(refresh),
          ...Array.from({ length: 8 }, (_, count) => at(count).refresh(refresh)),
        ])
        expect(revoked.status).toBe(200)
        for (const reply of replies) expect([200, 400]).toContain(reply.status)
        for (const next of replies.filter(({ status }) => status === 200).map(issuedBy)) {
          expect((await at(round).userinfo(next.access)).status).toBe(401)
          expect((await at(round + 1).refresh(next.refresh)).status).toBe(400)
        }
        expect((await at(round + 1).refresh(refresh)).status).toBe(400)
        expect((await at(round).refresh(neighbour.refresh)).status).toBe(200)
      }
    })

    it('check a few of fifty guesses of one password at once, whether there is such a person or not', async () => {
      for (const username of [CROWD[0] ?? '', 'nobody-of-this-name']) {
        const guesses = await split(async (caller) => guess(caller, username))
        const statuses = (await Promise.all(guesses.map((send) => send()))).map(({ status }) => status)
        // 429: nothing was checked. After five one must wait for a second, then two, then four.
        const checked = statuses.filter((status) => status === 200).length
        expect(statuses.filter((status) => status === 429)).toHaveLength(50 - checked)
        expect(checked).toBeGreaterThanOrEqual(5)
        expect(checked).toBeLessThanOrEqual(8)
      }
    })

    it('hold a change by the command line at once, both', { timeout: 60_000 }, async () => {
      const tokens = await at(0).tokens()
      const update = (...change: string[]) =>
        lingpaiJson(['client', 'update', CLIENT_ID, ...change, ...prepared.words], prepared)
      for (const node of [0, 1]) expect((await at(node).userinfo(tokens.access)).status).toBe(200)
      await update('--disable')
      for (const node of [0, 1]) {
        expect((await at(node).userinfo(tokens.access)).status).toBe(401)
        expect((await at(node).refresh(tokens.refresh)).status).toBe(401)
        expect(typeof (await at(node).code())).toBe('object')
      }
      await update('--enable')
      for (const node of [0, 1]) {
        expect((await at(node).userinfo((await at(node + 1).tokens()).access)).status).toBe(200)
        // What was issued before the client was disabled stays dead.
        expect((await at(node).userinfo(tokens.access)).status).toBe(401)
      }
    })

    it('serve the same signing keys', async () => {
      const sets = await split((caller) => caller.ask('GET', '/sso/jwks'), 2)
      expect(sets[0]?.status).toBe(200)
      expect(sets[0]?.text).toBe(sets[1]?.text)
    })
  })

  describe(`a node whose clock is ${AHEAD} s ahead`, inTurn, () => {
    it('follows the database: its codes, tokens and ID tokens are as good as its sibling’s', async () => {
      expect(nodes[1]?.log()).toMatch(/the clock of this machine is (29|28\.9|29\.1) s ahead of the database's/)
      for (const node of [0, 1]) {
        expect((await at(node).ready()).status).toBe(200)
        // Without its correction such a node takes every code of the other for expired.
        const code = await at(node).needCode()
        const asked = Date.now() / 1000
        const reply = await at(node + 1).redeem(code)
        const answered = Date.now() / 1000
        const { access } = issuedBy(reply)
        const [, payload = ''] = String(reply.body['id_token']).split('.')
        const { iat } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { iat: number }
        expect(iat).toBeGreaterThan(asked - 3)
        expect(iat).toBeLessThan(answered + 3)
        expect((await at(node).userinfo(access)).status).toBe(200)
      }
    })

    it('signs with a new key no sooner than its sibling, and never with one that its sibling does not publish', {
      timeout: 90_000,
    }, async () => {
      const kidAt = async (node: number) => {
        const [head = ''] = String((await at(node).redeem(await at(node).needCode())).body['id_token']).split('.')
        return (JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }).kid
      }
      const before = await kidAt(0)
      expect(await kidAt(1)).toBe(before)
      const words = ['key', 'rotate', '--at-once', '--algorithm', 'ES256', ...prepared.words]
      const [made] = await lingpaiJson<readonly { key_id: string; active_at: string }[]>(words, prepared)
      const begins = Date.parse(made?.active_at ?? '')
      const isOver = (kids: readonly string[]) => kids.every((kid) => kid === made?.key_id)
      await eventually(
        async () => {
          const kids = [await kidAt(0), await kidAt(1)]
          // What has been signed is published everywhere by then.
          for (const node of [0, 1]) {
            const { text } = await at(node).ask('GET', '/sso/jwks')
            for (const kid of kids) expect(text).toContain(kid)
          }
          if (Date.now() < begins - 1_000) expect(kids).toEqual([before, before])
          return kids
        },
        isOver,
        60_000,
      )
    })

    it('is unready, and says why, when it is 40 s', async () => {
      const far = await startChild({ words: words(), env: prepared.env, clockAhead: 40 })
      const caller = new Caller(far)
      const reply = await caller.ready()
      expect(reply.status).toBe(503)
      expect(reply.body['reason']).toMatch(/^the clock of this machine is (40|39\.9|40\.1) s ahead of the database's$/)
      caller.close()
      await far.stop()
    })

    it('is unready, and says why, when it is 40 s behind', async () => {
      const far = await startChild({ words: words(), env: prepared.env, clockAhead: -40 })
      const caller = new Caller(far)
      const reply = await eventually(
        () => caller.ready(),
        ({ status }) => status === 503,
      )
      expect(reply.body['reason']).toMatch(/ s behind the database's$/)
      caller.close()
      await far.stop()
    })
  })
})

// It mostly waits: beside the others, on a database of its own.
describe.concurrent('a node that is stopped (SIGSTOP: as a paused machine) while its sibling goes on', () => {
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
})
