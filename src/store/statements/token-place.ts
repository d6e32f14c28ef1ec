// Where the row of an access token lies. A table of SQLite is a tree by a 64-bit number: found by one, a row among ten million is
// four short steps away, and six long ones by a hash, whose tree has whole rows on the way. docs/decisions/0053

/** A token by its hash, and one of the places where its row may lie: to find it, the first. */
export interface TokenPlace {
  hash: Uint8Array
  place: bigint
}

/** So many that follow each other belong to the same millisecond and the same 22 bits of a hash. */
export const PLACES = 4

/** Of a `tokenKey`: five bytes of the millisecond and 22 bits of the hash, so that new rows lie behind all others. */
export function placed(hash: Uint8Array): TokenPlace {
  return { hash, place: new DataView(hash.buffer, hash.byteOffset, hash.byteLength).getBigInt64(1) & -BigInt(PLACES) }
}

/** The condition that a table aliased `of` meets with the row of a token, if there is one. */
export const isToken = (of: string) =>
  `${of}.place BETWEEN CAST(:place AS BIGINT) AND CAST(:place AS BIGINT) + ${PLACES - 1} AND ${of}.hash = :hash`

/** Of a constraint: a row lies there already. Only SQLite refuses that: on PostgreSQL a place is no key. */
export const isPlace = (constraint: string) => constraint === 'access_token_place'
