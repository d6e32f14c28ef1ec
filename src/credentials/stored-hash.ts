// Password hashes as stored or imported: the formats that can be read, and how each is recomputed from a password.
// Their cost is limited, so that no imported row can take up the server's memory or threads.

export type StoredHash =
  | Argon2Hash
  | { readonly kind: 'bcrypt'; readonly text: string }
  | (Digest & { readonly kind: 'scrypt'; readonly cost: number; readonly blockSize: number; readonly parallel: number })
  | (Digest & { readonly kind: 'pbkdf2-sha256' | 'pbkdf2-sha512'; readonly rounds: number })

interface Digest {
  readonly salt: Uint8Array
  readonly digest: Uint8Array
}

export interface Argon2Cost {
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallel: number
}

export interface Argon2Hash extends Digest, Argon2Cost {
  readonly kind: 'argon2id' | 'argon2i'
}

export type RecognisedHash =
  | { readonly known: true; readonly kind: StoredHash['kind']; readonly hash: StoredHash }
  | { readonly known: false; readonly reason: string }

/** What new hashes cost: about 20 ms and 19 MiB each (OWASP's first choice for argon2id). */
export const OUR_COST: Argon2Cost = { memory: 19_456, passes: 2, parallel: 1 }

const LONGEST_TEXT = 512
const MOST_MEMORY_KIB = 262_144
const MOST_ROUNDS = 5_000_000
const MOST_BCRYPT_COST = 15

/** For the import: the kind of this hash, or in one sentence why it cannot be used. */
export function recogniseHash(text: string): RecognisedHash {
  if (text.length > LONGEST_TEXT) return unknown(`longer than ${LONGEST_TEXT} characters`)
  // Django writes the kind in front of the PHC string.
  const phc = text.startsWith('argon2$argon2') ? text.slice('argon2'.length) : text
  if (phc.startsWith('$argon2')) return readArgon2(phc)
  if (/^\$2.?\$/.test(text)) return readBcrypt(text)
  if (text.startsWith('$scrypt$')) return readScrypt(text)
  if (text.startsWith('$pbkdf2-') || text.startsWith('pbkdf2_')) return readPbkdf2(text)
  return unknown('not a hash of a known kind (argon2id, argon2i, bcrypt, scrypt, pbkdf2-sha256, pbkdf2-sha512)')
}

export function argon2Text(hash: Argon2Hash): string {
  const cost = `m=${hash.memory},t=${hash.passes},p=${hash.parallel}`
  return `$${hash.kind}$v=19$${cost}$${base64(hash.salt)}$${base64(hash.digest)}`
}

/**
 * Whether the hash is what `hash()` would write today: since all new hashes cost the same, the time does not tell
 * people apart.
 */
export function isCurrent(hash: StoredHash): boolean {
  return (
    hash.kind === 'argon2id' &&
    hash.memory === OUR_COST.memory &&
    hash.passes === OUR_COST.passes &&
    hash.parallel === OUR_COST.parallel &&
    hash.digest.length === 32 &&
    hash.salt.length >= 16
  )
}

function readArgon2(text: string): RecognisedHash {
  const match = /^\$(argon2[a-z]*)\$v=(\d{1,4})\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})\$([^$]*)\$([^$]*)$/.exec(text)
  const [, kind, version, memory, passes, parallel, salt, digest] = match ?? []
  if (kind === undefined) return unknown('a damaged argon2 hash; expected $argon2id$v=19$m=…,t=…,p=…$salt$hash')
  if (kind !== 'argon2id' && kind !== 'argon2i') return unknown(`${kind} is not supported; argon2id and argon2i are`)
  if (version !== '19') return unknown('argon2 of another version than 19 (1.3) is not supported')
  const cost = { memory: Number(memory), passes: Number(passes), parallel: Number(parallel) }
  if (cost.passes < 1 || cost.parallel < 1 || cost.memory < 8 * cost.parallel)
    return unknown('an argon2 cost that is too low')
  if (
    cost.memory > MOST_MEMORY_KIB ||
    cost.passes > 64 ||
    cost.parallel > 16 ||
    cost.memory * cost.passes > 4 * MOST_MEMORY_KIB
  ) {
    return unknown(`an argon2 cost that is too high (at most ${MOST_MEMORY_KIB} KiB, 64 passes, 1 GiB over all passes)`)
  }
  return withDigest(salt, digest, (bytes) => ({ kind, ...cost, ...bytes }))
}

function readBcrypt(text: string): RecognisedHash {
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text)
  if (match === null)
    return unknown('a damaged bcrypt hash; expected $2b$cost$ and 53 characters ($2a$ and $2y$ as well)')
  const cost = Number(match[1])
  if (cost < 4 || cost > MOST_BCRYPT_COST)
    return unknown(`a bcrypt cost of ${cost}; 4 to ${MOST_BCRYPT_COST} are supported`)
  return { known: true, kind: 'bcrypt', hash: { kind: 'bcrypt', text } }
}

function readScrypt(text: string): RecognisedHash {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([^$]*)\$([^$]*)$/.exec(text)
  if (match === null) return unknown('a damaged scrypt hash; expected $scrypt$ln=…,r=…,p=…$salt$hash')
  const [, exponent, r, p, salt, digest] = match
  const cost = 2 ** Number(exponent)
  const blockSize = Number(r)
  const parallel = Number(p)
  if (cost < 2 || blockSize < 1 || parallel < 1) return unknown('a scrypt cost that is too low')
  // 128·N·r bytes of memory, gone through p times.
  if (
    (cost * blockSize) / 8 > MOST_MEMORY_KIB ||
    parallel > 16 ||
    (cost * blockSize * parallel) / 8 > 4 * MOST_MEMORY_KIB
  ) {
    return unknown(`a scrypt cost that is too high (at most ${MOST_MEMORY_KIB} KiB)`)
  }
  return withDigest(salt, digest, (bytes) => ({ kind: 'scrypt', cost, blockSize, parallel, ...bytes }))
}

/** `$pbkdf2-sha256$29000$…` (passlib), `$pbkdf2-sha256$i=29000,l=32$…` (PHC), `pbkdf2_sha256$…` (Django). */
function readPbkdf2(text: string): RecognisedHash {
  const match =
    /^\$pbkdf2-(sha256|sha512)\$(?:i=)?(\d{1,10})(?:,l=(\d{1,4}))?\$([^$]*)\$([^$]*)$/.exec(text) ??
    /^pbkdf2_(sha256|sha512)\$(\d{1,10})()\$([^$]*)\$([^$]*)$/.exec(text)
  if (match === null) return unknown('a damaged or unsupported pbkdf2 hash; sha256 and sha512 are supported')
  const [, digestName, roundsText, length, salt = '', digest] = match
  const rounds = Number(roundsText)
  if (rounds < 1 || rounds > MOST_ROUNDS)
    return unknown(`${rounds} rounds of pbkdf2; 1 to ${MOST_ROUNDS} are supported`)
  const kind = digestName === 'sha256' ? ('pbkdf2-sha256' as const) : ('pbkdf2-sha512' as const)
  // Django uses the salt as the text that it is.
  const saltText = text.startsWith('$') ? salt : Buffer.from(salt, 'utf8').toString('base64')
  const result = withDigest(saltText, digest, (bytes) => ({ kind, rounds, ...bytes }))
  if (length && result.known && 'digest' in result.hash && result.hash.digest.length !== Number(length)) {
    return unknown('a pbkdf2 hash whose length is not the one it names')
  }
  return result
}

function withDigest(
  salt: string | undefined,
  digest: string | undefined,
  make: (bytes: Digest) => StoredHash,
): RecognisedHash {
  const saltBytes = decode(salt ?? '')
  const digestBytes = decode(digest ?? '')
  if (saltBytes === null || digestBytes === null) return unknown('its salt or hash is not base64')
  if (saltBytes.length < 8 || saltBytes.length > 64) return unknown('its salt must have 8 to 64 bytes')
  // Sixteen bytes at least: an empty or short hash would be easy to match.
  if (digestBytes.length < 16 || digestBytes.length > 64) return unknown('its hash must have 16 to 64 bytes')
  const hash = make({ salt: saltBytes, digest: digestBytes })
  return { known: true, kind: hash.kind, hash }
}

/** Standard base64 with or without padding; passlib writes `.` for `+`. */
function decode(text: string): Uint8Array | null {
  const standard = text.replace(/={1,2}$/, '').replaceAll('.', '+')
  const bytes = Buffer.from(standard, 'base64')
  return /^[A-Za-z0-9+/]*$/.test(standard) && base64(bytes) === standard ? bytes : null
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}

function unknown(reason: string): RecognisedHash {
  return { known: false, reason }
}
