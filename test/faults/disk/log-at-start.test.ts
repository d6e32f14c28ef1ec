// SQLite's log when a server starts: what it holds is in the file before anything is answered.

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, it } from 'vitest'
import { Caller } from '../support/caller.ts'
import { startChild } from '../support/child.ts'
import { busy, given, holds } from '../support/given.ts'
import { type Prepared, prepareSqlite } from '../support/installation.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const work of undo.splice(0).toReversed()) await work()
})

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-log-at-start-'))
  undo.push(() => rmSync(folder, { recursive: true }))
  return folder
}

async function served(prepared: Prepared) {
  const server = await startChild(prepared)
  const caller = new Caller(server)
  undo.push(
    () => server.kill(),
    () => caller.close(),
  )
  return { server, caller }
}

/** How many access tokens the file holds by itself, or with its log. */
function tokensIn({ folder }: Prepared, endings: readonly string[]): number {
  const copy = join(temporaryFolder(), 'copy.sqlite')
  for (const ending of endings) copyFileSync(join(folder, `lingpai.sqlite${ending}`), `${copy}${ending}`)
  const database = new DatabaseSync(copy)
  try {
    return Number(database.prepare('SELECT count(*) AS many FROM access_token').get()?.['many'])
  } finally {
    database.close()
  }
}

it('what the log of a killed server holds is in the file before the next one answers', async () => {
  const prepared = await prepareSqlite()
  undo.push(() => prepared.remove())
  const first = await served(prepared)
  const before = await given(first.caller)
  let refreshes = 0
  const access = await busy(first.caller, () => ++refreshes > 20)
  await first.server.kill()
  const all = tokensIn(prepared, ['', '-wal'])
  expect(tokensIn(prepared, [''])).toBeLessThan(all)
  // Its own commits move nothing for five seconds.
  const { caller } = await served(prepared)
  expect(tokensIn(prepared, [''])).toBe(all)
  for (const token of access) expect((await caller.userinfo(token)).status).toBe(200)
  await holds(caller, before)
})
