import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/platform/clock.ts'
import { createStore } from '../../../src/store/store.ts'
import { RelyingParty } from '../../support/relying-party.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { Caller, issuedBy } from '../support/caller.ts'
import { startChild } from '../support/child.ts'
import { prepareSqlite } from '../support/installation.ts'

let host: TestServer | null = null
afterEach(async () => {
  vi.useRealTimers()
  await host?.close()
  host = null
})

const HOUR = 3_600

async function withParty(options: Parameters<typeof startServer>[0] = {}): Promise<[TestServer, RelyingParty]> {
  const server = await startServer(options)
  host = server
  await server.addClient('web', 'openid-connect', { 'reply.refreshToken': 'always' })
  await server.addUser('alice')
  return [server, new RelyingParty({ host: server, clientId: 'web' })]
}

/** Moves the machine's clock under a server that runs on it. */
function setMachineClock(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

describe('a clock that is set back', () => {
  it.each([-60, -HOUR, -400 * 86_400])(
    '(by %d s) revives no used code, no rotated and no revoked token',
    async (by) => {
      const [{ clock }, party] = await withParty()
      const used = await party.code()
      const first = await party.redeem(used)
      const refresh = String(first.body['refresh_token'])
      expect((await party.refresh(refresh)).status).toBe(200)
      const revoked = await party.tokens()
      expect((await party.revoke(revoked.refresh)).status).toBe(200)
      const live = await party.tokens()

      clock.advance(by)
      expect((await party.redeem(used)).body['error']).toBe('invalid_grant')
      expect((await party.refresh(refresh)).body['error']).toBe('invalid_grant')
      expect((await party.refresh(revoked.refresh)).body['error']).toBe('invalid_grant')
      expect((await party.userinfo(revoked.access)).status).toBe(401)
      // The twin: what was not ended is not hurt.
      expect((await party.userinfo(live.access)).status).toBe(200)
    },
  )

  it('while a token is revoked, and then put right, revives nothing however much is pruned', async () => {
    const [{ clock, driver }, party] = await withParty()
    const [revoked, live] = [await party.tokens(), await party.tokens()]
    clock.advance(-400 * 86_400)
    expect((await party.revoke(revoked.refresh)).status).toBe(200)
    expect((await party.userinfo(revoked.access)).status).toBe(401)
    clock.advance(400 * 86_400)
    await createStore(driver).prune(clock.now(), { events: 1e9, endedSessions: 1e9, most: 500 })
    expect((await party.userinfo(revoked.access)).status).toBe(401)
    expect((await party.introspect(revoked.access)).body['active']).toBe(false)
    // The twin: what was not ended is not hurt.
    expect((await party.userinfo(live.access)).status).toBe(200)
  })

  it('between two starts (by an hour) revives nothing either, and the server serves', { timeout: 60_000 }, async () => {
    const prepared = await prepareSqlite()
    try {
      const first = await startChild(prepared)
      const before = new Caller(first)
      const used = await before.needCode()
      const live = issuedBy(await before.redeem(used))
      const rotated = await before.tokens()
      const next = issuedBy(await before.refresh(rotated.refresh))
      issuedBy(await before.refresh(next.refresh))
      const revoked = await before.tokens()
      expect((await before.revoke(revoked.refresh)).status).toBe(200)
      before.close()
      await first.stop()

      const second = await startChild({ ...prepared, clockAhead: -HOUR })
      const after = new Caller(second)
      expect((await after.userinfo(live.access)).status).toBe(200)
      expect((await after.refresh(live.refresh)).status).toBe(200)
      expect((await after.userinfo(revoked.access)).status).toBe(401)
      for (const dead of [rotated.refresh, revoked.refresh]) expect((await after.refresh(dead)).status).toBe(400)
      expect((await after.redeem(used)).status).toBe(400)
      expect((await after.userinfo((await after.tokens()).access)).status).toBe(200)
      after.close()
      await second.stop()
    } finally {
      prepared.remove()
    }
  })

  it('revives nothing that has expired in this process', async () => {
    const [, party] = await withParty({ clock: systemClock() })
    const tokens = await party.tokens()
    expect((await party.userinfo(tokens.access)).status).toBe(200)
    setMachineClock(HOUR + 1)
    expect((await party.userinfo(tokens.access)).status).toBe(401)
    setMachineClock(-2 * HOUR)
    expect((await party.userinfo(tokens.access)).status).toBe(401)
    expect((await party.introspect(tokens.access)).body['active']).toBe(false)
    // What is issued now counts from the latest time that this process has known, and works.
    const next = await party.refresh(tokens.refresh)
    expect(next.status).toBe(200)
    expect((await party.userinfo(String(next.body['access_token']))).status).toBe(200)
  })
})

describe('a clock that is set forward', () => {
  it('ends what expires meanwhile, and nothing else', async () => {
    const [{ clock }, party] = await withParty()
    const tokens = await party.tokens()
    const code = await party.code()
    clock.advance(2 * HOUR)
    expect((await party.userinfo(tokens.access)).status).toBe(401)
    expect((await party.redeem(code)).body['error']).toBe('invalid_grant')
    const next = await party.refresh(tokens.refresh)
    expect(next.status).toBe(200)
    expect((await party.userinfo(String(next.body['access_token']))).status).toBe(200)
  })
})

describe('a correction by the database', () => {
  it('never makes the clock of a process go back', () => {
    const clock = systemClock()
    const before = clock.now()
    clock.correct(20_000)
    const ahead = clock.now()
    expect(ahead).toBeGreaterThanOrEqual(before + 20)
    clock.correct(-20_000)
    expect(clock.now()).toBe(ahead)
    expect(Math.abs(clock.machine() - Date.now())).toBeLessThan(1_000)
  })
})
