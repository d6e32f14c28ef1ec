// Putting a backup in place: everything is verified before anything has its final name, and where it does not hold,
// nothing is left behind.

import { chmod, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { keyCheck, type MasterKey, parseMasterKey, writeMasterKeyFile } from '../../credentials/master-key.ts'
import { verifySqliteFile } from '../../store/database/sqlite/verify.ts'
import { AdministrationError } from '../errors.ts'
import {
  createSeal,
  damaged,
  FirstChunkRefused,
  openStream,
  type Protection,
  readHeader,
  streamKey,
} from './container.ts'
import { isCode, openForReading, readerOf, reasonOf, syncFolder, writeDurably } from './files.ts'
import { unprotect } from './protection.ts'
import { DRAFT, isUnfinishedRestore } from './unfinished.ts'

export interface RestoreRequest {
  readonly file: string
  /** Must not exist, or be empty. */
  readonly folder: string
  /** Name of the database in the folder. */
  readonly databaseFile: string
  readonly passphrase?: string
  /** X25519 private key, PEM. */
  readonly recipientPrivateKey?: string
  /** Needed when the backup does not hold it. */
  readonly master?: MasterKey
  /** The master key is kept elsewhere (LINGPAI_MASTER_KEY): no `master.key` is written. */
  readonly keepMasterKeyOutside?: boolean
}

export interface RestoreReport {
  readonly folder: string
  readonly schemaVersion: number
  readonly masterKeyWritten: boolean
}

const LONGEST_FIRST_LINE = 1_024
const UNLIKE_OURS = 'its content begins otherwise than it should'

export async function restore(request: RestoreRequest): Promise<RestoreReport> {
  const folder = resolve(request.folder)
  const made = await emptyFolder(folder, request.databaseFile)
  const work = await draftFolder(folder)
  let report: RestoreReport
  try {
    const copy = join(work, 'copy.sqlite')
    const held = await extract(request, copy)
    const verified = verifySqliteFile(copy, { settle: true })
    if (!verified.whole) throw damaged(verified.problem)
    const master = chosenKey(request.master ?? null, held, verified.keyCheck)
    const writeKey = request.keepMasterKeyOutside !== true
    if (writeKey) {
      writeMasterKeyFile(work, master)
      await rename(join(work, 'master.key'), join(folder, 'master.key'))
    }
    await chmod(folder, 0o700)
    // The database comes last: without it, what is there is no installation.
    await rename(copy, join(folder, request.databaseFile))
    report = { folder, schemaVersion: verified.schemaVersion, masterKeyWritten: writeKey }
  } catch (error) {
    // The folder was empty when the draft folder was made, and the draft keeps others out: so this file is ours.
    await rm(join(folder, 'master.key'), { force: true })
    await rm(join(folder, request.databaseFile), { force: true })
    await rm(work, { recursive: true, force: true })
    if (made !== null) await unmake(folder, made)
    throw error
  }
  // From here on it is an installation, which a server may have begun to use: nothing is taken away any more.
  await rm(work, { recursive: true, force: true })
  try {
    await syncFolder(folder)
  } catch (error) {
    throw new AdministrationError(
      'folder_unusable',
      `The disk does not confirm that it keeps what was restored into ${folder}: ${reasonOf(error)}`,
      'Look after the disk; then remove the folder, and restore again',
      { cause: error },
    )
  }
  // As durable as what is in them: the folders that were made for it.
  // One that this user may not read was made, and is kept, by somebody else.
  if (made !== null) for (const each of foldersAbove(folder, made)) await syncFolder(each).catch(() => undefined)
  return report
}

/** Makes the draft folder, which reserves the target folder for this restore until it is removed. */
async function draftFolder(folder: string): Promise<string> {
  const draft = join(folder, DRAFT)
  try {
    await mkdir(draft, { mode: 0o700 })
  } catch (error) {
    if (isCode(error, 'EEXIST')) throw inUse(folder, { cause: error })
    const message = `${folder} cannot be written: ${reasonOf(error)}`
    throw new AdministrationError('folder_unusable', message, null, { cause: error })
  }
  // Another restore may have come and gone since the folder was found empty.
  const entries = await readdir(folder)
  if (entries.length === 1) return draft
  await rmdir(draft)
  throw notEmpty(folder)
}

function inUse(folder: string, options?: ErrorOptions): AdministrationError {
  return new AdministrationError(
    'folder_not_empty',
    `Another restore into ${folder} is running, or was cut off`,
    'Wait for it to end. If none is running, remove the folder, and restore again',
    options,
  )
}

function notEmpty(folder: string): AdministrationError {
  return new AdministrationError(
    'folder_not_empty',
    `${folder} is not empty`,
    'A backup is restored into a new folder, and nothing is ever overwritten. Name one: --data NEWFOLDER',
  )
}

/** The topmost folder that was made for this; null: it was there. */
async function emptyFolder(folder: string, databaseFile: string): Promise<string | null> {
  let isUnfinished = false
  try {
    const entries = await readdir(folder)
    if (entries.length === 0) return null
    isUnfinished = isUnfinishedRestore(entries, databaseFile)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return (await mkdir(folder, { recursive: true, mode: 0o700 })) ?? null
    throw new AdministrationError('folder_unusable', `${folder} cannot be used: ${reasonOf(error)}`, null, {
      cause: error,
    })
  }
  throw isUnfinished ? inUse(folder) : notEmpty(folder)
}

/** Writes the database; resolves to the master key that the backup holds. */
async function extract(request: RestoreRequest, copy: string): Promise<MasterKey | null> {
  const handle = await openForReading(request.file)
  let kind: Protection['kind'] = 'none'
  try {
    const reader = readerOf(handle)
    const { header, bytes } = await readHeader(reader)
    kind = header.protection.kind
    if (kind === 'none') assertNotExpectedSealed(request)
    const secret = await unprotect(header.protection, request)
    const seal = createSeal(secret === null ? null : streamKey(secret, bytes), bytes)
    let firstLine = ''
    await writeDurably(
      copy,
      withoutFirstLine(openStream(reader, seal), (line) => {
        firstLine = line
      }),
    )
    const held = heldKey(firstLine)
    if (kind === 'none' && held !== null) throw damaged('it is not sealed, and holds a master key all the same')
    return held
  } catch (error) {
    throw error instanceof FirstChunkRefused ? refusedAtOnce(kind, error) : error
  } finally {
    await handle.close()
  }
}

/** Whoever has nothing but access to the file could put one in its place that is not sealed, with a key and people of theirs. */
function assertNotExpectedSealed({ passphrase, recipientPrivateKey }: RestoreRequest): void {
  if (passphrase === undefined && recipientPrivateKey === undefined) return
  throw new AdministrationError(
    'not_sealed',
    `The backup is not sealed, although a ${passphrase === undefined ? 'private key' : 'passphrase'} was given`,
    'If it was made sealed, somebody has replaced it: use another copy. If it was not, give the master key alone',
  )
}

async function* withoutFirstLine(
  content: AsyncIterable<Uint8Array>,
  firstLine: (line: string) => void,
): AsyncGenerator<Uint8Array> {
  let found = false
  for await (const bytes of content) {
    if (found) {
      yield bytes
      continue
    }
    // The line always ends within the first chunk, which is longer.
    const end = bytes.subarray(0, LONGEST_FIRST_LINE).indexOf(0x0a)
    if (end === -1) throw damaged(UNLIKE_OURS)
    found = true
    firstLine(Buffer.from(bytes.subarray(0, end)).toString('utf8'))
    yield bytes.subarray(end + 1)
  }
}

/** The master key that the backup holds, or null. The line is checked strictly, because somebody may have replaced the file. */
function heldKey(line: string): MasterKey | null {
  try {
    const { masterKey = null }: { readonly masterKey?: unknown } = JSON.parse(line)
    if (masterKey === null && line.startsWith('{')) return null
    if (typeof masterKey === 'string') return parseMasterKey(masterKey, 'The master key in the backup')
  } catch (cause) {
    throw damaged(UNLIKE_OURS, { cause })
  }
  throw damaged(UNLIKE_OURS)
}

function refusedAtOnce(kind: Protection['kind'], cause: Error): AdministrationError {
  if (kind !== 'passphrase') return damaged('it was changed or cut off', { cause })
  return new AdministrationError('wrong_passphrase', 'The passphrase is wrong, or the backup is damaged', null, {
    cause,
  })
}

function chosenKey(supplied: MasterKey | null, held: MasterKey | null, check: string | null): MasterKey {
  const master = supplied ?? held
  if (master === null) {
    throw new AdministrationError(
      'master_key_required',
      'The backup does not hold the master key',
      'Give the one that belongs to it: the content of the former master.key, or LINGPAI_MASTER_KEY',
    )
  }
  if (check === null || check === keyCheck(master)) return master
  throw new AdministrationError(
    'wrong_key',
    'The master key does not belong to this backup',
    'Signing keys and client secrets would be lost with it',
  )
}

/** Those in which the folders from `topmost` to `folder` have their names. */
function foldersAbove(folder: string, topmost: string): readonly string[] {
  const above = dirname(folder)
  return folder === topmost || above === folder ? [above] : [above, ...foldersAbove(above, topmost)]
}

/** Takes back the folders that were made for this, as far as nobody has put anything into them. */
async function unmake(folder: string, topmost: string): Promise<void> {
  for (let each = folder; ; each = dirname(each)) {
    const gone = await rmdir(each).then(
      () => true,
      () => false,
    )
    if (!gone || each === topmost) return
  }
}
