// Importing users from CSV and JSON Lines: what other folders use.

export { COLUMNS_IN_SHORT } from './columns.ts'
export { bytesSource, fileSource, type ImportSource } from './import-file.ts'
export {
  type ImportOptions,
  type ImportProgress,
  type ImportReport,
  importUsers,
  STALE_AFTER,
} from './import-users.ts'
