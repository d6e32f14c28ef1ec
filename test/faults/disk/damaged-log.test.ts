// SQLite's log, damaged between the end of one server and the start of the next.

import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installation, started } from './installed.ts'

describe('a write-ahead log that was damaged while the server was down', () => {
  /** A killed server's folder, and its access tokens in the order of their commits. */
  async function killed(): Promise<{ folder: string; wal: string; issued: string[] }> {
    const folder = await installation()
    const { server, caller } = await started(folder)
    const issued: string[] = []
    for (let count = 0; count < 15; count++) issued.push((await caller.tokens()).access)
    await server.kill()
    const wal = join(folder, 'lingpai.sqlite-wal')
    expect(statSync(wal).size).toBeGreaterThan(100_000)
    return { folder, wal, issued }
  }

  const damages: Readonly<Record<string, (wal: string, size: number) => void>> = {
    'is cut off in the middle': (wal, size) => truncateSync(wal, Math.floor(size / 2) + 77),
    'has lost its last bytes': (wal, size) => truncateSync(wal, size - 1),
    'is empty': (wal) => truncateSync(wal, 0),
    'has other bytes in the middle': (wal, size) => {
      const bytes = readFileSync(wal)
      const at = Math.floor(size / 2)
      for (let count = 0; count < 64; count++) bytes[at + count] = (bytes[at + count] ?? 0) ^ 0xff
      writeFileSync(wal, bytes)
    },
    'ends in garbage': (wal) => writeFileSync(wal, Buffer.alloc(20_000, 0xa5), { flag: 'a' }),
  }

  it.each(Object.keys(damages))(
    'that %s: what was committed before the damage is served, and nothing else',
    async (name) => {
      const { folder, wal, issued } = await killed()
      damages[name]?.(wal, statSync(wal).size)
      const { caller } = await started(folder)
      const answers: number[] = []
      for (const token of issued) answers.push((await caller.userinfo(token)).status)
      const valid = answers.filter((status) => status === 200).length
      expect(answers).toEqual([...Array<number>(valid).fill(200), ...Array<number>(issued.length - valid).fill(401)])
      if (name === 'ends in garbage') expect(valid).toBe(issued.length)
      if (name === 'is empty') expect(valid).toBe(0)
      if (name === 'is cut off in the middle') {
        expect(valid).toBeGreaterThan(0)
        expect(valid).toBeLessThan(issued.length)
      }
      // It goes on from there, and what it keeps now is kept.
      const { access } = await caller.tokens()
      expect((await caller.userinfo(access)).status).toBe(200)
    },
  )
})
