// A disk on which commits wait: a thread moves the log into the file from then on, and what was answered holds as before.

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, type TestContext } from 'vitest'
import { bundleServer } from '../../../scripts/release/bundle.ts'
import { lingpai, REPOSITORY } from '../../support/cli.ts'
import { Caller, eventually } from '../support/caller.ts'
import { type Child, type ChildOptions, startChild } from '../support/child.ts'
import { busy, type Given, given, holds } from '../support/given.ts'
import { type Prepared, prepareSqlite } from '../support/installation.ts'
import { hurt } from '../support/strace.ts'

/** Has something undone when the test ends, the last thing first. */
type Undo = TestContext['onTestFinished']

async function served(
  undo: Undo,
  prepared: Prepared,
  options: Partial<ChildOptions> = {},
): Promise<{ server: Child; caller: Caller }> {
  const server = await startChild({ ...prepared, ...options })
  const caller = new Caller(server)
  undo(async () => void (await server.kill()))
  undo(() => caller.close())
  return { server, caller }
}

const databaseOf = ({ folder }: Prepared) => join(folder, 'lingpai.sqlite')

async function hurting(undo: Undo, ...what: Parameters<typeof hurt>): Promise<() => Promise<void>> {
  const mend = await hurt(...what)
  undo(mend)
  return mend
}

function temporaryFolder(undo: Undo): string {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-checkpoint-'))
  undo(() => rmSync(folder, { recursive: true }))
  return folder
}

/** How many access tokens the file holds without its log. */
function movedInto(prepared: Prepared): number {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-moved-'))
  try {
    const copy = join(folder, 'copy.sqlite')
    copyFileSync(databaseOf(prepared), copy)
    const database = new DatabaseSync(copy)
    const found = database.prepare('SELECT count(*) AS many FROM access_token').get()
    database.close()
    return Number(found?.['many'])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Slow {
  readonly prepared: Prepared
  readonly server: Child
  readonly caller: Caller
  readonly before: Given
  readonly access: readonly string[]
}

/** A server whose disk took 40 ms for each commit, and is as fast as ever again. */
async function slowed(undo: Undo, options: Partial<ChildOptions> = {}): Promise<Slow> {
  const prepared = await prepareSqlite()
  undo(() => prepared.remove())
  const { server, caller } = await served(undo, prepared, options)
  const before = await given(caller)
  const mend = await hurting(undo, server, `${databaseOf(prepared)}-wal`, 'fsync,fdatasync', 'delay_exit=40000')
  const access = await busy(caller, () => server.log().includes('checkpoints_on_a_thread'))
  await mend()
  return { prepared, server, caller, before, access }
}

async function nothingIsLost(
  undo: Undo,
  { prepared, before, access }: Slow,
  after: readonly string[] = [],
): Promise<void> {
  const { caller } = await served(undo, prepared)
  for (const token of [...access, ...after]) expect((await caller.userinfo(token)).status).toBe(200)
  await holds(caller, before)
  const database = new DatabaseSync(databaseOf(prepared), { readOnly: true, timeout: 5_000 })
  undo(() => database.close())
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
}

/** Eight at once, so that a disk which is slow anyway keeps several with one commit. */
async function busyTogether(caller: Caller, until: () => boolean): Promise<readonly string[]> {
  const each = await Promise.all(Array.from({ length: 8 }, () => busy(caller, until)))
  return each.flat()
}

/** So many that the thread has moved at least once, and SQLite not yet by itself. */
async function busyFor(caller: Caller, refreshes: number): Promise<readonly string[]> {
  let done = 0
  return busyTogether(caller, () => ++done > refreshes)
}

/** It ended because of the disk, and said so once. */
async function endsByDisk(server: Child): Promise<void> {
  const { code, log } = await server.ended
  expect(code, log).toBe(5)
  const errors = log.split('\n').filter((line) => line.includes(' error '))
  expect(errors, log).toHaveLength(1)
  expect(errors[0]).toContain('the database failed while writing; the server stops')
}

// Side by side: most of their time they wait for a disk.
describe.concurrent('a server', () => {
  it('where commits wait for the disk a thread moves the log into the file; killed, the server has kept all that it answered', {
    timeout: 60_000,
  }, async ({ onTestFinished: undo }) => {
    const slow = await slowed(undo)
    const moved = movedInto(slow.prepared)
    const after = await busyFor(slow.caller, 700)
    await eventually(
      async () => movedInto(slow.prepared),
      (now) => now > moved + 400,
    )
    await slow.server.kill()
    await nothingIsLost(undo, slow, after)
  })

  it('it stops in good order: the log is in the file, and gone', { timeout: 60_000 }, async ({
    onTestFinished: undo,
  }) => {
    const slow = await slowed(undo)
    const after = await busyFor(slow.caller, 100)
    expect(await slow.server.stop()).toMatchObject({ code: 0 })
    expect(readdirSync(slow.prepared.folder).filter((name) => name.startsWith('lingpai.sqlite'))).toEqual([
      'lingpai.sqlite',
    ])
    await nothingIsLost(undo, slow, after)
  })

  it('a disk that fails while the thread moves the log ends the server with one line', { timeout: 60_000 }, async ({
    onTestFinished: undo,
  }) => {
    const slow = await slowed(undo)
    const said = slow.server.log().length
    await hurting(undo, slow.server, databaseOf(slow.prepared), 'fsync,fdatasync', 'error=EIO')
    const after = await busyTogether(slow.caller, () => false)
    const { code, log } = await slow.server.ended
    expect(code).toBe(5)
    const lines = log.slice(said).trim().split('\n')
    expect(lines, log).toHaveLength(1)
    expect(lines[0]).toContain('the database failed while writing; the server stops')
    await nothingIsLost(undo, slow, after)
  })

  it('a disk that fails under the thread of a server that is told to stop is no good end', {
    timeout: 60_000,
  }, async ({ onTestFinished: undo }) => {
    const slow = await slowed(undo)
    const file = databaseOf(slow.prepared)
    await hurting(undo, slow.server, file, 'fsync,fdatasync', 'error=EIO:delay_enter=4000000')
    const { mtimeMs } = statSync(file)
    // The thread has written into the file, and asks the disk to keep it.
    const after = await busy(slow.caller, () => statSync(file).mtimeMs > mtimeMs)
    await slow.server.stop()
    await endsByDisk(slow.server)
    expect(slow.server.log()).toContain('stopping: finishing what is in flight')
    await nothingIsLost(undo, slow, after)
  })

  it('nor is one without a thread that fails when the log is moved at the end', { timeout: 60_000 }, async ({
    onTestFinished: undo,
  }) => {
    const prepared = await prepareSqlite()
    undo(() => prepared.remove())
    const { server, caller } = await served(undo, prepared)
    const before = await given(caller)
    const access = await busyFor(caller, 3)
    await hurting(undo, server, databaseOf(prepared), 'fsync,fdatasync', 'error=EIO')
    await server.stop()
    await endsByDisk(server)
    await nothingIsLost(undo, { prepared, server, caller, before, access })
  })

  it('a disk that is full while the thread moves the log loses nothing, says so, and heals by itself', {
    timeout: 60_000,
  }, async ({ onTestFinished: undo }) => {
    const slow = await slowed(undo)
    const mend = await hurting(undo, slow.server, databaseOf(slow.prepared), 'pwrite64', 'error=ENOSPC')
    const after = await busyFor(slow.caller, 600)
    const unready = await eventually(
      () => slow.caller.ready(),
      ({ status }) => status === 503,
    )
    expect(unready.body['reason']).toMatch(/the disk of the database is full/)
    await mend()
    // Nobody writes, and nobody asks.
    await eventually(
      async () => slow.server.log(),
      (log) => log.includes('checkpoints_work_again'),
    )
    expect((await slow.caller.ready()).status).toBe(200)
    expect(slow.server.log().match(/checkpoint_failed/g)).toHaveLength(1)
    await slow.server.kill()
    await nothingIsLost(undo, slow, after)
  })

  it.for([1, 7, 40])(
    'killed at page %i that the thread moves, it has kept all that it answered',
    {
      timeout: 60_000,
    },
    async (page, { onTestFinished: undo }) => {
      const slow = await slowed(undo)
      await hurting(undo, slow.server, databaseOf(slow.prepared), 'pwrite64', `signal=KILL:when=${page}`)
      const after = await busyTogether(slow.caller, () => false)
      expect(await slow.server.ended).toMatchObject({ signal: 'SIGKILL' })
      await nothingIsLost(undo, slow, after)
    },
  )

  it('a log that somebody removes under it is brought into the file', { timeout: 60_000 }, async ({
    onTestFinished: undo,
  }) => {
    const slow = await slowed(undo)
    const after = await busyFor(slow.caller, 50)
    rmSync(`${databaseOf(slow.prepared)}-wal`)
    const last = await busyTogether(slow.caller, () => false)
    expect(await slow.server.ended).toMatchObject({ code: 5 })
    await nothingIsLost(undo, slow, [...after, ...last])
  })

  it('without the file of the thread it goes on as before', { timeout: 60_000 }, async ({ onTestFinished: undo }) => {
    const built = temporaryFolder(undo)
    await bundleServer(built)
    rmSync(join(built, 'checkpoint-thread.js'))
    const slow = await slowed(undo, { entry: join(built, 'main.js') })
    await eventually(
      async () => slow.server.log(),
      (log) => log.includes('checkpoint_thread_ended'),
    )
    const moved = movedInto(slow.prepared)
    const after = await busyFor(slow.caller, 3_000)
    expect(movedInto(slow.prepared)).toBeGreaterThan(moved + 200)
    await slow.server.kill()
    await nothingIsLost(undo, slow, after)
  })

  it('a backup that is made while the thread waits for the disk is whole', { timeout: 60_000 }, async ({
    onTestFinished: undo,
  }) => {
    const slow = await slowed(undo)
    await hurting(undo, slow.server, databaseOf(slow.prepared), 'fsync,fdatasync', 'delay_exit=300000')
    let isOver = false
    const under = busy(slow.caller, () => isOver)
    const place = temporaryFolder(undo)
    const [file, folder] = [join(place, 'backup'), join(place, 'restored')]
    const made = await lingpai(['backup', file, ...slow.prepared.words])
    expect(made.code, made.stderr).toBe(0)
    isOver = true
    const after = await under
    expect((await slow.caller.ready()).status).toBe(200)
    const key = ['--master-key-file', join(slow.prepared.folder, 'master.key')]
    const restored = await lingpai(['restore', '--data', folder, file, ...key])
    expect(restored.code, restored.stderr).toBe(0)
    await slow.server.kill()
    await nothingIsLost(undo, slow, after)
    const copy = { ...slow.prepared, words: ['--data', folder], folder }
    await nothingIsLost(undo, { ...slow, prepared: copy })
  })
})

/** With `waits.sqlite` in its folder, whose log holds all of it; after `between` its commits take so many milliseconds. */
function program(between = '', commit = 200): string {
  return `
    import { DatabaseSync } from 'node:sqlite'
    import { renameSync } from 'node:fs'
    import { Checkpoints } from '${join(REPOSITORY, 'src/store/database/sqlite/checkpoints.ts')}'
    const database = new DatabaseSync('waits.sqlite')
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE waits (one)')
    const say = () => undefined
    const log = { debug: say, info: console.log, warn: console.log, error: say }
    const checkpoints = new Checkpoints({ file: 'waits.sqlite', database, log, onFatal: say })
    ${between}
    for (let at = 0; at < ${600 / commit}; at++) checkpoints.committed(1, ${commit})
    checkpoints.committed(1_000, 1)`
}

function ran(folder: string, text: string, ...flags: readonly string[]): ReturnType<typeof spawnSync> {
  writeFileSync(join(folder, 'program.mjs'), text)
  return spawnSync(process.execPath, [...flags, 'program.mjs'], { cwd: folder, encoding: 'utf8', timeout: 15_000 })
}

it('the thread keeps no program that ends', { timeout: 30_000 }, ({ onTestFinished: undo }) => {
  const { status, stdout } = ran(temporaryFolder(undo), program())
  expect(stdout).toContain('checkpoints_on_a_thread')
  expect(stdout).not.toContain('checkpoint_thread_ended')
  expect(status).toBe(0)
})

it.for([
  [24, 0],
  [25, 1],
] as const)('commits of %i ms each ask for the thread: %i', ([commit, threads], { onTestFinished: undo }) => {
  const { status, stdout } = ran(temporaryFolder(undo), program('', commit))
  expect(String(stdout).match(/checkpoints_on_a_thread/g) ?? []).toHaveLength(threads)
  expect(status).toBe(0)
})

it('where Node may start no thread it goes on as before', { timeout: 30_000 }, ({ onTestFinished: undo }) => {
  const flags = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*']
  const { status, stdout } = ran(temporaryFolder(undo), program(), ...flags)
  expect(stdout).toContain('checkpoint_thread_ended')
  expect(stdout).not.toContain('checkpoints_on_a_thread')
  expect(status).toBe(0)
})

// https://sqlite.org/wal.html#walresetbug
it.for(['3.44.5', '3.46.1', '3.50.6', '3.51.2'])(
  'SQLite %s, which may lose what is written beside a thread, gets none',
  (version, { onTestFinished: undo }) => {
    const { status, stdout } = ran(
      temporaryFolder(undo),
      program(`database.function('sqlite_version', () => '${version}')`),
    )
    expect(stdout).toContain('checkpoint_thread_ended')
    expect(stdout).toContain(`SQLite ${version} may lose what is written`)
    expect(stdout).not.toContain('checkpoints_on_a_thread')
    expect(status).toBe(0)
  },
)

it.for(['3.44.6', '3.50.7', '3.51.3', '3.53.0'])(
  'SQLite %s, which has that mended, gets one',
  (version, { onTestFinished: undo }) => {
    const { stdout } = ran(temporaryFolder(undo), program(`database.function('sqlite_version', () => '${version}')`))
    expect(stdout).toContain('checkpoints_on_a_thread')
    expect(stdout).not.toContain('checkpoint_thread_ended')
  },
)

it('a database that was put in the place of the one that is open gets nothing of its log', { timeout: 30_000 }, ({
  onTestFinished: undo,
}) => {
  const folder = temporaryFolder(undo)
  const other = new DatabaseSync(join(folder, 'other.sqlite'))
  other.exec('PRAGMA journal_mode = WAL; CREATE TABLE kept (one)')
  other.close()
  const before = readFileSync(join(folder, 'other.sqlite'))
  const replaced = `renameSync('other.sqlite', 'waits.sqlite')
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 2_000)`
  const { signal, stdout } = ran(folder, program(replaced))
  expect(signal).toBe('SIGKILL')
  expect(stdout).toMatch(/checkpoint_thread_ended.*was replaced/s)
  expect(readFileSync(join(folder, 'waits.sqlite')).equals(before)).toBe(true)
})

it('when the thread ends, the locks of those who have the database open are held', { timeout: 30_000 }, ({
  onTestFinished: undo,
}) => {
  const folder = temporaryFolder(undo)
  const text = `${program()}
    const { readFileSync, statSync } = await import('node:fs')
    const { setTimeout: pause } = await import('node:timers/promises')
    const { ino } = statSync('waits.sqlite')
    const ofDatabase = (line) => line.includes(' POSIX ') && line.includes(\`:\${ino} \`) && line.includes(\` \${process.pid} \`)
    const locks = () => readFileSync('/proc/locks', 'utf8').split('\\n').filter(ofDatabase).length
    const before = locks()
    await pause(1_000)
    await checkpoints.close()
    console.log('locks', before, locks())`
  const { status, stdout, stderr } = ran(folder, text)
  expect(status, String(stderr)).toBe(0)
  expect(stdout).toContain('checkpoints_on_a_thread')
  expect(stdout).not.toContain('checkpoint_thread_ended')
  const [, before, after] = /locks (\d+) (\d+)/.exec(String(stdout)) ?? []
  expect(Number(before)).toBeGreaterThan(0)
  expect(after).toBe(before)
})
