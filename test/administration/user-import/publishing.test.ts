// How an import becomes visible: all at once, or not at all, whatever ends it and whoever else is at work.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  fileSource,
  type ImportProgress,
  importUsers,
  STALE_AFTER,
} from '../../../src/administration/user-import/index.ts'
import { addUser, getUser, listUsers } from '../../../src/administration/users.ts'
import { type Installation, openInstallation, refusal, testClock } from '../installation.ts'
import { source } from './source.ts'

let house: Installation
beforeEach(async () => {
  house = await openInstallation()
})
afterEach(() => house.close())

const file = (rows: number) => `username\n${Array.from({ length: rows }, (_, at) => `u${at}`).join('\n')}\n`

describe('an import', () => {
  test('shows nobody before all are there, and leaves one event', async () => {
    const seen = new Set<number>()
    const report = await importUsers(house, source(file(1_000)), {
      progress: ({ phase }) => {
        if (phase === 'write') void house.store.countUsers().then((users) => seen.add(users))
      },
    })
    expect(report.imported).toBe(1_000)
    expect([...seen]).toEqual([0])
    expect(await house.store.countUsers()).toBe(1_000)
    expect(await house.store.listEvents(5)).toMatchObject([{ type: 'users_imported', detail: { users: 1_000 } }])
    expect(await house.store.listOpenImports()).toEqual([])
  })

  test('a name that is taken between the two passes is reported with its line, and nothing changes', async () => {
    const taking = (phase: ImportProgress['phase']) => ({
      progress: (at: ImportProgress) => {
        if (at.phase === phase && at.total !== undefined)
          void addUser(house, { username: 'u700' }).catch(() => undefined)
      },
    })
    const report = await importUsers(house, source(file(1_000)), taking('check'))
    expect(report).toMatchObject({ status: 'refused', imported: 0, problems: [{ line: 702, column: 'username' }] })
    expect(await house.store.countUsers()).toBe(1)
    const skipped = await importUsers(house, source(file(1_000)), { ...taking('check'), skipBad: true })
    expect(skipped).toMatchObject({ status: 'imported', imported: 999, badRows: 1 })
  })

  test('a file that changes while it is read changes nothing', async () => {
    let reads = 0
    const changing = {
      async *read() {
        reads++
        yield Buffer.from(reads > 3 ? 'username\nmallory\n' : 'username\nalice\n')
      },
    }
    expect((await refusal(importUsers(house, changing))).code).toBe('file_changed')
    expect(await house.store.countUsers()).toBe(0)
    expect(await house.store.listOpenImports()).toEqual([])
  })

  test('that is stopped changes nothing', async () => {
    const stop = new AbortController()
    const stopped = importUsers(house, source(file(1_000)), {
      signal: stop.signal,
      progress: ({ phase, done }) => {
        if (phase === 'write' && done >= 400) stop.abort()
      },
    })
    expect((await refusal(stopped)).code).toBe('import_abandoned')
    expect(await house.store.listOpenImports()).toEqual([])
    expect(await importUsers(house, source(file(1_000)))).toMatchObject({ imported: 1_000 })
  })

  test('waits for another that is under way', async () => {
    const phases: string[] = []
    await house.store.beginImport('im_other', house.clock.now() - 1)
    const waiting = importUsers(house, source(file(3)), {
      progress: ({ phase }) => {
        phases.push(phase)
        if (phase === 'wait') void house.store.abandonImport('im_other', 10)
      },
    })
    expect(await waiting).toMatchObject({ status: 'imported', imported: 3 })
    expect(phases).toContain('wait')
  })
})

test('an import that is killed shows nobody, and the same file can be imported later', async () => {
  const csv = house.path('users.csv')
  writeFileSync(csv, file(30_000))
  const child = spawn(process.execPath, [fileURLToPath(new URL('import.child.ts', import.meta.url)), house.file, csv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await house.store.listOpenImports()).toHaveLength(1)
  expect(await house.store.countUsers()).toBe(0)
  expect((await listUsers(house.store)).users).toEqual([])
  expect((await refusal(getUser(house.store, 'u0'))).code).toBe('user_not_found')
  const later = testClock(house.clock.now() + STALE_AFTER + 1)
  const report = await importUsers({ ...house, clock: later }, fileSource(csv))
  expect(report).toMatchObject({ status: 'imported', imported: 30_000 })
  expect(await house.store.countUsers()).toBe(30_000)
}, 120_000)
