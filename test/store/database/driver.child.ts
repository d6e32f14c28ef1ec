// Another process beside the test: opens the same database and does one thing, named by its arguments.

import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { type Driver, step } from '../../../src/store/database/driver.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { takeOwnership } from '../../../src/store/database/sqlite/owner.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { consumeToken, insertToken } from './driver.tables.ts'

const [command = '', kind = '', address = '', detail = ''] = process.argv.slice(2)

const open = (): Promise<Driver> =>
  kind === 'sqlite' ? openSqlite({ file: address }) : openPostgres({ url: address, max: 6 })
const say = (word: string) => void process.stdout.write(`${word}\n`)
/** As long as whoever has started it is there. */
const remain = () => void process.stdin.resume()

const commands: Readonly<Record<string, () => Promise<void>>> = {
  async consume() {
    const driver = await open()
    say('ready')
    await new Promise((resolve) => process.stdin.once('data', resolve))
    const results = await Promise.all(
      Array.from({ length: 25 }, () => driver.atomic([step(consumeToken, { token_id: detail, now: 5 }, 'unused')])),
    )
    say(String(results.filter((result) => result.held).length))
    await driver.close()
    process.exit(0)
  },

  /** Keeps others from writing for so many milliseconds. */
  async hold() {
    if (kind === 'sqlite') {
      const database = new DatabaseSync(address)
      database.exec('BEGIN IMMEDIATE')
      say('holding')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(detail))
      database.exec('COMMIT')
      database.close()
    } else {
      const client = new Client(address)
      await client.connect()
      await client.query('BEGIN; LOCK TABLE token IN SHARE ROW EXCLUSIVE MODE')
      say('holding')
      await new Promise((resolve) => setTimeout(resolve, Number(detail)))
      await client.query('COMMIT')
      await client.end()
    }
  },

  async write() {
    const driver = await open()
    await driver.atomic([step(insertToken, { token_id: detail, owner: '持久' })])
    say('written')
    remain()
  },

  async own() {
    takeOwnership(address)
    // Nobody holds on to what it gave.
    globalThis.gc?.()
    say('owned')
    remain()
  },
}

const run = commands[command]
if (run === undefined) throw new Error(`no such command: ${command}`)
await run()
