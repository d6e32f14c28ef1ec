// Putting a backup in place: everything is verified before anything has its final name, and where it does not hold,
// nothing is left behind.

import { chmod, mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises'
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

export async function restore(request: RestoreRequest): Promise<RestoreReport> {
  const folder = resolve(request.folder)
  const made = await emptyFolder(folder, request.databaseFile)
  const work = await workFolder(folder)
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
    // The database comes last: without it, what is there is no installation.
    await rename(copy, join(folder, request.databaseFile))
    await rm(work, { recursive: true, force: true })
    await chmod(folder, 0o700)
    await syncFolder(folder)
    // As durable as what is in them: the folders that were made for it.
    if (made !== null) for (const each of foldersAbove(folder, made)) await syncFolder(each)
    return { folder, schemaVersion: verified.schemaVersion, masterKeyWritten: writeKey }
  } catch (error) {
    await rm(work, { recursive: true, force: true })
    // The folder was empty or not there when we came.
    await rm(join(folder, 'master.key'), { force: true })
    await rm(join(folder, request.databaseFile), { force: true })
    if (made !== null) await unmake(folder, made)
    throw error
  }
}

async function workFolder(folder: string): Promise<string> {
  try {
    return await mkdtemp(join(folder, DRAFT))
  } catch (error) {
    const message = `${folder} cannot be written: ${reasonOf(error)}`
    throw new AdministrationError('folder_unusable', message, null, { cause: error })
  }
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
  throw new AdministrationError(
    'folder_not_empty',
    `${folder} is not empty`,
    isUnfinished
      ? 'A restore into it was cut off: remove the folder, and restore again'
      : 'A backup is restored into a new folder; nothing is ever overwritten',
  )
}

/** Writes the database; resolves to the master key that the backup holds. */
async function extract(request: RestoreRequest, copy: string): Promise<MasterKey | null> {
  const handle = await openForReading(request.file)
  let kind: Protection['kind'] = 'none'
  try {
    const reader = readerOf(handle)
    const { header, bytes } = await readHeader(reader)
    kind = header.protection.kind
    const secret = await unprotect(header.protection, request)
    const seal = createSeal(secret === null ? null : streamKey(secret, bytes), bytes)
    let firstLine = ''
    await writeDurably(
      copy,
      withoutFirstLine(openStream(reader, seal), (line) => {
        firstLine = line
      }),
    )
    return heldKey(firstLine)
  } catch (error) {
    throw error instanceof FirstChunkRefused ? refusedAtOnce(kind, error) : error
  } finally {
    await handle.close()
  }
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
    // The line is short, and the first chunk is not.
    const end = bytes.subarray(0, LONGEST_FIRST_LINE).indexOf(0x0a)
    if (end === -1) throw damaged('its content begins otherwise than it should')
    found = true
    firstLine(Buffer.from(bytes.subarray(0, end)).toString('utf8'))
    yield bytes.subarray(end + 1)
  }
}

function heldKey(line: string): MasterKey | null {
  const { masterKey }: { readonly masterKey?: unknown } = JSON.parse(line)
  return typeof masterKey === 'string' ? parseMasterKey(masterKey, 'The master key in the backup') : null
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
  return folder === topmost ? [above] : [above, ...foldersAbove(above, topmost)]
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
