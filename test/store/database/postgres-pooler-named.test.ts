// Named statements through PgBouncer in transaction mode: since 1.21 it prepares on each connection what its clients have
// prepared on theirs.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { Caller, issuedBy } from '../../faults/support/caller.ts'
import { type Child, startChild } from '../../faults/support/child.ts'
import { type Prepared, preparePostgres } from '../../faults/support/installation.ts'
import { keepsPreparedStatements, type PgBouncer, startPgBouncer } from '../../support/pgbouncer.ts'
import { type FreshDatabase, freshDatabase } from '../../support/postgres.ts'
import { describeDriver, type Place } from './driver.contract.ts'
import { expectManyAtOnce } from './many-at-once.ts'

/** LINGPAI_TEST_PGBOUNCER may name one that does. */
const isNew = keepsPreparedStatements()
const naming = { preparedStatements: 200 }

async function place(): Promise<Place> {
  const database = await freshDatabase()
  const pooler = await startPgBouncer(database.url, 3, naming)
  return {
    kind: 'postgres',
    // Its child processes go past the pooler.
    address: database.url,
    open: () => openPostgres({ url: pooler.url, pooler: 'transaction', max: 8 }),
    async remove() {
      await pooler.stop()
      await database.drop()
    },
  }
}

if (isNew) describeDriver('PostgreSQL driver with named statements behind PgBouncer', place)

if (isNew)
  describe('a server with named statements behind PgBouncer', () => {
    let database: FreshDatabase
    let pooler: PgBouncer
    let prepared: Prepared
    let server: Child
    let caller: Caller
    beforeAll(async () => {
      database = await freshDatabase()
      prepared = await preparePostgres(database.url)
      pooler = await startPgBouncer(database.url, 2, naming)
      const words = ['--data', prepared.folder, '--database', pooler.url, '--issuer', 'http://localhost:4996']
      server = await startChild({ words: [...words, '--database-pooler', 'transaction'], env: prepared.env })
      caller = new Caller(server)
    })
    afterAll(async () => {
      caller.close()
      await server.stop()
      await pooler.stop()
      prepared.remove()
      await database.drop()
    })

    test('signs in, refreshes and revokes, many at once, and redeems a code once', async () => {
      await expectManyAtOnce(caller)
    })

    test('PgBouncer that dies and comes back under load costs some answers 503, and no answer that was given', async () => {
      const over = new AbortController()
      const given: string[] = []
      const statuses = new Set<number>()
      const load = Array.from({ length: 12 }, async () => {
        while (!over.signal.aborted) {
          const code = await caller.code()
          if (typeof code !== 'string') {
            statuses.add(code.status)
            continue
          }
          const reply = await caller.redeem(code)
          statuses.add(reply.status)
          if (reply.status === 200) given.push(issuedBy(reply).access)
        }
      })
      const more = async (count: number) => {
        for (const goal = given.length + count; given.length < goal; )
          await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await more(50)
      for (let round = 0; round < 3; round++) {
        await pooler.restart()
        await more(50)
      }
      over.abort()
      await Promise.all(load)
      expect([...statuses].filter((status) => ![200, 503].includes(status))).toEqual([])
      const told = await Promise.all(given.map((access) => caller.userinfo(access)))
      expect(told.filter(({ status }) => status !== 200)).toEqual([])
    })
  })

if (!isNew)
  test('PgBouncer before 1.21 is refused: names that it does not know would get lost', async () => {
    const { open, remove } = await place()
    await expect(open()).rejects.toThrow('does not keep prepared statements apart')
    await remove()
  })
