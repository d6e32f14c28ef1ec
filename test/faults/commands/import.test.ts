// A large import of users that is killed at a random moment, and repeated: it ends as one that was never killed.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lingpai } from '../../support/cli.ts'
import { freshDatabase } from '../../support/postgres.ts'
import { eventually } from '../support/caller.ts'
import { type RunningCommand, runCommand } from '../support/command.ts'
import { type Prepared, preparePostgres, prepareSqlite } from '../support/installation.ts'
import { randomFrom } from '../support/kill-rounds.ts'

const seed = Math.floor(Math.random() * 2 ** 32)
const PEOPLE = 5_000
const ROUNDS = 3
/** So many at most until one was killed in its middle: a busy machine may let a few come to their end. */
const MOST_ROUNDS = 12
/** Seconds: an import that gave no sign of life for two minutes is taken for dead. */
const LATER = 130

// Both side by side, since an import rests behind each list; those on one database in turn.
describe.concurrent.each(['sqlite', 'postgres'] as const)('on %s,', (kind) => {
  let house: Prepared
  let folder: string
  let address = ''
  let drop = async () => {}

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lingpai-imports-'))
    if (kind === 'sqlite') house = await prepareSqlite()
    else {
      const database = await freshDatabase()
      address = database.url
      drop = database.drop
      house = await preparePostgres(database.url)
    }
  })
  afterAll(async () => {
    house.remove()
    rmSync(folder, { recursive: true, force: true })
    await drop()
  })

  const where = () => [...house.words, '--issuer', 'http://localhost:4991']

  function fileOf(crowd: string, count = PEOPLE): string {
    const path = join(folder, `${crowd}.csv`)
    const rows = Array.from(
      { length: count },
      (_, at) => `${crowd}_${at},${crowd}-${at},姓名 ${at},${crowd}-${at}@example.com`,
    )
    writeFileSync(path, `user_id,username,name,email\n${rows.join('\n')}\n`)
    return path
  }

  /** All that anybody is told of this crowd, with its name left out. */
  async function seen(crowd: string): Promise<readonly string[]> {
    const { code, stdout, stderr } = await lingpai(['user', 'export', '--format', 'jsonl', ...house.words], house)
    expect(code, stderr).toBe(0)
    const lines = stdout.split('\n').filter((line) => line.includes(`"${crowd}_`))
    return lines.map((line) => line.replaceAll(crowd, 'crowd')).toSorted()
  }

  async function marks(): Promise<{ readonly imports: number; readonly marked: number }> {
    const sql = `SELECT (SELECT count(*) FROM user_import) AS imports,
      (SELECT count(*) FROM "user" WHERE import_id IS NOT NULL) AS marked`
    if (kind === 'sqlite') {
      const database = new DatabaseSync(join(house.folder, 'lingpai.sqlite'), { readOnly: true })
      const row = database.prepare(sql).get()
      database.close()
      return { imports: Number(row?.imports), marked: Number(row?.marked) }
    }
    const client = new Client(address)
    await client.connect()
    const { rows } = await client.query<{ imports: string; marked: string }>(sql)
    await client.end()
    return { imports: Number(rows[0]?.imports), marked: Number(rows[0]?.marked) }
  }

  /** Until so many of its users are in the database, or it is over. */
  async function imported(users: number, running: RunningCommand): Promise<void> {
    while (!running.isOver() && (await marks()).marked < users) await new Promise((resolve) => setTimeout(resolve, 2))
  }

  it(`an import that is killed at any moment and repeated ends as one that never was (seed ${seed})`, {
    concurrent: false,
    timeout: 180_000,
  }, async () => {
    const random = randomFrom(seed)
    const began = performance.now()
    const whole = await runCommand(['user', 'import', fileOf('whole'), ...where()], house).ended
    expect(whole.code, whole.stderr).toBe(0)
    const took = performance.now() - began
    const expected = await seen('whole')
    expect(expected).toHaveLength(PEOPLE)

    let cutOff = 0
    for (let round = 0; round < ROUNDS || (cutOff === 0 && round < MOST_ROUNDS); round++) {
      const crowd = `killed${round}`
      const words = ['user', 'import', fileOf(crowd), ...where()]
      const first = runCommand(words, house)
      // In its middle, and at moments when there may be nothing yet or all.
      const users = 1 + Math.floor(random() * PEOPLE * 0.8)
      const after = Math.floor(took * (0.4 + random() * 0.6))
      if (round === 0 || round >= ROUNDS) await imported(users, first)
      else await new Promise((resolve) => setTimeout(resolve, after))
      first.signal('SIGKILL')
      const { code } = await first.ended
      // All of them or nobody.
      const before = await seen(crowd)
      if (before.length > 0) expect(before).toEqual(expected)
      else expect(code).toBeNull()
      if (before.length === 0) cutOff++

      const again = await runCommand(words, { ...house, clockAhead: LATER }).ended
      expect(again.code, again.stderr).toBe(before.length === 0 ? 0 : 1)
      expect(await seen(crowd), `round ${round}, ${users} users or ${after} ms of ${took}`).toEqual(expected)
    }
    expect(cutOff).toBeGreaterThan(0)
    expect(await seen('whole')).toEqual(expected)

    // The next one clears away what is left of any of them.
    const last = await runCommand(['user', 'import', fileOf('last', 3), ...where()], {
      ...house,
      clockAhead: 2 * LATER,
    }).ended
    expect(last.code, last.stderr).toBe(0)
    expect(await marks()).toEqual({ imports: 0, marked: 0 })
    expect(await seen('last')).toHaveLength(3)
  })

  it('who waits for one that was killed is told so, and for how long; in the end it is imported', {
    concurrent: false,
    timeout: 120_000,
  }, async () => {
    let words: readonly string[] = []
    let crowd = ''
    for (let attempt = 0; attempt === 0 || (await seen(crowd)).length > 0; attempt++) {
      expect(attempt).toBeLessThan(MOST_ROUNDS)
      crowd = `waiting${attempt}`
      words = ['user', 'import', fileOf(crowd), ...where()]
      const first = runCommand(words, house)
      await imported(1, first)
      first.signal('SIGKILL')
      await first.ended
    }

    const second = runCommand(words, house)
    await eventually(marks, (seen) => seen.imports === 2)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(second.isOver()).toBe(false)
    second.signal('SIGINT')
    const { code, stderr } = await second.ended
    expect(code, stderr).toBe(1)
    const told =
      /its last sign of life was (\d+) s ago\. .* silent for 120 s counts as killed, which it would in (\d+) s\./
    const [, silent, left] = told.exec(stderr) ?? []
    expect(Number(silent) + Number(left), stderr).toBe(120)
    expect(stderr.match(/Another import/g)).toHaveLength(1)
    expect(await seen(crowd)).toEqual([])

    const last = await runCommand(words, { ...house, clockAhead: 4 * LATER }).ended
    expect(last.code, last.stderr).toBe(0)
    expect(await seen(crowd)).toHaveLength(PEOPLE)
  })
})
