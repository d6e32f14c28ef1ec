// `/readyz`: what a load balancer asks, and strangers too.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { countingDriver } from '../support/counting-driver.ts'
import { startServer, type TestServer } from '../support/server.ts'

const running: TestServer[] = []
afterEach(async () => {
  for (const host of running.splice(0)) await host.close()
})

const FULL = 'the disk is full'

/** A server whose newest write failed, and whose database answers when it is told to; the next write may mend it. */
async function troubled(afterWrite: string | null = null) {
  const counting = countingDriver()
  const state = { answers: Promise.resolve(), trouble: null as string | null }
  const host = await startServer({
    wrap(driver) {
      const counted = counting.wrap(driver)
      return {
        ...counted,
        trouble: () => state.trouble,
        async atomic(steps) {
          const result = await counted.atomic(steps)
          state.trouble = afterWrite
          return result
        },
        async rows(statement, bind) {
          const rows = await counted.rows(statement, bind)
          await state.answers
          return rows
        },
      }
    },
  })
  running.push(host)
  state.trouble = FULL
  const ask = async () => (await host.server.fetch(new Request(`${host.issuer}/readyz`))).json()
  return { counting, ask, state }
}

it('a hundred askers at once are one look at the database, and one write where the newest had failed', async () => {
  const { counting, ask, state } = await troubled()
  const { promise, resolve } = Promise.withResolvers<void>()
  state.answers = promise
  const spent = await counting.during(async () => {
    const asked = Promise.all(Array.from({ length: 100 }, ask))
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    resolve()
    return asked
  })
  const { result, ...calls } = spent
  expect(new Set(result.map((answer) => JSON.stringify(answer)))).toEqual(new Set(['{"status":"ready"}']))
  expect(calls).toEqual({ reads: 1, writes: 1 })
})

it('askers one after another each have a look of their own', async () => {
  const { counting, ask, state } = await troubled()
  const look = { result: { status: 'ready' }, reads: 1, writes: 1 }
  expect(await counting.during(ask)).toEqual(look)
  state.trouble = FULL
  expect(await counting.during(ask)).toEqual(look)
  expect(await counting.during(ask)).toEqual({ ...look, writes: 0 })
})

it('says what a write that holds does not mend', async () => {
  const { counting, ask, state } = await troubled(FULL)
  const look = { result: { status: 'unready', reason: FULL }, reads: 1, writes: 1 }
  expect(await counting.during(ask)).toEqual(look)
  expect(await counting.during(ask)).toEqual(look)
  state.trouble = null
  expect(await counting.during(ask)).toEqual({ result: { status: 'ready' }, reads: 1, writes: 0 })
})
