// Files of the database that somebody removes or replaces under a running server, or gives a second name.

import { copyFileSync, existsSync, linkSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { verifySqliteFile } from '../../../src/store/database/sqlite/verify.ts'
import { Caller, eventually, type Issued, issuedBy } from '../support/caller.ts'
import { type Child, type End, startChild, tryChild } from '../support/child.ts'
import { type Prepared, prepareSqlite } from '../support/installation.ts'

const cleanup: (() => void | Promise<unknown>)[] = []
afterEach(async () => {
  for (const undo of cleanup.splice(0).toReversed()) await undo()
})

async function installation(): Promise<Prepared> {
  const prepared = await prepareSqlite()
  cleanup.push(() => prepared.remove())
  return prepared
}

async function started({ words }: Prepared): Promise<{ server: Child; caller: Caller }> {
  const server = await startChild({ words })
  const caller = new Caller(server)
  cleanup.push(
    () => server.kill(),
    () => caller.close(),
  )
  return { server, caller }
}

interface Told {
  /** What clients were told, before and after the fault. */
  readonly tokens: readonly Issued[]
  readonly usedCodes: readonly string[]
  readonly end: End
}

/** A server that goes on serving until it sees what was done to its files. */
async function untilItEnds(prepared: Prepared, harm: (database: string) => void): Promise<Told> {
  const { server, caller } = await started(prepared)
  const tokens = [await caller.tokens()]
  const usedCodes: string[] = []
  harm(join(prepared.folder, 'lingpai.sqlite'))
  await eventually(
    async () => {
      const code = await caller.code()
      if (typeof code !== 'string') return false
      const reply = await caller.redeem(code)
      if (reply.status !== 200) return false
      usedCodes.push(code)
      tokens.push(issuedBy(reply))
      return true
    },
    (goesOn) => !goesOn,
  )
  const end = await server.ended
  expect(end.code, end.log).toBe(5)
  return { tokens, usedCodes, end }
}

async function expectNothingLost(prepared: Prepared, { tokens, usedCodes }: Told): Promise<void> {
  const { caller } = await started(prepared)
  for (const { access } of tokens) expect((await caller.userinfo(access)).status).toBe(200)
  const last = tokens.at(-1)
  expect((await caller.refresh(last?.refresh ?? '')).status).toBe(200)
  for (const code of usedCodes) expect((await caller.redeem(code)).status).toBe(400)
}

const removals: Readonly<Record<string, readonly string[]>> = {
  'the database': [''],
  'its log': ['-wal'],
  'the index of its log': ['-shm'],
  'log and index': ['-wal', '-shm'],
  'all of them': ['', '-wal', '-shm'],
}

describe('a server that somebody removes files of', () => {
  it.each(Object.keys(removals))(
    '(%s) ends within seconds, says which, and has lost nothing of what it said',
    { timeout: 60_000 },
    async (which) => {
      const prepared = await installation()
      const endings = removals[which] ?? []
      const told = await untilItEnds(prepared, (database) => {
        for (const ending of endings) rmSync(`${database}${ending}`)
      })
      expect(told.end.log).toContain(`lingpai.sqlite${endings[0]} was removed while the server had it open`)
      expect(told.end.log).toContain('nothing is lost')
      expect(readdirSync(prepared.folder).filter((name) => name.includes('rescued'))).toEqual([])
      expect(statSync(join(prepared.folder, 'lingpai.sqlite')).mode & 0o777).toBe(0o600)
      await expectNothingLost(prepared, told)
    },
  )
})

describe('a server whose database somebody replaces', () => {
  it('ends within seconds, keeps what it held beside the new one, and mixes nothing into that', {
    timeout: 60_000,
  }, async () => {
    const prepared = await installation()
    const database = join(prepared.folder, 'lingpai.sqlite')
    const replacement = join(prepared.folder, 'older')
    copyFileSync(database, replacement)
    const told = await untilItEnds(prepared, () => renameSync(replacement, database))
    expect(told.end.log).toContain('lingpai.sqlite was replaced by another file while the server had it open')
    expect(told.end.log).toContain('what it held is kept in lingpai.sqlite-rescued')
    const rescued = `${database}-rescued`
    expect(statSync(rescued).mode & 0o777).toBe(0o600)
    expect(verifySqliteFile(database)).toMatchObject({ whole: true })

    // The new one is served as it came.
    const { server, caller } = await started(prepared)
    for (const { access } of told.tokens) expect((await caller.userinfo(access)).status).toBe(401)
    await caller.tokens()
    await server.stop()

    // And the other is whole, once it has the name.
    renameSync(rescued, database)
    await expectNothingLost(prepared, told)
  })
})

describe('a server that is stopped in the same moment', () => {
  it.each(['removed', 'replaced'] as const)(
    '(its database was %s) keeps what it held, and mixes nothing',
    async (how) => {
      const prepared = await installation()
      const database = join(prepared.folder, 'lingpai.sqlite')
      copyFileSync(database, `${database}-older`)
      const { server, caller } = await started(prepared)
      const tokens = [await caller.tokens()]
      // It has just looked: the next time is too late.
      if (how === 'removed') rmSync(database)
      else renameSync(`${database}-older`, database)
      const end = await server.stop()
      expect(end.log).toContain(`lingpai.sqlite was ${how}`)
      expect(existsSync(`${database}-wal`)).toBe(false)
      if (how === 'replaced') {
        expect(verifySqliteFile(database)).toMatchObject({ whole: true })
        renameSync(`${database}-rescued`, database)
      }
      await expectNothingLost(prepared, { tokens, usedCodes: [], end })
    },
  )
})

describe('a database file with a second name', () => {
  it('is refused under both, since each would have a log of its own; as a file by itself it is served', async () => {
    const [first, second] = [await installation(), await installation()]
    const [database, other] = [first, second].map(({ folder }) => join(folder, 'lingpai.sqlite')) as [string, string]
    for (const name of [other, join(second.folder, 'master.key')]) rmSync(name)
    linkSync(database, other)
    copyFileSync(join(first.folder, 'master.key'), join(second.folder, 'master.key'))
    for (const { words } of [first, second]) {
      const end = await tryChild({ words })
      expect('port' in end).toBe(false)
      expect(end).toMatchObject({ code: 5 })
      const { log } = end as End
      expect(log).toContain('it has 2 names (hard links)')
      expect(log.trim().split('\n')).toHaveLength(1)
    }
    expect(existsSync(`${database}-wal`)).toBe(false)
    copyFileSync(database, `${database}-new`)
    renameSync(`${database}-new`, database)
    for (const prepared of [first, second]) await (await started(prepared)).caller.tokens()
  })

  it('is also refused to a program that embeds the server', async () => {
    const { folder } = await installation()
    const database = join(folder, 'lingpai.sqlite')
    linkSync(database, join(folder, 'second'))
    await expect(openSqlite({ file: database })).rejects.toThrow(/2 names \(hard links\)/)
    rmSync(join(folder, 'second'))
    await (await openSqlite({ file: database })).close()
  })
})
