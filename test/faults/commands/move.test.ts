// `lingpai move` in trouble: stopped, killed, cut off from the database, or beside one that others have begun.

import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keyCheck, newMasterKey, writeMasterKeyFile } from '../../../src/credentials/master-key.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { isBeingFilled } from '../../../src/store/moving.ts'
import { migrate } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { createStore } from '../../../src/store/store.ts'
import { lingpai, lingpaiJson, type Outcome, outcomeOf, scratchFolder, spawnLingpai } from '../../support/cli.ts'
import { type FreshDatabase, freshDatabase } from '../../support/postgres.ts'
import { CALLBACK } from '../../support/server.ts'

const clock = systemClock()
const scratch = scratchFolder()
const data = scratch.path('data')
const PASSWORD = 'never-to-be-seen'

let database: FreshDatabase
/** With a password. */
let url: string
let outside: Client

beforeAll(async () => {
  const client = ['--preset', 'openid-connect', '--name', 'Web', '--client-id', 'web', '--redirect-uri', CALLBACK]
  await lingpaiJson(['client', 'add', '--data', data, '--issuer', 'https://sso.example', ...client])
})
afterAll(() => scratch.remove())

beforeEach(async () => {
  database = await freshDatabase()
  const address = new URL(database.url)
  address.password = PASSWORD
  url = address.href
  outside = new Client(database.url)
  outside.on('error', () => undefined)
  await outside.connect()
})
afterEach(async () => {
  await outside.end()
  await database.drop()
})

const words = (folder = data) => ['move', '--data', folder, '--database', url, '--json']

async function move(folder = data): Promise<Outcome> {
  return lingpai(words(folder))
}

async function prepare(applied = migrations): Promise<void> {
  const driver = await openPostgres({ url })
  await migrate(driver, applied, { clock })
  await driver.close()
}

/** From now on whoever writes the first client waits until `letGo`. */
async function hold(): Promise<void> {
  await prepare()
  await outside.query(`
    CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS
      'BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NEW; END';
    CREATE TRIGGER held BEFORE INSERT ON client FOR EACH ROW EXECUTE FUNCTION held();
    SELECT pg_advisory_lock(7)`)
}
const letGo = () => outside.query('SELECT pg_advisory_unlock_all()')

async function waiting(many = 1): Promise<void> {
  const sql = `SELECT count(*) AS many FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  const asked = async () => Number((await outside.query(sql)).rows[0].many)
  await expect.poll(asked, { timeout: 10_000 }).toBe(many)
}

async function fact(name: string): Promise<string | undefined> {
  return (await outside.query('SELECT value FROM installation WHERE name = $1', [name])).rows[0]?.value
}

const told = ({ stdout }: Outcome) => JSON.parse(stdout) as { error: string; message: string; hint?: string }

describe('a move', () => {
  test('may take longer for a statement than databaseTimeout, which is for requests', async () => {
    await hold()
    const moved = outcomeOf(spawnLingpai(words(), { env: { LINGPAI_DATABASE_TIMEOUT: '1' } }))
    await waiting()
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await letGo()
    expect(await moved).toMatchObject({ code: 0, stderr: '' })
  })

  test('may take as long where the role has the limit of requests, as behind a pooler', async () => {
    await hold()
    await outside.query(
      `DO 'BEGIN EXECUTE format(''ALTER DATABASE %I SET statement_timeout = 1000'', current_database()); END'`,
    )
    const moved = outcomeOf(spawnLingpai(words(), { env: { LINGPAI_DATABASE_POOLER: 'transaction' } }))
    await waiting()
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await letGo()
    expect(await moved).toMatchObject({ code: 0 })
  })

  test('says what a database that went away leaves behind, without its password, and begins anew', async () => {
    await hold()
    const moved = outcomeOf(spawnLingpai(words()))
    await waiting()
    await outside.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'lingpai'`)
    const cut = await moved
    expect([cut.code, told(cut)]).toMatchObject([5, { error: 'unavailable' }])
    expect(told(cut).message).toContain('no server starts on the new database; the data folder still holds everything.')
    expect(told(cut).hint).toMatch(/^Run the same command again: it begins anew/)
    expect(cut.stdout + cut.stderr).not.toContain(PASSWORD)
    expect(isBeingFilled((await fact('key_check')) ?? '')).toBe(true)
    await letGo()
    expect(await move()).toMatchObject({ code: 0 })
    expect(await fact('issuer')).toBe('https://sso.example')
  })

  test('that is stopped says what it leaves behind, or that there is nothing yet', async () => {
    await prepare()
    const holder = new Client(url)
    await holder.connect()
    await holder.query('BEGIN; LOCK TABLE installation IN ACCESS EXCLUSIVE MODE')
    const early = spawnLingpai(words())
    const earlyEnd = outcomeOf(early)
    await waiting()
    early.kill('SIGINT')
    await holder.query('COMMIT')
    await holder.end()
    expect(await earlyEnd).toMatchObject({ code: 1 })
    expect(told(await earlyEnd)).toEqual({ error: 'interrupted', message: 'Stopped before anything was moved.' })
    expect(await fact('key_check')).toBeUndefined()

    await hold()
    const late = spawnLingpai(words())
    const lateEnd = outcomeOf(late)
    await waiting()
    late.kill('SIGINT')
    await letGo()
    expect(await lateEnd).toMatchObject({ code: 1 })
    expect(told(await lateEnd)).toMatchObject({ error: 'interrupted', hint: expect.stringContaining('begins anew') })
    expect(told(await lateEnd).message).toContain('The new database holds a part, and no server starts on it')
    expect(await move()).toMatchObject({ code: 0 })
  })

  test('says what cannot be taken along, and what to do about it', async () => {
    await hold()
    const overtaken = outcomeOf(spawnLingpai(words()))
    await waiting()
    await outside.query(`INSERT INTO schema_version VALUES (${migrations.length + 1}, 'next', 1)`)
    await letGo()
    expect(await overtaken).toMatchObject({ code: 6 })
    expect(told(await overtaken)).toMatchObject({
      error: 'newer_database',
      hint: expect.stringContaining('Stop the newer'),
    })
    await outside.query(`DELETE FROM schema_version WHERE number > ${migrations.length}`)

    const write = (sql: string) => {
      const file = new DatabaseSync(join(data, 'lingpai.sqlite'))
      file.exec(sql)
      file.close()
    }
    write(`INSERT INTO event (event_id, type, at, detail) VALUES ('odd', 'odd', 1.5, '')`)
    const refused = await move()
    write(`DELETE FROM event WHERE event_id = 'odd'`)
    expect([refused.code, told(refused)]).toMatchObject([
      1,
      { error: 'row_refused', hint: expect.stringContaining('Mend that row') },
    ])
    expect(told(refused).message).toContain('PostgreSQL refuses a row of the table event: ')
    expect(await move()).toMatchObject({ code: 0 })
  })

  test('that was killed leaves nothing under way that the next one could meet', async () => {
    await hold()
    const killed = spawnLingpai(words())
    await waiting()
    killed.kill('SIGKILL')
    await once(killed, 'close')
    // What it has sent goes on in the database.
    const next = outcomeOf(spawnLingpai(words()))
    await waiting(2)
    await letGo()
    expect(await next).toMatchObject({ code: 0 })
    expect((await outside.query('SELECT client_id FROM client')).rows).toEqual([{ client_id: 'web' }])
  })

  test('goes on where one was cut off while the schema was made', async () => {
    await prepare(migrations.slice(0, 5))
    expect(await move()).toMatchObject({ code: 0 })
    expect(await fact('issuer')).toBe('https://sso.example')
  })

  test('into a database that holds an installation leaves both to the older release that made them', async () => {
    const older = migrations.slice(0, -1)
    const folder = scratch.path('older')
    mkdirSync(folder)
    const master = newMasterKey()
    writeMasterKeyFile(folder, master)
    const embedded = await openSqlite({ file: join(folder, 'lingpai.sqlite') })
    await migrate(embedded, older, { clock })
    const store = createStore(embedded)
    await store.putFact('issuer', 'https://old.example')
    await store.putFact('key_check', keyCheck(master))
    await embedded.close()
    const release = () => {
      const opened = new DatabaseSync(join(folder, 'lingpai.sqlite'))
      const found = opened.prepare('SELECT max(number) AS number FROM schema_version').get()
      opened.close()
      return found?.['number']
    }

    await prepare(older)
    await outside.query(`INSERT INTO installation VALUES ('key_check', 'of another')`)
    const refused = await move(folder)
    expect([refused.code, told(refused).error]).toEqual([4, 'database_not_empty'])
    const there = await outside.query('SELECT max(number) AS number FROM schema_version')
    expect([release(), Number(there.rows[0].number)]).toEqual([older.length, older.length])

    await outside.query('CREATE SCHEMA shared; CREATE TABLE shared.client AS SELECT 7 AS theirs')
    const shared = await lingpai([...words(folder), '--database-schema', 'shared'])
    expect([shared.code, told(shared)]).toMatchObject([
      4,
      { error: 'database_not_empty', message: expect.stringContaining('tables of another program') },
    ])
    expect((await outside.query('SELECT theirs FROM shared.client')).rows).toEqual([{ theirs: 7 }])
    expect(release()).toBe(older.length)

    await outside.query(`DELETE FROM installation`)
    expect((await move(folder)).code).toBe(0)
    expect([release(), await fact('issuer')]).toEqual([migrations.length, 'https://old.example'])
  })
})
