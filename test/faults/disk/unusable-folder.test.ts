// A data folder that a start finds unusable: by its permissions, by a key that is gone, by a database full of garbage.

import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Child, type End, tryChild } from '../support/child.ts'
import { installation, started } from './installed.ts'

function refusal(end: Child | End): End {
  if ('port' in end) throw new Error('it started')
  return end
}

/** One line for the operator: no stack, no second complaint. */
function expectOneLine({ code, log }: End, exitCode: number, pattern: RegExp): void {
  expect(code, log).toBe(exitCode)
  const lines = log.trim().split('\n')
  expect(lines, log).toHaveLength(1)
  expect(lines[0]).toMatch(pattern)
}

describe('a data folder that cannot be used', () => {
  // Root may do anything: without these two rights it is bound by permissions like everybody.
  const bound = process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'] : []

  async function tried(spoil: (folder: string) => void, mend: (folder: string) => void) {
    const folder = await installation()
    await (await started(folder, bound)).server.stop()
    spoil(folder)
    const refused = refusal(await tryChild({ words: ['--data', folder], under: bound }))
    mend(folder)
    const { caller } = await started(folder, bound)
    await caller.tokens()
    return refused
  }

  it('because it is read-only: one line names it', async () => {
    const refused = await tried(
      (folder) => {
        for (const name of ['lingpai.sqlite', 'owner.sqlite']) chmodSync(join(folder, name), 0o400)
        chmodSync(folder, 0o500)
      },
      (folder) => {
        chmodSync(folder, 0o700)
        for (const name of ['lingpai.sqlite', 'owner.sqlite']) chmodSync(join(folder, name), 0o600)
      },
    )
    expectOneLine(refused, 5, /^Error: .*lingpai-disk-.*lingpai\.sqlite cannot be used: .*read-only/)
  })

  it('because the database may not be read', async () => {
    const refused = await tried(
      (folder) => chmodSync(join(folder, 'lingpai.sqlite'), 0o000),
      (folder) => chmodSync(join(folder, 'lingpai.sqlite'), 0o600),
    )
    expectOneLine(refused, 5, /^Error: .*lingpai\.sqlite cannot be used: the database file cannot be opened/)
  })

  it('because others may read the master key', async () => {
    const refused = await tried(
      (folder) => chmodSync(join(folder, 'master.key'), 0o644),
      (folder) => chmodSync(join(folder, 'master.key'), 0o600),
    )
    expectOneLine(refused, 1, /^Error: .*master\.key/)
  })

  it('because the master key is gone', async () => {
    let kept = ''
    const refused = await tried(
      (folder) => {
        kept = readFileSync(join(folder, 'master.key'), 'utf8')
        rmSync(join(folder, 'master.key'))
      },
      (folder) => writeFileSync(join(folder, 'master.key'), kept, { mode: 0o600 }),
    )
    expectOneLine(refused, 1, /^Error: .*master\.key does not exist; bring it back from a backup/)
  })

  it.each([
    ['its first page', 0, /^Error: .*(not a database|damaged)/],
    ['the pages after it', 4096, /^Error: .*(damaged|malformed)/],
  ])('because %s of the database are garbage: it refuses to serve them', async (_, from, pattern) => {
    const folder = await installation()
    const file = join(folder, 'lingpai.sqlite')
    const whole = join(folder, 'whole')
    cpSync(file, whole)
    const bytes = readFileSync(file)
    bytes.fill(0xa5, from, from === 0 ? 4096 : bytes.length)
    writeFileSync(file, bytes)
    expectOneLine(refusal(await tryChild({ words: ['--data', folder] })), 5, pattern)
    for (const name of ['-wal', '-shm']) rmSync(`${file}${name}`, { force: true })
    cpSync(whole, file)
    await (await started(folder)).caller.tokens()
  })

  it('because a file has its name', async () => {
    const folder = await installation()
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    mkdirSync(join(folder, 'a-folder'))
    expectOneLine(
      refusal(await tryChild({ words: ['--data', file] })),
      5,
      /^Error: The data folder .*a-file cannot be used/,
    )
    await (await started(join(folder, 'a-folder'))).server.stop()
  })
})
