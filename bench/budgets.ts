// `npm run bench -- --quick`: runs each operation against a server that counts, and compares what it spent with its
// budget. Calls of the database and signatures are the same on every machine, so this may fail a change; CPU time may not.

import { createAuthorizationServer } from '../src/composition/authorization-server.ts'
import type { HttpReply, HttpRequest } from '../src/http/message.ts'
import { listen } from '../src/http/server/listen.ts'
import { systemClock } from '../src/platform/clock.ts'
import { silentLog } from '../src/platform/log.ts'
import { openSqlite } from '../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../src/store/schema/migrate.ts'
import { migrations } from '../src/store/schema/migrations/index.ts'
import { countingDriver } from '../test/support/counting-driver.ts'
import { fill, MASTER, SECRET, SESSION_SECRET } from './measuring/installation.ts'
import { connect } from './measuring/load.ts'
import { OURS, operations } from './measuring/operations.ts'

export interface Spending {
  readonly name: string
  readonly calls: number
  readonly signatures: number
  readonly budget: { readonly calls: number; readonly signatures: number }
  readonly isWithin: boolean
}

const TIMES = 20

export async function countSpending(): Promise<readonly Spending[]> {
  const driver = await openSqlite({ file: ':memory:' })
  await migrate(driver, migrations, { clock: systemClock() })
  await fill(driver)
  const counting = countingDriver()
  let handle: (request: HttpRequest) => Promise<HttpReply> = async () => ({ status: 503, headers: {}, body: '' })
  const socket = await listen({
    host: '127.0.0.1',
    port: 0,
    handle: (request) => handle(request),
    log: silentLog,
    trustedProxies: [],
  })
  const issuer = `http://127.0.0.1:${socket.port}`
  const server = await createAuthorizationServer({ issuer, database: counting.wrap(driver), masterKey: MASTER })
  handle = server.handle
  let signatures = 0
  const { keys } = server.parts
  const signer = keys.signer
  const counted: typeof signer = (algorithm) => {
    signatures++
    return signer(algorithm)
  }
  Object.assign(keys, { signer: counted })

  const target = { issuer, secret: SECRET, cookie: `lingpai-session=${SESSION_SECRET}`, paths: OURS, lacks: [] }
  const { send, close } = connect(issuer)
  const spending: Spending[] = []
  try {
    for (const operation of operations) {
      const once = await operation.prepare(target, send)
      await once()
      signatures = 0
      const { reads, writes } = await counting.during(async () => {
        for (let count = 0; count < TIMES; count++) await once()
      })
      const spent = { calls: (reads + writes) / TIMES, signatures: signatures / TIMES }
      const { name, budget } = operation
      const isWithin = spent.calls <= budget.calls && spent.signatures <= budget.signatures
      spending.push({ name, ...spent, budget, isWithin })
    }
  } finally {
    close()
    await socket.close()
    await server.close()
  }
  return spending
}
