// The tables and statements the driver's contract is tested with.

import { change, statement } from '../../../src/store/database/driver.ts'

export function tables(dialect: 'sqlite' | 'postgres'): string {
  const bytes = dialect === 'sqlite' ? 'BLOB' : 'BYTEA'
  return `
CREATE TABLE token (
  token_id TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  consumed_at BIGINT,
  CONSTRAINT token_owner CHECK (owner <> 'nobody')
);
CREATE TABLE note (
  note_id TEXT NOT NULL PRIMARY KEY,
  kind TEXT,
  label TEXT,
  token_id TEXT REFERENCES token (token_id),
  CONSTRAINT note_kind_label UNIQUE (kind, label)
);
CREATE TABLE thing (
  thing_id TEXT NOT NULL PRIMARY KEY,
  words TEXT,
  size BIGINT,
  bytes ${bytes}
);`
}

export const insertToken = statement<{ token_id: string; owner: string }>(
  'token_insert',
  'INSERT INTO token (token_id, owner) VALUES (:token_id, :owner)',
)
export const consumeToken = statement<{ token_id: string; now: number }, { owner: string; consumed_at: number }>(
  'token_consume',
  'UPDATE token SET consumed_at = :now WHERE token_id = :token_id AND consumed_at IS NULL RETURNING owner, consumed_at',
)
export const deleteOddly = statement<{ token_id: string }, { token_id: string }>(
  'token_delete_oddly',
  `-- SELECT
   WITH gone AS (SELECT CAST(:token_id AS TEXT) AS id) DELETE FROM token WHERE token_id IN (SELECT id FROM gone) RETURNING token_id`,
)
export const takeToken = change<{ token_id: string; now: number }>(
  'token_take',
  'UPDATE token SET consumed_at = :now WHERE token_id = :token_id AND consumed_at IS NULL -- once',
)
export const findToken = statement<
  { token_id: string },
  { token_id: string; owner: string; consumed_at: number | null }
>('token_find', 'SELECT token_id, owner, consumed_at FROM token WHERE token_id = :token_id -- the row, don’t :lock it')
export const listTokens = statement<object, { token_id: string }>(
  'token_list',
  'SELECT token_id FROM token ORDER BY token_id',
)
export const insertNote = statement<{
  note_id: string
  kind: string | null
  label: string | null
  token_id: string | null
}>('note_insert', 'INSERT INTO note (note_id, kind, label, token_id) VALUES (:note_id, :kind, :label, :token_id)')
export const findNote = statement<{ note_id: string }, { note_id: string }>(
  'note_find',
  'SELECT note_id FROM note WHERE note_id = :note_id',
)

export interface Thing {
  thing_id: string
  words: string | null
  size: number | null
  bytes: Uint8Array | null
}
export const putThing = statement<Thing, Thing>(
  'thing_put',
  `INSERT INTO thing (thing_id, words, size, bytes) VALUES (:thing_id, :words, :size, :bytes)
   ON CONFLICT (thing_id) DO UPDATE SET words = :words, size = :size, bytes = :bytes
   RETURNING thing_id, words, size, bytes`,
)
export const findThing = statement<{ thing_id: string }, Thing>(
  'thing_find',
  'SELECT thing_id, words, size, bytes FROM thing WHERE thing_id = :thing_id',
)
export const measureThings = statement<object, { many: number; total: number; any_left: number }>(
  'thing_measure',
  'SELECT count(*) AS many, sum(size) AS total, EXISTS (SELECT 1 FROM thing) AS any_left FROM thing',
)
