import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../support/postgres.ts'
import { type Prepared, preparePostgres, prepareSqlite } from '../support/installation.ts'
import { killRound, randomFrom } from '../support/kill-rounds.ts'

const seed = Math.floor(Math.random() * 2 ** 32)

describe.each(['sqlite', 'postgres'] as const)('a server on %s that is killed under load', (kind) => {
  let prepared: Prepared
  let drop = async () => {}

  beforeAll(async () => {
    if (kind === 'sqlite') prepared = await prepareSqlite()
    else {
      const database = await freshDatabase()
      drop = database.drop
      prepared = await preparePostgres(database.url)
    }
  })
  afterAll(async () => {
    prepared.remove()
    await drop()
  })

  it(`has told the truth in every 200, and nothing single-use works twice (seed ${seed})`, {
    timeout: 90_000,
  }, async () => {
    const random = randomFrom(seed)
    let redeemed = 0
    let unanswered = 0
    const enough = 20
    // A machine with much else to do answers little before each kill: then more of them.
    for (let count = 0; count < 4 || (count < 12 && redeemed <= enough); count++) {
      const round = await killRound(prepared, Math.floor(50 + random() * 500))
      expect(round.faults, JSON.stringify(round)).toEqual([])
      redeemed += round.redeemed
      unanswered += round.unanswered
    }
    // The kills have met a load, and cut something off.
    expect(redeemed).toBeGreaterThan(enough)
    expect(unanswered).toBeGreaterThan(0)
  })
})
