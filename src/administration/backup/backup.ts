// A backup: one consistent copy of the embedded database while the server runs, verified, then one file. Protected by a
// passphrase or for a recipient's key it holds the master key too; otherwise it leaves that out.

import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { keyCheck, type MasterKey } from '../../credentials/master-key.ts'
import type { Clock } from '../../platform/clock.ts'
import { randomBytes } from '../../platform/random.ts'
import type { Driver } from '../../store/database/driver.ts'
import { verifySqliteFile } from '../../store/database/sqlite/verify.ts'
import type { EventVerbs } from '../../store/verbs/events.ts'
import { AdministrationError } from '../errors.ts'
import {
  createSeal,
  damaged,
  encodeHeader,
  type Header,
  openStream,
  type Protection,
  readHeader,
  sealStream,
  streamKey,
} from './container.ts'
import { assertAbsent, bytesOf, openForReading, putInPlace, readerOf, syncFolder, writeDurably } from './files.ts'
import { protect } from './protection.ts'
import { COPY, clearLeftovers, FINISHED, type Leftovers, openWorkFolder } from './work-folder.ts'

export interface BackupParts {
  readonly store: EventVerbs & { readonly driver: Driver }
  readonly clock: Clock
}

export interface BackupRequest {
  readonly file: string
  /** Master key, which is put into the backup when the backup is sealed. Null where the caller does not have it. */
  readonly master: MasterKey | null
  readonly passphrase?: string
  /** X25519 public key, PEM. */
  readonly recipientKey?: string
  readonly progress?: (progress: BackupProgress) => void
  /** Called before anything is written, if backups that were cut off have left something in the same folder. */
  readonly leftovers?: (found: Leftovers) => void
}

export interface BackupProgress {
  readonly phase: 'copy' | 'verify' | 'write'
  readonly done: number
  readonly total: number
}

export interface BackupReport {
  readonly file: string
  readonly bytes: number
  readonly protection: Protection['kind']
  /** False: `restore` will ask for the master key, without which the signing keys and client secrets are lost. */
  readonly holdsMasterKey: boolean
  readonly schemaVersion: number
}

export async function backup({ store, clock }: BackupParts, request: BackupRequest): Promise<BackupReport> {
  const { driver } = store
  if (driver.backup === undefined) {
    throw new AdministrationError(
      'backup_unsupported',
      'PostgreSQL has its own backups',
      'Use pg_dump or continuous archiving, and keep the master key (LINGPAI_MASTER_KEY) apart from it',
    )
  }
  const file = resolve(request.file)
  await assertAbsent(file)
  const { protection, secret } = await protect(request)
  // Leftovers are cleared first, because they may be what fills the disk.
  const leftovers = await clearLeftovers(dirname(file))
  if (leftovers.removed.length + leftovers.kept.length > 0) request.leftovers?.(leftovers)
  const work = await openWorkFolder(dirname(file))
  const folder = work.path
  try {
    const copy = join(folder, COPY)
    await driver.backup(copy, (done, total) => request.progress?.({ phase: 'copy', done, total }))
    request.progress?.({ phase: 'verify', done: 0, total: 1 })
    const verified = verifySqliteFile(copy, { settle: true })
    if (!verified.whole) throw new AdministrationError('backup_failed', `The copy is not usable: ${verified.problem}`)
    const held = secret === null ? null : request.master
    // Checked even if the key does not go into the backup: a copy made while the master key is being replaced would belong
    // to neither key.
    const { master } = request
    if (master !== null && verified.keyCheck !== null && verified.keyCheck !== keyCheck(master)) {
      throw new AdministrationError(
        'wrong_key',
        'The master key does not belong to this database',
        'Where it was replaced while the backup was made, make the backup again',
      )
    }
    // Each byte counts twice, because it is written and then read back.
    const total = (await stat(copy)).size * 2 + 1
    let done = 0
    const step = (length: number) => {
      done = Math.min(done + length, total - 1)
      request.progress?.({ phase: 'write', done, total })
    }
    step(0)
    const bytes = await writeContainer({ folder, copy, protection, secret, master: held, step })
    const detail = { protection: protection.kind, bytes, holdsMasterKey: held !== null }
    // The event is written before the file gets its name, so that no copy of everybody's data exists without a record of
    // it.
    await store.appendEvents([{ type: 'backup_made', at: clock.now(), detail }])
    await putInPlace(join(folder, FINISHED), file)
    await syncFolder(dirname(file))
    request.progress?.({ phase: 'write', done: total, total })
    const { schemaVersion } = verified
    return { file, bytes, protection: protection.kind, holdsMasterKey: held !== null, schemaVersion }
  } finally {
    await work.remove()
  }
}

interface Container {
  readonly folder: string
  readonly copy: string
  readonly protection: Protection
  readonly secret: Uint8Array | null
  readonly master: MasterKey | null
  /** Called for each piece, written or read back; what it throws ends the backup. */
  readonly step: (length: number) => void
}

async function writeContainer({ folder, copy, protection, secret, master, step }: Container): Promise<number> {
  const header: Header = { version: 1, nonce: Buffer.from(randomBytes(16)).toString('base64url'), protection }
  const headerBytes = encodeHeader(header)
  const key = secret === null ? null : streamKey(secret, headerBytes)
  const seal = createSeal(key, headerBytes)
  const written = createHash('sha256')
  const content = async function* () {
    for await (const bytes of contentOf(copy, master)) {
      written.update(bytes)
      step(bytes.length)
      yield bytes
    }
  }
  const pieces = async function* () {
    yield headerBytes
    yield* sealStream(content(), seal)
  }
  const path = join(folder, FINISHED)
  const bytes = await writeDurably(path, pieces())
  // The file is read back and compared: what counts is what the disk returns.
  if ((await contentDigest(path, key, step)) !== written.digest('hex'))
    throw damaged('it reads otherwise than it was written')
  return bytes
}

/** A line about the master key, then the database. */
async function* contentOf(copy: string, master: MasterKey | null): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${JSON.stringify({ masterKey: master?.reveal() ?? null })}\n`, 'utf8')
  yield* bytesOf(copy)
}

async function contentDigest(path: string, key: Uint8Array | null, step: (length: number) => void): Promise<string> {
  const handle = await openForReading(path)
  try {
    const reader = readerOf(handle)
    const { bytes } = await readHeader(reader)
    const hash = createHash('sha256')
    for await (const chunk of openStream(reader, createSeal(key, bytes))) {
      hash.update(chunk)
      step(chunk.length)
    }
    return hash.digest('hex')
  } finally {
    await handle.close()
  }
}
