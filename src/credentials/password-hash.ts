// Passwords: hashes new ones with argon2id and verifies stored ones of every kind, off the event loop and within
// limits.

import * as nodeCrypto from 'node:crypto'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import type { Reading } from '../platform/metrics/reading.ts'
import { randomBytes } from '../platform/random.ts'
import { type Bcrypt, createBcrypt } from './bcrypt.ts'
import { sameBytes } from './digest.ts'
import { createHashingQueue } from './hashing-queue.ts'
import { PasswordRefused, preparePassword } from './password-text.ts'
import {
  type Argon2Cost,
  type Argon2Hash,
  argon2Text,
  isCurrent,
  OUR_COST,
  recogniseHash,
  type StoredHash,
} from './stored-hash.ts'

export interface PasswordVerdict {
  readonly matches: boolean
  /** The password matches, but its hash should be replaced by `hash(password)`: it is of another kind or cost. */
  readonly upgrade: boolean
}

export interface PasswordHasher {
  /**
   * Returns a PHC string. Throws PasswordRefused for a text that can be no password, PasswordHashingBusy when too many
   * wait.
   */
  hash(password: string): Promise<string>
  /**
   * When `stored` is null nobody can sign in, and finding out takes as long. Throws PasswordHashingBusy when too many
   * wait.
   */
  verify(password: string, stored: string | null): Promise<PasswordVerdict>
  /** For an unknown user: never matches, and takes the time of a wrong password. */
  verifyAgainstNobody(password: string): Promise<PasswordVerdict>
  metrics?(): readonly Reading[]
}

export interface PasswordHasherOptions {
  /** How many hashes are computed at once. Default: what this machine can bear, divided among `workers`. */
  readonly concurrent?: number
  /** Processes that hash passwords on this machine. */
  readonly workers?: number
  /** Hashes that may wait; more are refused. */
  readonly mostWaiting?: number
  /** Default: the native binding when it loads, else Node's own. */
  readonly argon2?: Argon2
}

export interface Argon2Parameters extends Argon2Cost {
  readonly kind: Argon2Hash['kind']
  readonly salt: Uint8Array
  readonly length: number
}

/** Computes a digest on the thread pool. */
export type Argon2 = (password: Uint8Array, parameters: Argon2Parameters) => Promise<Uint8Array>

const NO: PasswordVerdict = { matches: false, upgrade: false }
const DIGEST_BYTES = 32
const SALT_BYTES = 16

/**
 * One core stays free for the event loop. By default libuv has four threads, one of which is left for files and name
 * look-ups.
 */
function defaultConcurrency(workers: number): number {
  return Math.max(1, Math.floor(Math.min(3 * workers, availableParallelism() - 1) / workers))
}

export function createPasswordHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  const queue = createHashingQueue(
    options.concurrent ?? defaultConcurrency(options.workers ?? 1),
    options.mostWaiting ?? 200,
  )
  let engine: Promise<Argon2> | undefined
  const argon2: Argon2 = async (password, parameters) => {
    engine ??= options.argon2 === undefined ? loadArgon2() : Promise.resolve(options.argon2)
    return (await engine)(password, parameters)
  }
  const bcrypt = createBcrypt()
  const nobody: StoredHash = {
    kind: 'argon2id',
    ...OUR_COST,
    salt: randomBytes(SALT_BYTES),
    digest: randomBytes(DIGEST_BYTES),
  }

  async function verifyHash(password: string, hash: StoredHash): Promise<boolean> {
    const result = preparePassword(password)
    // Refused in the same way for everybody, known or not, and before anything is hashed.
    if ('fault' in result) return false
    return queue.run(async () => {
      if (await matches(result.prepared, hash, argon2, bcrypt)) return true
      // The system that made an imported hash may have hashed the text just as it was typed.
      return result.prepared !== password && (await matches(password, hash, argon2, bcrypt))
    })
  }

  async function verifyAgainstNobody(password: string): Promise<PasswordVerdict> {
    await verifyHash(password, nobody)
    return NO
  }

  return {
    async hash(password) {
      const result = preparePassword(password)
      if ('fault' in result) throw new PasswordRefused(result.fault)
      const parameters = { kind: 'argon2id' as const, ...OUR_COST, salt: randomBytes(SALT_BYTES), length: DIGEST_BYTES }
      const digest = await queue.run(() => argon2(Buffer.from(result.prepared, 'utf8'), parameters))
      return argon2Text({ ...parameters, digest })
    },
    async verify(password, stored) {
      const recognised = stored === null ? null : recogniseHash(stored)
      if (recognised === null || !recognised.known) return verifyAgainstNobody(password)
      if (!(await verifyHash(password, recognised.hash))) return NO
      return { matches: true, upgrade: !isCurrent(recognised.hash) }
    },
    verifyAgainstNobody,
    metrics: queue.metrics,
  }
}

const scrypt = promisify<nodeCrypto.BinaryLike, nodeCrypto.BinaryLike, number, nodeCrypto.ScryptOptions, Buffer>(
  nodeCrypto.scrypt,
)
const pbkdf2 = promisify(nodeCrypto.pbkdf2)

async function matches(password: string, hash: StoredHash, argon2: Argon2, bcrypt: Bcrypt): Promise<boolean> {
  if (hash.kind === 'bcrypt') return bcrypt.verify(password, hash.text)
  const text = Buffer.from(password, 'utf8')
  return sameBytes(await recompute(text, hash, argon2), hash.digest)
}

type DigestHash = Exclude<StoredHash, { kind: 'bcrypt' }>

async function recompute(password: Uint8Array, hash: DigestHash, argon2: Argon2): Promise<Uint8Array> {
  const length = hash.digest.length
  if (hash.kind === 'scrypt') {
    const { cost, blockSize, parallel } = hash
    // Node's own limit is 32 MiB; how much a hash may ask for was limited when it was read.
    const maxmem = 128 * blockSize * (cost + parallel + 2) + 1_048_576
    return scrypt(password, hash.salt, length, { cost, blockSize, parallelization: parallel, maxmem })
  }
  if ('rounds' in hash) {
    return pbkdf2(password, hash.salt, hash.rounds, length, hash.kind === 'pbkdf2-sha256' ? 'sha256' : 'sha512')
  }
  return argon2(password, { ...hash, length })
}

/** The native binding takes about half the CPU of Node's own; where it cannot be loaded, people can still sign in. */
export async function loadArgon2(): Promise<Argon2> {
  try {
    const { hashRaw } = await import('@node-rs/argon2')
    return (password, parameters) =>
      // argon2id is the binding's default; its other algorithms are declared for the compiler only, not as values.
      parameters.kind === 'argon2id'
        ? hashRaw(password, {
            memoryCost: parameters.memory,
            timeCost: parameters.passes,
            parallelism: parameters.parallel,
            outputLen: parameters.length,
            salt: parameters.salt,
          })
        : nodeArgon2(password, parameters)
  } catch {
    return nodeArgon2
  }
}

const argon2Async = promisify(nodeCrypto.argon2)

export const nodeArgon2: Argon2 = (password, { kind, memory, passes, parallel, salt, length }) =>
  argon2Async(kind, { message: password, nonce: salt, memory, passes, parallelism: parallel, tagLength: length })
