// Backups made under load, and restores that are killed.

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { lingpai, lingpaiJson, outcomeOf, spawnLingpai } from '../../support/cli.ts'
import { Caller, eventually, type Issued, issuedBy } from '../support/caller.ts'
import { type End, startChild, tryChild } from '../support/child.ts'
import { type Prepared, prepareSqlite } from '../support/installation.ts'

let home: string
let prepared: Prepared
/** What was answered before the backup began, and the refresh tokens among it that were used after it. */
const before: Issued[] = []
const usedCodes: string[] = []
const rotated: { from: Issued; to: Issued }[] = []

const path = (name: string) => join(home, name)
const passphrase = () => ['--passphrase-file', path('passphrase')]

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'lingpai-restore-'))
  prepared = await prepareSqlite()
  writeFileSync(path('passphrase'), 'five fake words for tests\n')
  const server = await startChild(prepared)
  const callers = [new Caller(server), new Caller(server)]
  const now = { hasBegun: false, isOver: false }
  const work = async (caller: Caller) => {
    while (!now.isOver) {
      const code = await caller.needCode()
      const first = issuedBy(await caller.redeem(code))
      // Answered while nobody has asked for a backup yet.
      if (now.hasBegun) continue
      before.push(first)
      usedCodes.push(code)
    }
  }
  const working = callers.flatMap((caller) => Array.from({ length: 6 }, () => work(caller)))
  await eventually(
    async () => before.length,
    (count) => count > 15,
    30_000,
  )
  now.hasBegun = true
  await lingpaiJson(['backup', path('backup'), ...prepared.words, ...passphrase()])
  now.isOver = true
  await Promise.all(working)
  for (const from of before.slice(0, 3)) {
    const [caller] = callers
    if (caller !== undefined) rotated.push({ from, to: issuedBy(await caller.refresh(from.refresh)) })
  }
  for (const caller of callers) caller.close()
  await server.kill()
}, 90_000)
afterAll(() => {
  prepared.remove()
  rmSync(home, { recursive: true, force: true })
})

async function expectAllOfBefore(folder: string): Promise<void> {
  const server = await startChild({ words: ['--data', folder] })
  const caller = new Caller(server)
  try {
    for (const { access } of before) expect((await caller.userinfo(access)).status).toBe(200)
    for (const { from, to } of rotated) {
      // As the guide says: what was used since is unused again, once; what was handed out since is unknown.
      expect((await caller.refresh(to.refresh)).status).toBe(400)
      const replies = await Promise.all([1, 2, 3, 4].map(() => caller.refresh(from.refresh)))
      expect(new Set(replies.map((reply) => issuedBy(reply).refresh)).size).toBe(1)
    }
    for (const code of usedCodes.slice(-20)) expect((await caller.redeem(code)).status).toBe(400)
  } finally {
    caller.close()
    await server.kill()
  }
}

it('a backup under load holds every 200 that was answered before it began, and what was single-use then still is', {
  timeout: 60_000,
}, async () => {
  expect(before.length).toBeGreaterThan(15)
  await lingpaiJson(['restore', path('backup'), '--data', path('whole'), ...passphrase()])
  await expectAllOfBefore(path('whole'))
})

it('a restore that is killed leaves the whole installation, or one that neither serves nor is restored over', {
  timeout: 120_000,
}, async () => {
  let unfinished = 0
  let last = ''
  for (const [round, delay] of [0, 150, 450].entries()) {
    const folder = path(`killed-${round}`)
    const words = ['restore', path('backup'), '--data', folder, ...passphrase()]
    const child = spawnLingpai(words)
    const ended = outcomeOf(child)
    const hasDraft = () => existsSync(folder) && readdirSync(folder).length > 0
    while (child.exitCode === null && !hasDraft()) await new Promise((resolve) => setTimeout(resolve, 2))
    // The key of the passphrase takes a third of a second: at first there is nothing but the draft.
    await new Promise((resolve) => setTimeout(resolve, delay))
    child.kill('SIGKILL')
    await ended
    const entries = existsSync(folder) ? readdirSync(folder) : []
    if (entries.includes('lingpai.sqlite')) {
      last = folder
      continue
    }
    unfinished++
    const end = await tryChild({ words: ['--data', folder] })
    expect(end).toMatchObject({ code: 4 })
    expect((end as End).log).toContain('was cut off')
    expect(existsSync(join(folder, 'lingpai.sqlite'))).toBe(false)
    const again = await lingpai(words)
    expect(again.code).toBe(4)
    expect(again.stderr).toContain('remove the folder, and restore again')
    rmSync(folder, { recursive: true })
    await lingpaiJson(words)
    last = folder
  }
  expect(unfinished).toBeGreaterThan(0)
  await expectAllOfBefore(last)
})
