// Limits on guessing: nobody can be locked out by a stranger, and a hundred guesses at once are not a hundred checks.
// The store is real, on both databases; only the password hash is replaced by one that counts, so that five hundred
// people take seconds.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/credentials/digest.ts'
import { PasswordHashingBusy } from '../../src/credentials/hashing-queue.ts'
import { createKnownBrowsers } from '../../src/credentials/known-browsers.ts'
import type { PasswordHasher } from '../../src/credentials/password-hash.ts'
import { DEFAULT_LIMITS } from '../../src/options/defaults.ts'
import { newSecret } from '../../src/platform/random.ts'
import { type AttemptGate, createAttemptGate } from '../../src/sign-in/authenticators/limits.ts'
import { type PasswordVerdict, verifyPassword } from '../../src/sign-in/authenticators/password.ts'
import { startServer, type TestServer } from '../support/server.ts'

const RIGHT = 'the right password'

describe.each(['sqlite', 'postgres'] as const)('on %s', (database) => {
  let host: TestServer
  let gates: readonly AttemptGate[]
  let checked = 0
  let busy = false
  let people = 0

  const hasher: PasswordHasher = {
    hash: async (password) => password,
    async verify(password, stored) {
      if (busy) throw new PasswordHashingBusy()
      checked++
      // Others get their turn, as with a real hash.
      await new Promise((resolve) => setImmediate(resolve))
      return { matches: stored === `hash of ${password}`, upgrade: false }
    },
    async verifyAgainstNobody() {
      if (busy) throw new PasswordHashingBusy()
      checked++
      return { matches: false, upgrade: false }
    },
  }

  beforeAll(async () => {
    host = await startServer({ database })
    const { store, master } = host.server.parts
    // Two servers on one database.
    gates = [1, 2].map(() => createAttemptGate(store, host.clock, createKnownBrowsers(master), DEFAULT_LIMITS.guessing))
  })
  afterAll(() => host.close())
  beforeEach(() => {
    checked = 0
    busy = false
    // Nothing of one test is left for the next.
    host.clock.advance(200_000)
  })

  interface Guess {
    readonly username: string
    readonly password?: string
    readonly address?: string
    /** A browser's pre-session cookie; a fresh one by default. */
    readonly visit?: string
    readonly device?: string | null
    /** Which of the two servers is asked. */
    readonly at?: number
  }

  function guess({ username, password = 'wrong', address = '198.51.100.1', visit, device = null, at = 0 }: Guess) {
    const gate = gates[at]
    if (gate === undefined) throw new Error(`there is no server ${at}`)
    const visitHash = sha256(visit ?? newSecret())
    return verifyPassword(
      { store: host.server.parts.store, hasher, gate },
      { username, password, address, visitHash, device },
    )
  }

  async function someone(): Promise<string> {
    const username = `person${++people}`
    await host.addUser(username, { userId: `id-${username}`, passwordHash: `hash of ${RIGHT}`, password: null })
    return username
  }

  /** The cookie of a browser in which this person has signed in before. */
  const deviceOf = (username: string, cookie: string | null = null) =>
    createKnownBrowsers(host.server.parts.master).remember(cookie, `id-${username}`, host.clock.now())

  const kindsOf = (verdicts: readonly PasswordVerdict[], kind: PasswordVerdict['kind']) =>
    verdicts.filter((verdict) => verdict.kind === kind).length

  describe('strangers, a person and a network', () => {
    test('L08 of a hundred wrong passwords at once, on two servers, five are checked', async () => {
      for (const username of [await someone(), 'nobody-of-that-name']) {
        checked = 0
        const all = await Promise.all(Array.from({ length: 100 }, (_, at) => guess({ username, at: at % 2 })))
        expect(checked).toBe(5)
        expect([kindsOf(all, 'wrong'), kindsOf(all, 'wait')]).toEqual([5, 95])
      }
    })

    test('L08 of a hundred in a row five are checked', async () => {
      const username = await someone()
      for (let at = 0; at < 100; at++) await guess({ username, address: `198.51.100.${at}`, at: at % 2 })
      expect(checked).toBe(5)
    })

    test('RFC 6819 §4.4.3.6 after five failures the waits are 1, 2, 4, 8, 16, 32, 60, 60 seconds', async () => {
      const username = await someone()
      for (let at = 0; at < 5; at++) expect((await guess({ username })).kind).toBe('wrong')
      for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
        expect(await guess({ username })).toEqual({ kind: 'wait', seconds, rule: 'sign_in_network_limited' })
        host.clock.advance(seconds - 1)
        expect((await guess({ username, at: 1 })).kind).toBe('wait')
        host.clock.advance(1)
        expect((await guess({ username })).kind).toBe('wrong')
      }
    })

    test('the right password waits too, is not looked at, and works afterwards', async () => {
      const username = await someone()
      for (let at = 0; at < 5; at++) await guess({ username })
      checked = 0
      expect((await guess({ username, password: RIGHT })).kind).toBe('wait')
      expect(checked).toBe(0)
      host.clock.advance(1)
      expect((await guess({ username, password: RIGHT })).kind).toBe('signed_in')
      for (let at = 0; at < 5; at++) expect((await guess({ username })).kind).toBe('wrong')
    })

    test('a network is an IPv4 /24 or an IPv6 /48; another one has its own five', async () => {
      const username = await someone()
      for (const address of ['203.0.113.1', '203.0.113.77', '203.0.113.200', '::ffff:203.0.113.9', '203.0.113.254']) {
        expect((await guess({ username, address })).kind).toBe('wrong')
      }
      expect((await guess({ username, address: '203.0.113.5' })).kind).toBe('wait')
      expect((await guess({ username, address: '203.0.114.5' })).kind).toBe('wrong')
      for (let at = 1; at <= 5; at++) await guess({ username, address: `2001:db8:1:${at}::${at}` })
      expect((await guess({ username, address: '2001:db8:1:ffff::1' })).kind).toBe('wait')
      expect((await guess({ username, address: '2001:db8:2::1' })).kind).toBe('wrong')
    })

    test('L09 case, blanks and width of the name share one counter, and one person', async () => {
      const username = await someone()
      const wide = username.replace('person', 'ｐｅｒｓｏｎ')
      const variants = [username, username.toUpperCase(), `  ${username}`, `${username}\u3000`, wide]
      for (const variant of variants) expect((await guess({ username: variant })).kind).toBe('wrong')
      for (const variant of variants) expect((await guess({ username: variant })).kind).toBe('wait')
      host.clock.advance(1)
      expect((await guess({ username: wide.toUpperCase(), password: RIGHT })).kind).toBe('signed_in')
    })

    test('one person of a network waiting keeps nobody else of it waiting', async () => {
      const [target, neighbour] = [await someone(), await someone()]
      for (let at = 0; at < 6; at++) await guess({ username: target })
      expect((await guess({ username: target, password: RIGHT })).kind).toBe('wait')
      expect((await guess({ username: neighbour, password: RIGHT })).kind).toBe('signed_in')
    })

    test('an hour later all is forgotten', async () => {
      const username = await someone()
      for (let at = 0; at < 5; at++) await guess({ username })
      host.clock.advance(3_600)
      checked = 0
      await Promise.all(Array.from({ length: 20 }, () => guess({ username })))
      expect(checked).toBe(5)
    })
  })

  describe('all strangers and one person', () => {
    test('from a thousand networks: 100 failures an hour, then one try a minute', async () => {
      const username = await someone()
      const from = (at: number) => `10.${at >> 8}.${at & 255}.1`
      for (let at = 0; at < 150; at += 30) {
        await Promise.all(
          Array.from({ length: 30 }, (_, more) => guess({ username, address: from(at + more), at: more % 2 })),
        )
      }
      expect(checked).toBe(100)
      expect(await guess({ username, address: from(500) })).toEqual({
        kind: 'wait',
        seconds: 60,
        rule: 'sign_in_user_limited',
      })
      host.clock.advance(60)
      const minute = await Promise.all([600, 601, 602, 603].map((at) => guess({ username, address: from(at) })))
      expect([kindsOf(minute, 'wrong'), kindsOf(minute, 'wait')]).toEqual([1, 3])
      host.clock.advance(60)
      expect((await guess({ username, password: RIGHT, address: from(700) })).kind).toBe('signed_in')
    })
  })

  describe('a known browser', () => {
    test('gets in while strangers hammer at its person, whatever network they share', async () => {
      const username = await someone()
      const device = deviceOf(username)
      for (let at = 0; at < 150; at++)
        await guess({ username, address: at % 2 === 0 ? '198.51.100.1' : `10.1.${at}.1` })
      expect((await guess({ username, password: RIGHT })).kind).toBe('wait')
      expect((await guess({ username, password: RIGHT, device })).kind).toBe('signed_in')
      expect((await guess({ username, password: RIGHT, device: deviceOf(username, device), at: 1 })).kind).toBe(
        'signed_in',
      )
    })

    test('has ten failures of its own, in parallel on two servers too; then it is a stranger', async () => {
      const username = await someone()
      const device = deviceOf(username)
      const all = await Promise.all(Array.from({ length: 100 }, (_, at) => guess({ username, device, at: at % 2 })))
      // Ten of its own, and the five that every stranger has.
      expect(checked).toBe(15)
      expect(kindsOf(all, 'wrong')).toBe(15)
      host.clock.advance(86_400)
      expect((await guess({ username, device, password: RIGHT })).kind).toBe('signed_in')
    })

    test('is one of a few: who knew the password once cannot go on guessing with ever more of them', async () => {
      const username = await someone()
      const devices = Array.from({ length: 40 }, () => deviceOf(username))
      // A success takes nothing from the others.
      for (const device of devices) expect((await guess({ username, device, password: RIGHT })).kind).toBe('signed_in')
      checked = 0
      const all = await Promise.all(
        devices.flatMap((device) => Array.from({ length: 10 }, (_, at) => guess({ username, device, at: at % 2 }))),
      )
      // Fifty of known browsers, and the five that every stranger has.
      expect(checked).toBe(55)
      expect(kindsOf(all, 'wait')).toBe(345)
      host.clock.advance(86_400)
      expect((await guess({ username, device: devices[0] ?? null, password: RIGHT })).kind).toBe('signed_in')
    })

    test('its failures count nowhere else, and a success clears them', async () => {
      const username = await someone()
      const device = deviceOf(username)
      for (let round = 0; round < 3; round++) {
        for (let at = 0; at < 9; at++) expect((await guess({ username, device })).kind).toBe('wrong')
        expect((await guess({ username, device, password: RIGHT })).kind).toBe('signed_in')
      }
      for (let at = 0; at < 5; at++) expect((await guess({ username })).kind).toBe('wrong')
    })

    test('is known for its own people only, for 180 days, and cannot be made up', async () => {
      const [username, other] = [await someone(), await someone()]
      const device = deviceOf(username)
      for (const name of [username, other]) for (let at = 0; at < 5; at++) await guess({ username: name })
      expect((await guess({ username: other, device, password: RIGHT })).kind).toBe('wait')
      const forged = device.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
      for (const cookie of [forged, 'dv_x', '', device.slice(0, -1), `${device}.x`]) {
        expect((await guess({ username, device: cookie, password: RIGHT })).kind, cookie).toBe('wait')
      }
      expect((await guess({ username, device, password: RIGHT })).kind).toBe('signed_in')
      host.clock.advance(180 * 86_400)
      for (let at = 0; at < 5; at++) await guess({ username })
      expect((await guess({ username, device, password: RIGHT })).kind).toBe('wait')
    })
  })

  describe('one address', () => {
    const office = '192.0.2.10'

    test('after 100 failures in ten minutes the browsers that failed are refused, fresh ones pass', async () => {
      const failed = newSecret()
      const innocent = await someone()
      for (let at = 0; at < 100; at++) await guess({ username: `guess${at}`, address: office, visit: failed })
      expect(checked).toBe(100)
      const refused = { kind: 'wait', seconds: 60, rule: 'sign_in_address_limited' }
      expect(await guess({ username: 'guess100', address: office, visit: failed })).toEqual(refused)
      expect(await guess({ username: innocent, password: RIGHT, address: office, visit: failed, at: 1 })).toEqual(
        refused,
      )
      expect(checked).toBe(100)
      expect((await guess({ username: innocent, password: RIGHT, address: office })).kind).toBe('signed_in')
      host.clock.advance(600)
      expect((await guess({ username: innocent, password: RIGHT, address: office, visit: failed })).kind).toBe(
        'signed_in',
      )
    })

    test('an IPv6 /48 is one address: a fresh one for each attempt changes nothing', async () => {
      const failed = newSecret()
      const innocent = await someone()
      const from = (at: number) => `2001:db8:77:${at.toString(16)}::${at}`
      for (let at = 0; at < 100; at++) await guess({ username: `v6-${at}`, address: from(at), visit: failed })
      const late = { username: innocent, password: RIGHT, visit: failed }
      expect((await guess({ ...late, address: from(100) })).kind).toBe('wait')
      expect((await guess({ ...late, address: '2001:db8:78::1' })).kind).toBe('signed_in')
    })

    test('fresh browsers of a busy address are checked two at a time', async () => {
      for (let at = 0; at < 100; at++) await guess({ username: `other${at}`, address: office })
      let running = 0
      let most = 0
      const slow: PasswordHasher = {
        ...hasher,
        async verifyAgainstNobody() {
          most = Math.max(most, ++running)
          await new Promise((resolve) => setTimeout(resolve, 5))
          running--
          return { matches: false, upgrade: false }
        },
      }
      const [gate] = gates
      if (gate === undefined) throw new Error('there are two servers')
      const parts = { store: host.server.parts.store, hasher: slow, gate }
      const attempt = { password: 'x', address: office, device: null }
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          verifyPassword(parts, { ...attempt, username: `queued${at}`, visitHash: sha256(newSecret()) }),
        ),
      )
      expect(kindsOf(all, 'wrong')).toBe(20)
      expect(most).toBe(2)
    })

    test('500 people behind it sign in within ten minutes while one of them sprays', async () => {
      const staff: string[] = []
      for (let at = 0; at < 500; at++) staff.push(await someone())
      const sprayer = newSecret()
      let inside = 0
      let sprayed = 0
      const start = host.clock.now()
      for (const [at, username] of staff.entries()) {
        // A spray of one password over everybody's names, from one browser and from ever fresh ones.
        const victim = staff[(at * 7 + 3) % staff.length] ?? ''
        for (const visit of [sprayer, newSecret()]) {
          if ((await guess({ username: victim, address: office, visit })).kind === 'wrong') sprayed++
        }
        const visit = newSecret()
        let verdict = await guess({ username, password: RIGHT, address: office, visit })
        for (let more = 0; verdict.kind === 'wait' && more < 5; more++) {
          host.clock.advance(verdict.seconds)
          verdict = await guess({ username, password: RIGHT, address: office, visit })
        }
        if (verdict.kind === 'signed_in') inside++
        host.clock.advance(1)
      }
      expect(inside).toBe(500)
      expect(host.clock.now() - start).toBeLessThanOrEqual(600)
      expect(sprayed).toBeGreaterThan(100)
    })
  })

  describe('a busy server', () => {
    test('holds nothing against anybody: what was not checked is not counted', async () => {
      const username = await someone()
      const device = deviceOf(username)
      busy = true
      for (let at = 0; at < 30; at++) {
        expect((await guess({ username })).kind).toBe('busy')
        expect((await guess({ username, device })).kind).toBe('busy')
      }
      busy = false
      for (let at = 0; at < 10; at++) expect((await guess({ username, device })).kind).toBe('wrong')
      for (let at = 0; at < 5; at++) expect((await guess({ username })).kind).toBe('wrong')
      expect((await guess({ username })).kind).toBe('wait')
    })
  })
})
