// The page of the database: what the migrations make, beside the reason for each table and index.

import { DatabaseSync } from 'node:sqlite'
import { SCHEMA_TABLES, sectionsFor } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { TABLE_NOTES, type TableNote } from '../../src/store/schema/notes.ts'

interface Column {
  readonly name: string
  readonly type: string
  readonly notnull: number
  /** The place in the primary key, from 1; 0: none. */
  readonly pk: number
}

interface Index {
  readonly name: string
  readonly unique: number
  /** `c`: made by CREATE INDEX; others come with a key. */
  readonly origin: string
  readonly partial: number
}

/** Throws when a table or an index has no reason, or a reason no table or index. */
export function databaseTables(notes: Readonly<Record<string, TableNote>> = TABLE_NOTES): readonly DatabaseTable[] {
  const database = new DatabaseSync(':memory:')
  try {
    database.exec(SCHEMA_TABLES)
    for (const { sql } of migrations) database.exec(sectionsFor(sql, 'sqlite'))
    const names = database
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
      .all()
      .map(({ name }) => String(name))
    const stray = Object.keys(notes).filter((name) => !names.includes(name))
    if (stray.length > 0)
      throw new Error(`src/store/schema/notes.ts tells of tables that are not there: ${stray.join(', ')}`)
    return names.map((name) => tableOf(database, name, notes))
  } finally {
    database.close()
  }
}

interface DatabaseTable {
  readonly name: string
  readonly note: TableNote
  readonly columns: readonly Column[]
  readonly key: readonly string[]
  readonly indexes: readonly { readonly name: string; readonly columns: string; readonly reason: string }[]
}

function tableOf(database: DatabaseSync, name: string, notes: Readonly<Record<string, TableNote>>): DatabaseTable {
  const note = notes[name]
  if (note === undefined) throw new Error(`the table ${name} has no note in src/store/schema/notes.ts: what is it for?`)
  const columns = database.prepare(`PRAGMA table_info("${name}")`).all() as unknown as readonly Column[]
  const made = database.prepare(`PRAGMA index_list("${name}")`).all() as unknown as readonly Index[]
  const own = made.filter(({ origin }) => origin === 'c').toSorted((a, b) => a.name.localeCompare(b.name))
  const stray = Object.keys(note.indexes).filter((index) => !own.some((each) => each.name === index))
  if (stray.length > 0)
    throw new Error(`src/store/schema/notes.ts tells of indexes that are not there: ${stray.join(', ')}`)
  return {
    name,
    note,
    columns,
    key: columns
      .filter(({ pk }) => pk > 0)
      .toSorted((a, b) => a.pk - b.pk)
      .map((column) => column.name),
    indexes: own.map((index) => {
      const reason = note.indexes[index.name]
      if (reason === undefined) {
        throw new Error(`the index ${index.name} has no reason in src/store/schema/notes.ts: which statement needs it?`)
      }
      const found = database.prepare(`PRAGMA index_info("${index.name}")`).all()
      const condition = /\bWHERE\b([\s\S]*)$/i.exec(
        String(database.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').get(index.name)?.['sql'] ?? ''),
      )?.[1]
      const marks = [
        ...(index.unique === 1 ? ['unique'] : []),
        ...(condition === undefined ? [] : [`where ${condition.trim()}`]),
      ]
      const words = found.map((each) => String(each['name'])).join(', ')
      return { name: index.name, columns: [words, ...marks].join('; '), reason }
    }),
  }
}
