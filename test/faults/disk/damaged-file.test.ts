// The database file itself, damaged under a running server: by a disk that forgets, or by somebody who writes into it.

import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { installation, started } from './installed.ts'

const PAGE = 4096

/** Numbers of the pages that hold a table or an index. */
function pagesOf(file: string, name: string): readonly number[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const rows = database.prepare('SELECT pageno FROM dbstat WHERE name = ? ORDER BY pageno').all(name)
    return rows.map(({ pageno }) => Number(pageno))
  } finally {
    database.close()
  }
}

/** Overwrites pages; returns what puts them back. */
function damage(file: string, pages: readonly number[]): () => void {
  const descriptor = openSync(file, 'r+')
  const kept = pages.map((page) => {
    const bytes = Buffer.alloc(PAGE)
    readSync(descriptor, bytes, 0, PAGE, (page - 1) * PAGE)
    writeSync(descriptor, Buffer.alloc(PAGE, 0xfe), 0, PAGE, (page - 1) * PAGE)
    return bytes
  })
  return () => {
    pages.forEach((page, at) => {
      writeSync(descriptor, kept[at] ?? Buffer.alloc(0), 0, PAGE, (page - 1) * PAGE)
    })
    closeSync(descriptor)
  }
}

it.each([
  ['a table that is read', 'access_token'],
  ['an index that is only written', 'access_token_expires_at'],
])(
  '%s: what meets it is 503, /readyz and the log say why, and nothing is lost that the file holds',
  { timeout: 60_000 },
  async (_, name) => {
    const folder = await installation()
    const before = await started(folder)
    const tokens = [await before.caller.tokens(), await before.caller.tokens()] as const
    await before.server.stop()
    const file = join(folder, 'lingpai.sqlite')
    const pages = pagesOf(file, name)
    expect(pages.length).toBeGreaterThan(0)

    const { server, caller } = await started(folder)
    expect((await caller.ready()).status).toBe(200)
    const code = await caller.needCode()
    const mend = damage(file, pages)
    const [{ access }] = tokens
    const meets = () => (name === 'access_token' ? caller.userinfo(access) : caller.redeem(code))
    const refused = await meets()
    expect(refused.status, refused.text).toBe(503)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    // What the damage does not touch is written on: that makes nothing ready.
    expect(typeof (await caller.code())).toBe('string')
    const unready = await caller.ready()
    expect(unready.status).toBe(503)
    expect(unready.body['reason']).toBe('the database file is damaged')
    await meets()
    const told = server
      .log()
      .split('\n')
      .filter((line) => line.includes('database_unreadable'))
    expect(told, server.log()).toHaveLength(1)
    expect(told[0]).toContain('the database file is damaged')

    // It stays so while the server runs, whatever else is asked of it; with a whole file all is there again.
    await server.stop()
    mend()
    const { caller: again } = await started(folder)
    expect((await again.ready()).status).toBe(200)
    for (const { access } of tokens) expect((await again.userinfo(access)).status).toBe(200)
    expect((await again.redeem(code)).status).toBe(200)
    expect((await again.redeem(code)).status).toBe(400)
  },
)
