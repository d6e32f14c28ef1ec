// Where the rows of access tokens, grants and sessions lie. A table of SQLite is a tree ordered by a 64-bit number: by
// that number a row among ten million is found in four short steps, by a text or hash in six long ones, because that
// tree has whole rows on the way. PostgreSQL finds the rows by hash and id. docs/decisions/0053, docs/decisions/0056

/** An access token: its hash, and a place where its row may lie; the first such place, when it is looked for. */
export interface TokenPlace {
  hash: Uint8Array
  place: bigint
}

/** A grant: its id, and a place likewise. */
export interface GrantPlace {
  grant_id: string
  grant_place: bigint
}

/** A session, likewise. */
export interface SessionPlace {
  session_id: string
  session_place: bigint
}

/** This many places in a row belong to the same millisecond and the same 22 bits of a hash or an id. */
export const PLACES = 4

/**
 * The first place of a `tokenKey`: five bytes of the millisecond and 22 bits of the hash, so that new rows lie behind
 * all others.
 */
export function placed(hash: Uint8Array): TokenPlace {
  return { hash, place: new DataView(hash.buffer, hash.byteOffset, hash.byteLength).getBigInt64(1) & -BigInt(PLACES) }
}

const view = new DataView(new ArrayBuffer(8))
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'
/** Where an id of `newId` has its millisecond and five of its random letters. */
const INSTANT = { from: 3, to: 12 }
const LETTERS = { from: 12, to: 17 }

function numberIn(text: string, { from, to }: { from: number; to: number }): number {
  let number = 0
  for (let at = from; at < to; at++) number = number * 36 + DIGITS.indexOf(text.charAt(at))
  return number
}

/**
 * The first place of an id of `newId`: five bytes of its millisecond, and 22 bits of its random letters. Migration 15
 * computes the same in SQL.
 */
function placeOf(id: string): bigint {
  const instant = numberIn(id, INSTANT)
  view.setInt32(0, Math.floor(instant / 256))
  view.setInt32(4, ((instant & 255) << 24) | ((numberIn(id, LETTERS) & 0x3fffff) << 2))
  return view.getBigInt64(0)
}

export function grantPlaced(grantId: string): GrantPlace {
  return { grant_id: grantId, grant_place: placeOf(grantId) }
}

export function sessionPlaced(sessionId: string): SessionPlace {
  return { session_id: sessionId, session_place: placeOf(sessionId) }
}

const isAt = (of: string, place: string) => `${of}.place BETWEEN ${place} AND ${place} + ${PLACES - 1}`

/** The condition that selects the row of a token in a table aliased `of`. */
export const isToken = (of: string) => `${isAt(of, 'CAST(:place AS BIGINT)')} AND ${of}.hash = :hash`

/** The same for a grant, and for a session. */
export const isGrant = (of: string) => `${isAt(of, 'CAST(:grant_place AS BIGINT)')} AND ${of}.grant_id = :grant_id`

export const isSession = (of: string) =>
  `${isAt(of, 'CAST(:session_place AS BIGINT)')} AND ${of}.session_id = :session_id`

/** The same for the grant, or the session, that another row names with its place. */
export const isGrantOf = (of: string, row: string) =>
  `${isAt(of, `${row}.grant_place`)} AND ${of}.grant_id = ${row}.grant_id`

export const isSessionOf = (of: string, row: string) =>
  `${isAt(of, `${row}.session_place`)} AND ${of}.session_id = ${row}.session_id`

/** The session with which a grant ends; none for a grant that may be used while the person is away. */
export const isSessionToHold = (of: string, grant: string) => {
  const held = (column: string) => `CASE WHEN ${grant}.offline = 0 THEN ${grant}.${column} END`
  return `${isAt(of, held('session_place'))} AND ${of}.session_id = ${held('session_id')}`
}

/** The grant of a token for which single claims were asked beside the scope; for other tokens `claims_place` is 0. */
export const isGrantOfClaims = (of: string, token: string) => {
  const asked = (column: string) => `CASE WHEN ${token}.claims_place <> 0 THEN ${token}.${column} END`
  return `${isAt(of, asked('claims_place'))} AND ${of}.grant_id = ${asked('grant_id')}`
}

/** The names under which places are bound. */
export type PlaceName = 'place' | 'grant_place' | 'session_place'

/**
 * Whose place was taken, by the name of the violated constraint; null: something else was refused. Only SQLite refuses
 * a place: on PostgreSQL no place is a key.
 */
export function placeTaken(constraint: string): PlaceName | null {
  if (constraint === 'access_token_place') return 'place'
  return constraint === 'grant_place' || constraint === 'session_place' ? constraint : null
}
