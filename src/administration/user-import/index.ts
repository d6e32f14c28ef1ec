// Importing users from CSV and JSON Lines: what other folders use.

export type { RowProblem } from './check-file.ts'
export { COLUMNS, PASSWORD_COLUMNS } from './columns.ts'
export { bytesSource, fileSource, type ImportEncoding, type ImportFormat, type ImportSource } from './import-file.ts'
export {
  type ImportOptions,
  type ImportParts,
  type ImportProgress,
  type ImportReport,
  importUsers,
  STALE_AFTER,
} from './import-users.ts'
