// SQLite as the peers' adapters use it: WAL, durability as SYNCHRONOUS says, statements prepared once.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export function openDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-bench-peer-'))
  const file = join(folder, 'peer.sqlite')
  const database = new DatabaseSync(file)
  const synchronous = process.env.SYNCHRONOUS === 'FULL' ? 'FULL' : 'NORMAL'
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`)
  return { database, file, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export const SECRET = 'bench-secret-that-guards-nothing-at-all'
export const CALLBACK = 'https://client.test/callback'
export const SCOPE = 'openid profile email api'
