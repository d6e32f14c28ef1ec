// SQL about imports of users. Their rows stand in the user table, invisible until their import is published.

import { change, statement } from '../database/driver.ts'

export const insertImport = statement<{ import_id: string; now: number }>(
  'insert_import',
  'INSERT INTO user_import (import_id, started_at, alive_at) VALUES (:import_id, :now, :now)',
)

/** The `alive_at` of an import that is given up: nothing more is added to it, and nobody publishes what is left. */
const GIVEN_UP = -1

export const keepImportAlive = statement<{ import_id: string; now: number }, { import_id: string }>(
  'keep_import_alive',
  `UPDATE user_import SET alive_at = :now
   WHERE import_id = :import_id AND published_at IS NULL AND alive_at > ${GIVEN_UP} RETURNING import_id`,
)

export const publishImport = statement<{ import_id: string; now: number }, { import_id: string }>(
  'publish_import',
  `UPDATE user_import SET published_at = :now, alive_at = :now
   WHERE import_id = :import_id AND published_at IS NULL AND alive_at > ${GIVEN_UP} RETURNING import_id`,
)

/** Guard of each step that deletes: the import was not published, and has not gone on. */
export const giveImportUp = change<{ import_id: string; stale_before: number }>(
  'give_import_up',
  `UPDATE user_import SET alive_at = ${GIVEN_UP}
   WHERE import_id = :import_id AND published_at IS NULL AND alive_at < :stale_before`,
)

/** Imports to clean up after: abandoned ones, and published ones whose users still carry the mark. */
export const listImports = statement<{ stale_before: number }, { import_id: string; published_at: number | null }>(
  'list_imports',
  `SELECT import_id, published_at FROM user_import WHERE published_at IS NOT NULL OR alive_at < :stale_before`,
)

const SOME_OF_IMPORT = `user_id IN (SELECT user_id FROM "user" WHERE import_id = :import_id LIMIT :most)`

export const listOpenImports = statement<object, { import_id: string; started_at: number; alive_at: number }>(
  'list_open_imports',
  `SELECT import_id, started_at, alive_at FROM user_import WHERE published_at IS NULL ORDER BY started_at, import_id`,
)

export const unmarkImported = statement<{ import_id: string; most: number }, { user_id: string }>(
  'unmark_imported',
  `UPDATE "user" SET import_id = NULL WHERE ${SOME_OF_IMPORT} RETURNING user_id`,
)

export const deleteImported = statement<{ import_id: string; most: number }, { user_id: string }>(
  'delete_imported',
  `DELETE FROM "user" WHERE ${SOME_OF_IMPORT} RETURNING user_id`,
)

export const deleteImport = statement<{ import_id: string }>(
  'delete_import',
  'DELETE FROM user_import WHERE import_id = :import_id',
)
