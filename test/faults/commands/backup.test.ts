// A backup that is cut off: by Ctrl+C, by kill -9, by a full disk. What it has left is a copy of everybody's data.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lingpai } from '../../support/cli.ts'
import { eventually } from '../support/caller.ts'
import { type RunningCommand, runCommand } from '../support/command.ts'
import { type Prepared, prepareSqlite } from '../support/installation.ts'
import { requireStrace } from '../support/strace.ts'

let house: Prepared
let top: string
/** Where backups go, empty for each test. */
let place: string

beforeAll(async () => {
  top = mkdtempSync(join(tmpdir(), 'lingpai-backups-'))
  house = await prepareSqlite()
  const database = new DatabaseSync(join(house.folder, 'lingpai.sqlite'))
  database.exec(`WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 30000)
    INSERT INTO event (event_id, type, at, detail)
    SELECT 'ev_' || n, 'user_added', unixepoch(), '{"filling":"' || hex(randomblob(100)) || '"}' FROM many`)
  database.exec(`INSERT INTO installation (name, value) VALUES ('issuer', 'http://localhost:4992')`)
  database.close()
})
afterAll(() => {
  house.remove()
  rmSync(top, { recursive: true, force: true })
})
beforeEach(() => {
  place = mkdtempSync(join(top, 'place-'))
})

const words = (name: string) => ['backup', join(place, name), ...house.words]
/** Each write of the finished file takes its time, each of the copy a little. */
const slowly = (microseconds: number) => {
  const [finished, copy] = [`inject=write:delay_enter=${microseconds}`, 'inject=pwrite64:delay_enter=300']
  return [requireStrace(), '-D', '-f', '-o', '/dev/null', '-e', 'trace=write,pwrite64', '-e', finished, '-e', copy]
}
const leftovers = () => readdirSync(place).filter((name) => name.startsWith('.lingpai-backup-'))
const inside = () => leftovers().flatMap((name) => readdirSync(join(place, name)))

/** A backup that has come as far as this file of its own. */
async function under(way: 'copy.sqlite' | 'backup', microseconds = 30_000): Promise<RunningCommand> {
  const command = runCommand(words('first'), { under: slowly(microseconds) })
  await eventually(
    async () => inside(),
    (names) => names.includes(way),
  )
  return command
}

async function restores(name: string): Promise<void> {
  const folder = join(place, `restored-${name}`)
  const key = ['--master-key-file', join(house.folder, 'master.key')]
  const { code, stderr } = await lingpai(['restore', '--data', folder, join(place, name), ...key])
  expect(code, stderr).toBe(0)
  const database = new DatabaseSync(join(folder, 'lingpai.sqlite'), { readOnly: true })
  expect(database.prepare(`SELECT count(*) AS many FROM event WHERE event_id LIKE 'ev_%'`).get()).toMatchObject({
    many: expect.any(Number),
  })
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  database.close()
}

describe('a backup that is killed', () => {
  it.each(['copy.sqlite', 'backup'] as const)(
    'while it writes %s: the next one takes away what it left',
    async (way) => {
      const command = await under(way)
      command.signal('SIGKILL')
      await command.ended
      expect(inside()).toContain(way)
      expect(readdirSync(place)).not.toContain('first')
      const [left = ''] = leftovers()

      const { code, stderr } = await lingpai(words('second'))
      expect(code, stderr).toBe(0)
      expect(stderr).toContain(`Removed ${join(place, left)}: a backup that was cut off had left it.`)
      expect(readdirSync(place)).toEqual(['second'])
      await restores('second')
    },
  )
})

it('where a file can have one name only (a memory stick), no half of a backup ever has its name', async () => {
  // Whoever would copy it there is killed at the first piece.
  const killed = 'inject=copy_file_range,sendfile:signal=KILL'
  const inject = [
    '-e',
    'trace=link,linkat,copy_file_range,sendfile',
    '-e',
    'inject=link,linkat:error=EPERM',
    '-e',
    killed,
  ]
  const under = [requireStrace(), '-D', '-f', '-o', '/dev/null', ...inject]
  const { code, stderr } = await runCommand(words('first'), { under }).ended
  expect(code, stderr).toBe(0)
  expect(readdirSync(place)).toEqual(['first'])
  expect(statSync(join(place, 'first')).mode & 0o777).toBe(0o600)
  await restores('first')
  // Nor does it take the name of anything.
  rmSync(join(place, 'restored-first'), { recursive: true })
  const before = statSync(join(place, 'first'))
  expect((await runCommand(words('first'), { under }).ended).code).not.toBe(0)
  expect(statSync(join(place, 'first'))).toMatchObject({ ino: before.ino, size: before.size })
})

describe('a backup that is stopped', () => {
  it.each(['copy.sqlite', 'backup'] as const)('by Ctrl+C while it writes %s leaves nothing', async (way) => {
    const command = await under(way)
    command.signal('SIGINT')
    const { code, stderr } = await command.ended
    expect(code, stderr).toBe(1)
    expect(stderr).toContain('Stopped; nothing is left behind.')
    expect(readdirSync(place)).toEqual([])
  })

  it('by Ctrl+C and, because it takes long to hear of it, by another, leaves nothing', async () => {
    // Longer than it takes until the second is no longer the same wish as the first.
    const slow = ['-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:delay_enter=5000000:when=5+']
    const command = runCommand(words('first'), {
      under: [requireStrace(), '-D', '-f', '-o', '/dev/null', ...slow],
      // Its four for the copy come first, then that for the finished file.
      env: { UV_THREADPOOL_SIZE: '1' },
    })
    const { size } = statSync(join(house.folder, 'lingpai.sqlite'))
    const isWritten = () =>
      inside().includes('backup') && statSync(join(place, leftovers()[0] ?? '', 'backup')).size > size
    await eventually(async () => isWritten(), Boolean, 20_000)
    command.signal('SIGINT')
    // A second after it has heard of the first, which takes a while on a busy machine.
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    command.signal('SIGINT')
    const { code, stderr } = await command.ended
    expect(code).toBe(1)
    // The first was not heard any more.
    expect(stderr).not.toContain('Stopped')
    expect(readdirSync(place)).toEqual([])
  })
})

describe('a backup for which the disk is too small', () => {
  it.each([
    ['the copy', (size: number) => size / 2, /^Error: The disk of the database fails/],
    ['the finished file', (size: number) => size + 1024, /^Error: .*place-\w+ cannot be written: file too large/],
  ])('by half, or by a little: %s does not fit, nothing is left, and with room it succeeds', async (_, most, why) => {
    const { size } = statSync(join(house.folder, 'lingpai.sqlite'))
    const limit = Math.floor(most(size))
    const limited = runCommand(words('first'), { under: ['prlimit', `--fsize=${limit}:unlimited`] })
    const { code, stderr } = await limited.ended
    expect(code, stderr).toBe(5)
    expect(stderr).toMatch(why)
    expect(readdirSync(place)).toEqual([])
    expect((await lingpai(words('first'))).code).toBe(0)
    expect(readdirSync(place)).toEqual(['first'])
  })

  it('nor for its restore: that leaves nothing either, and with room it succeeds', async () => {
    expect((await lingpai(words('first'))).code).toBe(0)
    const limit = Math.floor(statSync(join(place, 'first')).size / 2)
    const key = ['--master-key-file', join(house.folder, 'master.key')]
    const restoring = ['restore', '--data', join(place, 'restored-first'), join(place, 'first'), ...key]
    const { code, stderr } = await runCommand(restoring, { under: ['prlimit', `--fsize=${limit}:unlimited`] }).ended
    expect(code, stderr).toBe(5)
    expect(stderr).toMatch(/^Error: .*restored-first cannot be written: file too large/)
    expect(readdirSync(place)).toEqual(['first'])
    await restores('first')
  })
})

describe('the next backup', () => {
  it('leaves one that is under way alone, also one that stands still; both come back', async () => {
    const command = await under('copy.sqlite', 3_000)
    command.signal('SIGSTOP')
    const [name = ''] = leftovers()
    const { code, stderr } = await lingpai(words('second'))
    expect(code, stderr).toBe(0)
    expect(stderr).not.toContain(name)
    expect(leftovers()).toEqual([name])
    command.signal('SIGCONT')
    const first = await command.ended
    expect(first.code, first.stderr).toBe(0)
    expect(readdirSync(place).toSorted()).toEqual(['first', 'second'])
    await restores('first')
    await restores('second')
  })

  it('removes nothing that is not certainly ours, and names it', async () => {
    const [other, older, odd, link] = [
      'another',
      '.lingpai-backup-OLDER1',
      '.lingpai-backup-odd001',
      '.lingpai-backup-link01',
    ]
    for (const name of [other, older, odd]) mkdirSync(join(place, name))
    writeFileSync(join(place, other, 'owner.sqlite'), '')
    // An older release took no lock; the next holds a file that no backup makes.
    writeFileSync(join(place, older, 'copy.sqlite'), 'of somebody')
    for (const name of ['owner.sqlite', 'copy.sqlite', 'letter.txt']) writeFileSync(join(place, odd, name), '')
    symlinkSync(join(place, other), join(place, link))
    writeFileSync(join(place, '.lingpai-backup-file01'), 'a file')
    const before = readdirSync(place, { recursive: true }).toSorted()

    const { code, stderr } = await lingpai(words('first'))
    expect(code, stderr).toBe(0)
    expect(readdirSync(place, { recursive: true }).toSorted()).toEqual([...before, 'first'].toSorted())
    for (const name of [older, odd, link, '.lingpai-backup-file01']) {
      expect(stderr).toContain(`Warning: ${join(place, name)} may hold a copy of all data`)
    }
    expect(stderr).not.toContain(join(place, other))
  })
})
