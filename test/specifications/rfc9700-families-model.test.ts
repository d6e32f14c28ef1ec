// RFC 6749 §4.1.2 and RFC 9700 §4.14.2: codes and families of refresh tokens against a model of a few lines, with any
// order of requests, times and crashes in between, on both databases.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts'
import { RelyingParty, type Reply, type Tokens, tokensOf } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

const CODE_LIFETIME = 60
const REPEAT_WINDOW = 30
/** No sum of these is a boundary of either. */
const STEPS = [7, 101]

interface Pair extends Tokens {
  usedAt: number | null
}

interface Family {
  readonly code: string
  readonly issuedAt: number
  /** In the order of rotation; only the last refresh token is unused. */
  readonly pairs: Pair[]
  isDead: boolean
}

interface Model {
  readonly families: Family[]
  now: number
}

interface Real {
  party(): RelyingParty
  advance(seconds: number): void
  /** The server is gone without a word, another goes on with what the database has. */
  crash(): Promise<void>
}

type Command = fc.AsyncCommand<Model, Real>

function pick<T>(list: readonly T[], at: number): T {
  const found = list[at % list.length]
  if (found === undefined) throw new Error('nothing to pick from')
  return found
}
const refused = (reply: Reply) => expect([reply.status, reply.body['error']]).toEqual([400, 'invalid_grant'])
const same = ({ access, refresh }: Tokens, other: Tokens) =>
  expect([access, refresh]).toEqual([other.access, other.refresh])

class SignIn implements Command {
  check = () => true
  async run(model: Model, real: Real) {
    model.families.push({ code: await real.party().code(), issuedAt: model.now, pairs: [], isDead: false })
  }
  toString = () => 'sign in'
}

class Redeem implements Command {
  readonly which: number
  constructor(which: number) {
    this.which = which
  }
  /** A code is known until it expires: what a replay does later depends on when it is pruned. */
  check({ families, now }: Readonly<Model>) {
    if (families.length === 0) return false
    const { issuedAt, pairs } = pick(families, this.which)
    return pairs.length === 0 || now < issuedAt + CODE_LIFETIME
  }
  async run(model: Model, real: Real) {
    const family = pick(model.families, this.which)
    const reply = await real.party().redeem(family.code)
    if (family.pairs.length === 0 && !family.isDead && model.now < family.issuedAt + CODE_LIFETIME) {
      family.pairs.push({ ...tokensOf(reply), usedAt: null })
      return
    }
    refused(reply)
    // A replay ends what the code has given.
    if (family.pairs.length > 0) family.isDead = true
  }
  toString = () => `redeem ${this.which}`
}

abstract class OfPair implements Command {
  readonly which: number
  readonly place: number
  constructor(which: number, place: number) {
    this.which = which
    this.place = place
  }
  check({ families }: Readonly<Model>) {
    return families.length > 0 && pick(families, this.which).pairs.length > 0
  }
  abstract run(model: Model, real: Real): Promise<void>
}

class Refresh extends OfPair {
  override async run(model: Model, real: Real) {
    const family = pick(model.families, this.which)
    const { pairs } = family
    const at = this.place % pairs.length
    const pair = pick(pairs, at)
    const reply = await real.party().refresh(pair.refresh)
    if (family.isDead) return refused(reply)
    if (pair.usedAt === null) {
      pair.usedAt = model.now
      pairs.push({ ...tokensOf(reply), usedAt: null })
      return
    }
    const isInWindow = model.now < pair.usedAt + REPEAT_WINDOW
    const successor = pick(pairs, at + 1)
    if (isInWindow && successor.usedAt === null) return same(tokensOf(reply), successor)
    refused(reply)
    if (!isInWindow) family.isDead = true
  }
  override toString = () => `refresh ${this.which}/${this.place}`
}

class RefreshTogether extends OfPair {
  override async run(model: Model, real: Real) {
    const family = pick(model.families, this.which)
    const last = family.pairs.at(-1)
    if (last === undefined) return
    const replies = await Promise.all(Array.from({ length: 8 }, () => real.party().refresh(last.refresh)))
    if (family.isDead) {
      for (const reply of replies) refused(reply)
      return
    }
    const [first, ...others] = replies.map(tokensOf)
    if (first === undefined) throw new Error('no reply')
    for (const other of others) same(other, first)
    last.usedAt = model.now
    family.pairs.push({ ...first, usedAt: null })
  }
  override toString = () => `refresh together ${this.which}`
}

class UserInfo extends OfPair {
  override async run(model: Model, real: Real) {
    const family = pick(model.families, this.which)
    const { status } = await real.party().userinfo(pick(family.pairs, this.place).access)
    expect(status).toBe(family.isDead ? 401 : 200)
  }
  override toString = () => `user info ${this.which}/${this.place}`
}

class Revoke extends OfPair {
  override async run(model: Model, real: Real) {
    const family = pick(model.families, this.which)
    const last = family.pairs.at(-1)
    expect((await real.party().revoke(last?.refresh ?? '')).status).toBe(200)
    family.isDead = true
  }
  override toString = () => `revoke ${this.which}`
}

class Wait implements Command {
  readonly seconds: number
  constructor(seconds: number) {
    this.seconds = seconds
  }
  check = () => true
  async run(model: Model, real: Real) {
    model.now += this.seconds
    real.advance(this.seconds)
  }
  toString = () => `wait ${this.seconds}`
}

class Crash implements Command {
  check = () => true
  async run(_: Model, real: Real) {
    await real.crash()
  }
  toString = () => 'crash'
}

const number = fc.nat({ max: 2 })
const ofPair = (make: new (which: number, place: number) => Command) =>
  fc.tuple(number, number).map(([which, place]) => new make(which, place))
const COMMANDS = fc.commands(
  [
    fc.constant(new SignIn()),
    number.map((which) => new Redeem(which)),
    number.map((which) => new Redeem(which)),
    ofPair(Refresh),
    ofPair(Refresh),
    ofPair(RefreshTogether),
    ofPair(UserInfo),
    ofPair(Revoke),
    fc.constantFrom(...STEPS).map((seconds) => new Wait(seconds)),
    fc.constant(new Crash()),
  ],
  { maxCommands: 60, size: 'max' },
)

describe.each(['sqlite', 'postgres'] as const)('codes and families on %s', (kind) => {
  const servers: TestServer[] = []
  let party: RelyingParty
  let database: FreshDatabase | null = null
  let folder = ''
  let at = ''

  const latest = (): TestServer => pick(servers, servers.length - 1)
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lingpai-model-'))
    database = kind === 'postgres' ? await freshDatabase() : null
    at = database?.url ?? join(folder, 'lingpai.sqlite')
    const host = await startServer({ database: kind, at })
    servers.push(host)
    await host.addClient('app', 'openid-connect', { consent: 'implied' })
    await host.addUser('alice')
    party = new RelyingParty({ host, clientId: 'app' })
    await party.code()
  })
  afterAll(async () => {
    for (const server of servers) await server.close()
    await database?.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('§4.14.2 behave as the model, whatever is asked in whatever order', { timeout: 120_000 }, async () => {
    const real: Real = {
      party: () => party,
      advance: (seconds) => latest().clock.advance(seconds),
      async crash() {
        const before = latest()
        const next = await startServer({ database: kind, at, beside: before })
        servers.push(next)
        party = party.through(next)
        // The former one says nothing more and is not asked to end well; only so many may lie about.
        if (servers.length > 4) await servers.shift()?.close()
      },
    }
    const setup = () => ({ model: { families: [], now: latest().clock.now() } satisfies Model, real })
    await fc.assert(
      fc.asyncProperty(COMMANDS, (commands) => fc.asyncModelRun(setup, commands)),
      { numRuns: kind === 'sqlite' ? 40 : 15, endOnFailure: true },
    )
  })
})
