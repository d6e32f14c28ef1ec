// A long log of SQLite that a thread moves into the file while the disk is slow: how far it grows, who waits, and for how long.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, type TestContext } from 'vitest'
import { REPOSITORY } from '../../support/cli.ts'
import { eventually } from '../support/caller.ts'
import { hurt } from '../support/strace.ts'

/** What a test has begun, to be undone at its end, the last thing first. */
type Undo = Pick<TestContext, 'onTestFinished'>['onTestFinished']

async function hurting(undo: Undo, ...what: Parameters<typeof hurt>): Promise<() => Promise<void>> {
  const mend = await hurt(...what)
  undo(mend)
  return mend
}

/** How often a process has a file open: SQLite opens it once for each connection. */
function openOf(pid: number, file: string): number {
  const names = readdirSync(`/proc/${pid}/fd`).map((fd) => readlink(`/proc/${pid}/fd/${fd}`))
  return names.filter((name) => name === realpathSync(file)).length
}

function readlink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    // It was closed just now.
    return undefined
  }
}

interface Large {
  readonly log: string
  readonly said: () => string
  readonly hears: (word: string) => Promise<unknown>
  readonly mend: () => Promise<void>
  readonly ended: Promise<unknown>
  readonly database: string
}

interface LargeOptions {
  /** How the disk keeps what was moved, as strace says it. */
  readonly how: string
  /** Pieces of a MiB that the log has to keep at first, since somebody reads an older state. */
  readonly read?: number
  /** Pieces that are written then, and milliseconds between two of them. */
  readonly pieces?: number
  readonly every?: number
}

/** A program that writes much while the thread waits for the disk. */
async function large(undo: Undo, { how, read = 0, pieces = 120, every = 0 }: LargeOptions): Promise<Large> {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-long-log-'))
  undo(() => rmSync(folder, { recursive: true }))
  const store = join(REPOSITORY, 'src/store/database')
  writeFileSync(
    join(folder, 'program.mjs'),
    `
    import { DatabaseSync } from 'node:sqlite'
    import { setTimeout as pause } from 'node:timers/promises'
    import { change, statement, step } from '${join(store, 'driver.ts')}'
    import { openSqlite } from '${join(store, 'sqlite/sqlite-driver.ts')}'
    let started = false
    const say = () => undefined
    const log = { debug: say, info: () => (started = true), warn: console.log, error: console.log }
    const driver = await openSqlite({ file: 'large.sqlite', log })
    await driver.script('CREATE TABLE large (one BLOB)')
    const insert = change('large.insert', 'INSERT INTO large (one) VALUES (:one)')
    const write = (bytes) => driver.atomic([step(insert, { one: Buffer.alloc(bytes, 1) })])
    console.log('open')
    while (!started) await write(10)
    console.log('started')
    const reader = new DatabaseSync('large.sqlite', { readOnly: true })
    reader.exec('BEGIN; SELECT count(*) FROM large')
    for (let count = 0; count < ${read}; count++) await write(1_048_576)
    console.log('read')
    await new Promise((resolve) => process.stdin.once('data', resolve))
    reader.close()
    // The thread moves it, and asks the disk to keep it when nothing else has been written meanwhile.
    await pause(5_100)
    await write(10)
    await pause(500)
    const count = statement('large.count', 'SELECT count(*) AS many FROM large')
    let [reads, isOver] = [0, false]
    const read = async () => {
      while (!isOver) {
        await driver.rows(count, {})
        reads++
        await pause(10)
      }
    }
    const reading = read()
    // Reads that were answered while one list waited: of the list that waited the longest.
    let [longest, meanwhile] = [0, 0]
    for (let count = 0; count < ${pieces}; count++) {
      if (${every} > 0) await pause(${every})
      const [began, before] = [performance.now(), reads]
      try {
        await write(1_048_576)
        const took = performance.now() - began
        if (took > longest) [longest, meanwhile] = [took, reads - before]
      } catch (error) {
        console.log('refused', error.message, driver.trouble())
        if (error.message.endsWith('nothing more is written')) break
        count--
      }
    }
    isOver = true
    await reading
    console.log('written', driver.trouble(), 'longest', Math.round(longest), 'reads meanwhile', meanwhile)
    await driver.close()
    process.exit()`,
  )
  const child = spawn(process.execPath, ['program.mjs'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  undo(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let said = ''
  child.stdout.on('data', (text) => {
    said += String(text)
  })
  const hears = (word: string) =>
    eventually(
      async () => said,
      (text) => text.includes(word),
      40_000,
    )
  await hears('open')
  const pid = child.pid ?? 0
  const log = join(folder, 'large.sqlite-wal')
  const mend = await hurting(undo, { pid }, log, 'fsync,fdatasync', 'delay_exit=40000')
  await hears('started')
  await mend()
  await hears('read')
  await eventually(
    async () => openOf(pid, log),
    (many) => many === 3,
  )
  const mendMove = await hurting(undo, { pid }, join(folder, 'large.sqlite'), 'fsync,fdatasync', how)
  child.stdin.write('go\n')
  return {
    log,
    said: () => said,
    hears,
    mend: mendMove,
    ended,
    database: join(folder, 'large.sqlite'),
  }
}

async function isFull(log: string): Promise<void> {
  await eventually(
    async () => statSync(log).size,
    (size) => size > 67_108_864,
  )
}

function wholeIn(database: string): unknown {
  const opened = new DatabaseSync(database, { readOnly: true })
  const found = opened.prepare('SELECT count(*) AS many FROM large WHERE length(one) > 10').get()
  opened.close()
  return found?.['many']
}

// Side by side: nearly all of their time they wait.
describe.concurrent('a long log', () => {
  it('a log of 64 MiB grows no more while the thread moves it, and what waited is kept', {
    timeout: 60_000,
  }, async ({ onTestFinished }) => {
    const { log, said, mend, ended, database } = await large(onTestFinished, { how: 'delay_exit=5000000' })
    await isFull(log)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(said()).not.toContain('written')
    expect(statSync(log).size).toBeLessThan(67_108_864 + 2 * 1_048_576)
    await mend()
    expect(await ended).toBe(0)
    expect(said()).not.toContain('refused')
    expect(said()).toContain('written null')
    expect(wholeIn(database)).toBe(120)
  })

  it('what waits too long for a disk that stands still is refused, which is told until it moves again', {
    timeout: 60_000,
  }, async ({ onTestFinished }) => {
    const { log, said, hears, mend, ended, database } = await large(onTestFinished, { how: 'delay_exit=30000000' })
    await isFull(log)
    const why = 'the disk of the database does not keep up with what is written'
    await hears(`refused ${why} ${why}`)
    expect(statSync(log).size).toBeLessThan(67_108_864 + 2 * 1_048_576)
    await mend()
    expect(await ended).toBe(0)
    expect(said()).toContain('written null')
    expect(wholeIn(database)).toBe(120)
  })

  it('while lists wait for the end of a long log, reads go on', { timeout: 60_000 }, async ({ onTestFinished }) => {
    const { said, ended, database } = await large(onTestFinished, {
      how: 'delay_exit=1500000',
      read: 40,
      pieces: 30,
      every: 200,
    })
    expect(await ended).toBe(0)
    expect(said()).not.toContain('refused')
    const [, longest, meanwhile] = /written null longest (\d+) reads meanwhile (\d+)/.exec(said()) ?? []
    // It waited for the disk, which takes 1.5 s. A read that waited as well would be the only one, or one of two.
    expect(Number(longest), said()).toBeGreaterThan(1_000)
    expect(Number(meanwhile), said()).toBeGreaterThan(5)
    expect(wholeIn(database)).toBe(70)
  })

  it('a log that was kept for somebody who reads may grow while it is moved, and begins anew then', {
    timeout: 60_000,
  }, async ({ onTestFinished }) => {
    const { log, said, mend, ended, database } = await large(onTestFinished, {
      how: 'delay_exit=8000000',
      read: 100,
      every: 50,
    })
    const held = statSync(log).size
    expect(held).toBeGreaterThan(100 * 1_048_576)
    await eventually(
      async () => statSync(log).size,
      (size) => size > held + 16 * 1_048_576,
    )
    await mend()
    await eventually(
      async () => statSync(log).size,
      (size) => size <= 67_108_864,
    )
    expect(await ended).toBe(0)
    expect(said()).not.toContain('refused')
    expect(wholeIn(database)).toBe(220)
  })

  it('a disk that fails to keep a long log before the last move accepts nothing more, which is told once', {
    timeout: 60_000,
  }, async ({ onTestFinished }) => {
    const { said, ended, database } = await large(onTestFinished, { how: 'error=EIO:when=2+', read: 40, every: 20 })
    expect(await ended).toBe(0)
    expect(said()).toContain('refused the disk of the database failed; nothing more is written')
    expect(said().match(/database_failed/g)).toHaveLength(1)
    expect(said()).not.toContain('checkpoint_failed')
    expect(wholeIn(database)).toBeGreaterThanOrEqual(40)
  })
})
