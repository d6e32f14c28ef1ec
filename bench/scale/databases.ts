// Where the rows go: an installation on SQLite or on a PostgreSQL of its own, filled past the server, fast.

import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { type Prepared, preparePostgres, prepareSqlite } from '../../test/faults/support/installation.ts'
import { startOwnPostgres } from '../../test/support/postgres-server.ts'
import { type Filling, type Value, writingOrder } from './rows.ts'

export interface Place {
  readonly prepared: Prepared
  fill(filling: Filling, progress: (done: number) => void): Promise<void>
  /** Statistics of the tables as they are now, which a database gathers by itself after a while. */
  settle(): Promise<void>
  /** Asks for all that is stored, so that the system holds it: waiting for a disk is not what is measured. */
  warm(): Promise<void>
  countExpired(now: number): Promise<number>
  /** Process ids of the database that work for the server. Empty with SQLite, where the server does the work itself. */
  backends(): Promise<readonly number[]>
  bytes(): Promise<number>
  close(): Promise<void>
}

const BATCH = 5_000
const EXPIRED = 'SELECT count(*) AS many FROM access_token WHERE expires_at <'

export async function sqlitePlace(folder?: string): Promise<Place> {
  const prepared = await prepareSqlite(folder)
  const file = join(prepared.folder, 'lingpai.sqlite')
  const database = new DatabaseSync(file)
  // What is filled here may be lost to a power cut; what the server writes later may not.
  database.exec(
    'PRAGMA busy_timeout = 10000; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA wal_autocheckpoint = 20000',
  )
  return {
    prepared,
    async fill({ table, columns, count, row }, progress) {
      const names = Object.keys(columns)
      const places = names.map(() => '?').join(', ')
      const insert = database.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`)
      let done = 0
      for (const at of writingOrder(count)) {
        if (done % BATCH === 0) database.exec('BEGIN')
        insert.run(...row(at))
        done++
        if (done % BATCH !== 0 && done < count) continue
        database.exec('COMMIT')
        progress(done)
      }
      // The log is folded in whole: a server would start with a checkpoint of gigabytes.
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    },
    async settle() {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    },
    warm: () => readThrough(file),
    async countExpired(now) {
      return Number(database.prepare(`${EXPIRED} ?`).get(now)?.['many'] ?? 0)
    },
    backends: async () => [],
    async bytes() {
      const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count'] ?? 0)
      return pages * 4_096
    },
    async close() {
      database.close()
      prepared.remove()
    },
  }
}

async function readThrough(file: string): Promise<void> {
  for await (const _ of createReadStream(file, { highWaterMark: 1 << 20 }));
}

/** `url`: a database that is empty. Without it a PostgreSQL of our own is started, which waits for no disk. */
export async function postgresPlace(url?: string): Promise<Place> {
  const own = url === undefined ? await startOwnPostgres() : null
  const address = url ?? own?.url ?? ''
  const prepared = await preparePostgres(address)
  const client = new Client(address)
  await client.connect()
  await client.query('SET synchronous_commit = off')
  return {
    prepared,
    async fill({ table, columns, count, row }, progress) {
      const entries = Object.entries(columns)
      const arrays = entries.map(([, type], at) => `$${at + 1}::${type}[]`).join(', ')
      const names = entries.map(([name]) => name).join(', ')
      const sql = `INSERT INTO ${table} (${names}) SELECT * FROM unnest(${arrays})`
      let done = 0
      let values: Value[][] = entries.map(() => [])
      for (const at of writingOrder(count)) {
        row(at).forEach((value, place) => values[place]?.push(value))
        done++
        if (done % BATCH !== 0 && done < count) continue
        await client.query(sql, values)
        values = entries.map(() => [])
        progress(done)
      }
    },
    async settle() {
      await client.query('VACUUM ANALYZE')
      await client.query('CHECKPOINT')
    },
    // Its own cache holds what it has room for, and the rest of a test's database is small.
    warm: async () => undefined,
    async countExpired(now) {
      const { rows } = await client.query<{ many: string }>(`${EXPIRED} $1`, [now])
      return Number(rows[0]?.many ?? 0)
    },
    async backends() {
      const { rows } = await client.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lingpai'`,
      )
      return rows.map(({ pid }) => pid)
    },
    async bytes() {
      const { rows } = await client.query<{ size: string }>('SELECT pg_database_size(current_database()) AS size')
      return Number(rows[0]?.size ?? 0)
    },
    async close() {
      const ended = once(client, 'end')
      await client.end()
      await ended
      prepared.remove()
      await own?.stop()
    },
  }
}
