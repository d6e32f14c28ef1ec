// The master key: where its 32 bytes come from, and the keys derived from it. Without it the signing keys and client
// secret digests in the database are useless.

import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { keepDurable } from '../platform/durable-folder.ts'
import { newId, randomBytes } from '../platform/random.ts'
import { expand } from './digest.ts'

const KEY_BYTES = 32
/** base64url of 32 bytes is 43 characters; anything longer than this is another kind of file. */
const LONGEST_FILE = 256

/** The purpose of a derived key. A new purpose gets a new label, so that no two purposes ever share a key. */
export type KeyLabel =
  | 'client-secret'
  | 'refresh-successor'
  | 'refresh-token'
  | 'csrf'
  | 'device'
  | 'seal'
  | 'key-check'
  | 'subject'
  | 'session-identifier'
  | 'proof-nonce'
  | 'user-code'
  | 'browser-state'
  | 'limits'
  | 'interaction'
  | 'set-up'
  | 'key-sightings'

export interface MasterKey {
  /** Eight hexadecimal digits that name the key and tell nothing about it; sealed columns contain them. */
  readonly keyId: string
  /**
   * 32 bytes for one purpose, derived once and then kept as a key object: as bytes they would cost five times as much
   * on every use.
   */
  key(label: KeyLabel): KeyObject
  /** HMAC-SHA256 under `key(label)`. */
  hmac(label: KeyLabel, data: string | Uint8Array): Uint8Array
  /** `length` bytes that follow from `key(label)` and the text; takes a third of the time of `hmac`. */
  expand(label: KeyLabel, text: string, length: number): Uint8Array
  /** The key itself as text, only for an encrypted backup. */
  reveal(): string
  /** The same key, with keys for some purposes that follow from a former one. */
  carrying(keys: ReadonlyMap<KeyLabel, Uint8Array>): MasterKey
}

/** The key is missing, malformed, or readable by others; the message says which and what to do. */
export class MasterKeyUnusable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MasterKeyUnusable'
  }
}

export interface MasterKeySource {
  /** Folder that holds, or is to hold, `master.key`. */
  readonly dataFolder?: string
  /** Value of LINGPAI_MASTER_KEY. */
  readonly keyText?: string
  /** Value of LINGPAI_MASTER_KEY_FILE. */
  readonly keyFile?: string
  /** What has named `keyFile`, where that was something else. */
  readonly keyFileFrom?: string
}

export interface LoadedMasterKey {
  readonly master: MasterKey
  /** True when this call made `master.key`. */
  readonly created: boolean
}

/** HKDF-SHA256 (RFC 5869). Changing the info text would orphan everything derived so far. */
export function deriveKey(master: Uint8Array, label: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', master, '', `lingpai/1 ${label}`, KEY_BYTES))
}

const NOTHING_CARRIED: ReadonlyMap<KeyLabel, Uint8Array> = new Map()

export function masterKeyFrom(bytes: Uint8Array, carried = NOTHING_CARRIED): MasterKey {
  if (bytes.length !== KEY_BYTES) {
    throw new MasterKeyUnusable(`The master key must be ${KEY_BYTES} bytes long, this one has ${bytes.length}`)
  }
  // A copy, because the caller may wipe or reuse its bytes.
  const secret = Uint8Array.from(bytes)
  const derived = new Map<KeyLabel, { readonly bytes: Uint8Array; readonly key: KeyObject }>()
  const of = (label: KeyLabel) => {
    const known = derived.get(label)
    if (known !== undefined) return known
    const bytes = carried.get(label) ?? deriveKey(secret, label)
    const made = { bytes, key: createSecretKey(bytes) }
    derived.set(label, made)
    return made
  }
  const key = (label: KeyLabel) => of(label).key
  return {
    keyId: createHash('sha256').update('lingpai/1 key id').update(secret).digest('hex').slice(0, 8),
    key,
    hmac: (label, data) => createHmac('sha256', key(label)).update(data).digest(),
    expand: (label, text, length) => expand(of(label).bytes, text, length),
    reveal: () => Buffer.from(secret).toString('base64url'),
    carrying: (keys) => masterKeyFrom(secret, keys),
  }
}

/** A new master key of random bytes: for `master.key`, and for the rehearsal's throw-away server. */
export function newMasterKey(): MasterKey {
  return masterKeyFrom(randomBytes(KEY_BYTES))
}

/** `from` says in an error where the text came from; the text itself is never repeated. */
export function parseMasterKey(text: string, from: string): MasterKey {
  const trimmed = text.trim()
  if (trimmed === '') throw new MasterKeyUnusable(`${from} is empty; expected 43 characters of base64url (32 bytes)`)
  if (!/^[A-Za-z0-9_-]+=?$/.test(trimmed)) {
    throw new MasterKeyUnusable(`${from} is not base64url; expected 43 characters of [A-Za-z0-9_-] (32 bytes)`)
  }
  const bytes = Buffer.from(trimmed, 'base64url')
  if (bytes.length !== KEY_BYTES) {
    throw new MasterKeyUnusable(`${from} holds ${bytes.length} bytes; the master key must be exactly ${KEY_BYTES}`)
  }
  // Two texts must not mean the same key, so the bits that base64url leaves over have to be zero.
  if (bytes.toString('base64url') !== trimmed.replace('=', '')) {
    throw new MasterKeyUnusable(`${from} is not canonical base64url; its last character has been changed`)
  }
  return masterKeyFrom(bytes)
}

export const MASTER_KEY_FILE = 'master.key'

function masterKeyPath(dataFolder: string, name = MASTER_KEY_FILE): string {
  return join(dataFolder, name)
}

/**
 * The key from the environment's text, its file, or `DATA/master.key`, in that order. With `create`, a missing
 * `DATA/master.key` is made; two processes that start at once end up with the same key.
 */
export function loadMasterKey(source: MasterKeySource, options: { readonly create: boolean }): LoadedMasterKey {
  if (source.keyText !== undefined && source.keyFile !== undefined) {
    throw new MasterKeyUnusable('LINGPAI_MASTER_KEY and LINGPAI_MASTER_KEY_FILE are both set; set only one of them')
  }
  if (source.keyText !== undefined) {
    return { master: parseMasterKey(source.keyText, 'LINGPAI_MASTER_KEY'), created: false }
  }
  if (source.keyFile !== undefined) {
    // Docker and Kubernetes mount secrets that everybody in the container can read, so a file is refused only if others
    // can write it.
    const { keyFile, keyFileFrom = 'LINGPAI_MASTER_KEY_FILE' } = source
    const text = readKeyFile(keyFile, 0o022, keyFileFrom)
    if (text === null) throw new MasterKeyUnusable(`${keyFile} (${keyFileFrom}) does not exist`)
    return { master: parseMasterKey(text, `${keyFile} (${keyFileFrom})`), created: false }
  }
  if (source.dataFolder === undefined) {
    throw new MasterKeyUnusable('There is no master key: set LINGPAI_MASTER_KEY or LINGPAI_MASTER_KEY_FILE')
  }
  const path = masterKeyPath(source.dataFolder)
  const found = readKeyFile(path, 0o077, IN_DATA)
  if (found !== null) return { master: parseMasterKey(found, `${path} (${IN_DATA})`), created: false }
  if (!options.create) {
    throw new MasterKeyUnusable(
      `${path} does not exist; bring it back from a backup, or set LINGPAI_MASTER_KEY. A new key cannot open the existing data`,
    )
  }
  const made = newMasterKey()
  if (writeMasterKeyFile(source.dataFolder, made)) return { master: made, created: true }
  const theirs = readKeyFile(path, 0o077, IN_DATA)
  if (theirs === null) throw new MasterKeyUnusable(`${path} was made and removed by another process`)
  return { master: parseMasterKey(theirs, `${path} (${IN_DATA})`), created: false }
}

/**
 * Writes `DATA/master.key`, or another file there (0600); durable when it returns. False when the file exists already:
 * then nothing is changed.
 */
export function writeMasterKeyFile(dataFolder: string, master: MasterKey, name?: string): boolean {
  const path = masterKeyPath(dataFolder, name)
  const draft = join(dataFolder, `.master.key.${newId('draft')}`)
  const file = openSync(draft, 'wx', 0o600)
  try {
    try {
      fchmodSync(file, 0o600)
      // By root in somebody else's folder: it is for them, and nobody else could read it.
      const { uid, gid } = statSync(dataFolder)
      if (process.getuid?.() === 0 && uid !== 0) fchownSync(file, uid, gid)
      writeSync(file, `${master.reveal()}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    // A link appears complete or not at all, and never replaces an existing file.
    linkSync(draft, path)
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw new MasterKeyUnusable(`${path} could not be written: ${messageOf(error)}`, { cause: error })
  } finally {
    unlinkSync(draft)
  }
  keepDurable(dataFolder)
  return true
}

/** The key in a file of the data folder; null: there is none. */
export function findMasterKeyFile(dataFolder: string, name: string): MasterKey | null {
  const path = masterKeyPath(dataFolder, name)
  const found = readKeyFile(path, 0o077, IN_DATA)
  return found === null ? null : parseMasterKey(found, `${path} (${IN_DATA})`)
}

/**
 * The text of the fact `key_check`: equal only for the same key. The server compares it before it touches any other
 * row, so that a wrong key is a clear error at start instead of thousands of unreadable columns.
 */
export function keyCheck(master: MasterKey): string {
  return master.key('key-check').export().toString('base64url')
}

/** How messages name the place of `DATA/master.key`. */
const IN_DATA = 'in the data folder'

/** `origin`: what named this file. */
function readKeyFile(path: string, forbiddenMode: number, origin: string): string | null {
  const named = `${path} (${origin})`
  let file: number
  try {
    // A pipe to which nobody writes would hold the program for ever.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    throw new MasterKeyUnusable(`${named} cannot be read: ${messageOf(error)}`, { cause: error })
  }
  try {
    // The open file is checked, not the name, so that it cannot be exchanged in between.
    const status = fstatSync(file)
    if (!status.isFile()) throw new MasterKeyUnusable(`${named} is not a regular file`)
    if (status.size > LONGEST_FILE)
      throw new MasterKeyUnusable(`${named} has ${status.size} bytes: that is not a master key`)
    if (process.platform !== 'win32' && (status.mode & forbiddenMode) !== 0) {
      const mode = (status.mode & 0o777).toString(8).padStart(4, '0')
      throw new MasterKeyUnusable(
        `${named} is open to other users of this machine (mode ${mode}); run: chmod 600 ${path}`,
      )
    }
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
