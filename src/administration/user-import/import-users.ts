// Importing users from a file: every row is checked first, then rows go in short batches to where nobody sees them, and
// one write publishes them all. Whatever ends the import before that leaves nothing visible.

import { setTimeout as pause } from 'node:timers/promises'
import type { PasswordHasher } from '../../credentials/password-hash.ts'
import { type Clock, stopwatch } from '../../platform/clock.ts'
import { newId, newUserId } from '../../platform/random.ts'
import type { UserImportVerbs } from '../../store/verbs/user-imports.ts'
import type { NewUser, UserVerbs } from '../../store/verbs/users.ts'
import { AdministrationError } from '../errors.ts'
import { assertGoingOn, checkFile, conflictProblem, type Lines, Problems, type RowProblem } from './check-file.ts'
import { checkRow, type ImportRow } from './check-row.ts'
import {
  decodedText,
  type ImportEncoding,
  type ImportFormat,
  type ImportSource,
  type InspectedFile,
  inspectFile,
} from './import-file.ts'
import { rowsOf } from './rows.ts'

export interface ImportParts {
  readonly store: UserVerbs & UserImportVerbs
  readonly clock: Clock
  readonly hasher: PasswordHasher
}

export interface ImportProgress {
  /** `wait`: for another import to end. */
  readonly phase: 'check' | 'wait' | 'write' | 'publish'
  readonly done: number
  readonly total?: number
  /** With `wait`: seconds since the other one's last sign of life; after `STALE_AFTER` of them it counts as killed. */
  readonly silent?: number
}

export interface ImportOptions {
  /** Default: by the first line. */
  readonly format?: ImportFormat
  /** Imports the good rows and leaves the bad ones out. */
  readonly skipBad?: boolean
  /** Checks everything and changes nothing. */
  readonly dryRun?: boolean
  /** Passwords that stand in the file hold for one sign-in, where a row does not say otherwise. */
  readonly temporaryPasswords?: boolean
  readonly progress?: (progress: ImportProgress) => void
  /** Stops the import; nothing has changed then. */
  readonly signal?: AbortSignal
}

export interface ImportReport {
  /** `checked`: a dry run without objections. `refused`: nothing has changed. */
  readonly status: 'imported' | 'checked' | 'refused'
  readonly encoding: ImportEncoding
  readonly format: ImportFormat
  readonly rows: number
  readonly imported: number
  /** Of those imported: they cannot sign in yet. */
  readonly withoutPassword: number
  /** Of the good rows of enabled people. */
  readonly withoutPhone: Lines
  readonly unverifiedPhone: Lines
  /** Rows that are or would be left out. */
  readonly badRows: number
  /** The first thousand, in the order of lines. */
  readonly problems: readonly RowProblem[]
  readonly problemCount: number
}

/** An import without a sign of life for this long was killed. */
export const STALE_AFTER = 120

/** One list of writes holds the lock for a few milliseconds, and others get in between. */
const ROWS_A_BATCH = 200
const PASSWORDS_A_BATCH = 32
const HASHES_AT_ONCE = 4
const SHORTEST_BREATHER_MS = 5
const LONGEST_BREATHER_MS = 100
const WAIT_STEP_MS = 500
const TIDY_STEP = 400
const PROGRESS_EVERY = 500

export async function importUsers(
  parts: ImportParts,
  source: ImportSource,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const { store } = parts
  const { skipBad = false, dryRun = false, progress, signal } = options
  const file = await inspectFile(source, options.format)
  const problems = new Problems()
  const checked = await checkFile(store, source, file, problems, {
    ...(signal && { signal }),
    onRow: (done) => {
      if (done % PROGRESS_EVERY === 0) progress?.({ phase: 'check', done })
    },
  })
  progress?.({ phase: 'check', done: checked.rows, total: checked.rows })
  const report = (status: ImportReport['status'], { imported, withoutPassword }: Written = NOTHING): ImportReport => ({
    status,
    encoding: file.encoding,
    format: file.format,
    rows: checked.rows,
    imported,
    withoutPassword,
    withoutPhone: checked.withoutPhone,
    unverifiedPhone: checked.unverifiedPhone,
    badRows: problems.lines.size,
    problems: problems.sorted(),
    problemCount: problems.count,
  })
  const good = checked.rows - problems.lines.size
  if (checked.broken || (problems.count > 0 && !skipBad) || good === 0) return report('refused')
  if (dryRun) return report('checked')
  const work: Work = { parts, source, file, problems, options, digest: checked.digest, total: good }
  const written = await writeAndPublish(work)
  return written === null ? report('refused') : report('imported', written)
}

type Written = Pick<ImportReport, 'imported' | 'withoutPassword'>
const NOTHING: Written = { imported: 0, withoutPassword: 0 }

interface Work {
  readonly parts: ImportParts
  readonly source: ImportSource
  readonly file: InspectedFile
  readonly problems: Problems
  readonly options: ImportOptions
  readonly digest: string
  readonly total: number
}

/** The users imported; null: a row was refused that had been good before. */
async function writeAndPublish(work: Work): Promise<Written | null> {
  const { store, clock } = work.parts
  const importId = newId('im')
  await store.beginImport(importId, clock.now())
  try {
    await waitForTurn(work, importId)
    const written = await writeRows(work, importId)
    if (written !== null && written.imported > 0) {
      const { imported } = written
      assertGoingOn(work.options.signal)
      work.options.progress?.({ phase: 'publish', done: imported, total: imported })
      const detail = { importId, users: imported, encoding: work.file.encoding, leftOut: work.problems.lines.size }
      const published = await store.publishImport(importId, { type: 'users_imported', at: clock.now(), detail })
      if (!published) throw abandoned()
      await tidyUp(work.parts)
      return written
    }
    await abandon(store, importId)
    return null
  } catch (error) {
    // What failed is what the caller has to hear; rows that stay behind are invisible and tidied up later.
    await abandon(store, importId).catch(() => undefined)
    throw error
  }
}

/** One import at a time: rows of a killed one would refuse the same rows here until they are tidied up. */
async function waitForTurn({ parts: { store, clock }, options }: Work, importId: string): Promise<void> {
  for (let waited = 0; ; waited++) {
    await store.tidyImports(clock.now() - STALE_AFTER, TIDY_STEP)
    const [first] = await store.listOpenImports()
    if (first === undefined) throw abandoned()
    if (first.importId === importId) return
    assertGoingOn(options.signal)
    const silent = Math.min(STALE_AFTER, Math.max(0, clock.now() - first.aliveAt))
    options.progress?.({ phase: 'wait', done: Math.floor((waited * WAIT_STEP_MS) / 1000), silent })
    if ((await store.addImportedUsers(importId, [], clock.now())) === 'abandoned') throw abandoned()
    // A stale one goes step by step without a rest.
    await pause(silent === STALE_AFTER ? SHORTEST_BREATHER_MS : WAIT_STEP_MS)
  }
}

async function writeRows(work: Work, importId: string): Promise<Written | null> {
  const { source, file, problems, options, digest, total } = work
  let seen = ''
  let imported = 0
  let withoutPassword = 0
  let batch: ImportRow[] = []
  let passwords = 0
  const flush = async (): Promise<boolean> => {
    const written = await writeBatch(work, importId, batch)
    batch = []
    passwords = 0
    if (written === null) return false
    imported += written.length
    withoutPassword += written.filter(({ passwordHash }) => passwordHash === null).length
    options.progress?.({ phase: 'write', done: imported, total })
    return true
  }
  const text = decodedText(source, file.encoding, (hex) => {
    seen = hex
  })
  for await (const raw of rowsOf(text, file)) {
    assertGoingOn(options.signal)
    if (problems.lines.has(raw.line)) continue
    const checked = await checkRow(raw)
    if (!('row' in checked)) throw fileChanged()
    batch.push(checked.row)
    if (checked.row.password !== null) passwords++
    if ((batch.length >= ROWS_A_BATCH || passwords >= PASSWORDS_A_BATCH) && !(await flush())) return null
  }
  if (batch.length > 0 && !(await flush())) return null
  if (seen !== digest) throw fileChanged()
  return { imported, withoutPassword }
}

/** The users written; null: one was refused, and bad rows are not to be skipped. */
async function writeBatch(
  { parts, problems, options }: Work,
  importId: string,
  batch: readonly ImportRow[],
): Promise<readonly NewUser[] | null> {
  const { store, clock, hasher } = parts
  const rows = batch.slice()
  const users = await newUsers(batch, hasher, options.temporaryPasswords ?? false)
  while (users.length > 0) {
    const elapsed = stopwatch()
    const result = await store.addImportedUsers(importId, users, clock.now())
    if (result === 'added') {
      await breathe(elapsed())
      return users
    }
    if (result === 'abandoned') throw abandoned()
    // Somebody has taken the name, the number or the id since the first pass.
    problems.add(rows[result.index]?.line ?? 0, conflictProblem(result.conflict))
    if (options.skipBad !== true) return null
    users.splice(result.index, 1)
    rows.splice(result.index, 1)
  }
  return []
}

/** A few hashes at a time, so that people who sign in meanwhile get their turn. */
async function newUsers(rows: readonly ImportRow[], hasher: PasswordHasher, temporary: boolean): Promise<NewUser[]> {
  const users: NewUser[] = []
  for (let at = 0; at < rows.length; at += HASHES_AT_ONCE) {
    users.push(
      ...(await Promise.all(rows.slice(at, at + HASHES_AT_ONCE).map((row) => newUser(row, hasher, temporary)))),
    )
  }
  return users
}

async function newUser(row: ImportRow, hasher: PasswordHasher, temporary: boolean): Promise<NewUser> {
  const { line: _, password, ...user } = row
  const passwordHash = password === null ? row.passwordHash : await hasher.hash(password)
  const isTemporary = row.passwordTemporary ?? (temporary && password !== null)
  return {
    ...user,
    userId: row.userId ?? newUserId(),
    passwordHash,
    passwordTemporary: passwordHash !== null && isTemporary,
  }
}

/** After each write as long as it took: at least half of the time the lock is there for the running server. */
async function breathe(took: number): Promise<void> {
  await pause(Math.min(Math.max(took, SHORTEST_BREATHER_MS), LONGEST_BREATHER_MS))
}

/** Bounded steps with breathers in between, until one says that nothing is left. */
async function stepByStep(next: () => Promise<boolean>): Promise<void> {
  for (;;) {
    const elapsed = stopwatch()
    if (await next()) return
    await breathe(elapsed())
  }
}

/** The users are visible already: a database that cannot do it now leaves it to the server. */
async function tidyUp({ store, clock }: ImportParts): Promise<void> {
  try {
    await stepByStep(() => store.tidyImports(clock.now() - STALE_AFTER, TIDY_STEP))
  } catch {
    return
  }
}

async function abandon(store: UserImportVerbs, importId: string): Promise<void> {
  await stepByStep(() => store.abandonImport(importId, TIDY_STEP))
}

function abandoned(): AdministrationError {
  return new AdministrationError(
    'import_abandoned',
    'The import gave no sign of life for two minutes and was abandoned; nothing has changed',
    'Import the file again',
  )
}

function fileChanged(): AdministrationError {
  return new AdministrationError(
    'file_changed',
    'The file was changed while it was read; nothing has changed',
    'Import it again when nobody writes to it',
  )
}
