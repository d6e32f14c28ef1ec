// The rows of a company of any size: users, each with a session, and families of tokens spread over users and clients.
// Tokens were made one after another within the last hour, so that a table of millions is written from front to back, as
// it was in use; a sample of the tokens has known secrets, and these are anywhere.

import { hash, randomBytes } from 'node:crypto'
import { tokenKey } from '../../src/credentials/digest.ts'
import { type RefreshTokens, readRefreshToken } from '../../src/credentials/refresh-token.ts'
import { DEFAULT_LIFETIMES } from '../../src/options/defaults.ts'
import { INSTANT_BYTES, tokenOf } from '../../src/platform/random.ts'
import { grantPlaced, placed, sessionPlaced } from '../../src/store/statements/place.ts'

export interface Size {
  readonly users: number
  readonly clients: number
  /** Access and refresh tokens together: a family has one of each. */
  readonly tokens: number
}

export type Value = string | number | bigint | Uint8Array | null
export type ColumnType = 'text' | 'bigint' | 'bytea'

export interface Filling {
  readonly table: string
  readonly columns: Readonly<Record<string, ColumnType>>
  readonly count: number
  row(at: number): readonly Value[]
}

/** What a client application holds of one family. */
export interface Sample {
  readonly clientId: string
  readonly session: string
  readonly access: string
  refresh: string
}

const MOST_SAMPLES = 20_000
const HOUR = 3_600
/**
 * What the servers are started with: tokens of an hour ago still hold, and new ones, which last as long, lie behind all others in
 * the order in which they expire.
 */
export const ACCESS_TOKEN_LIVES = 30 * 24 * HOUR
const { refreshIdle, refreshAbsolute } = DEFAULT_LIFETIMES

const secret = (kind: string, at: number) => `${kind}${at}`.padEnd(43, 'x')
const userId = (at: number) => `00000000-0000-4000-8000-${at.toString(16).padStart(12, '0')}`
/** The installation has people of its own. */
const userNumber = (at: number) => at + 1_000
/** As `newId` makes them; the letters of neighbours differ, so that no two have one place. */
const idOf = (prefix: string, instant: number, at: number) =>
  `${prefix}_${instant.toString(36).padStart(9, '0')}${((at * 1_640_531) % 2 ** 22).toString(36).padStart(5, '0')}${String(at).padStart(10, '0')}`
export const clientId = (at: number) => `scale${String(at).padStart(27, '0')}`

/**
 * In which order rows are written: three of five from front to back, then the others between them. A table written in one
 * go has pages without room, so that a row added anywhere splits one; in a store in use pages have room.
 */
export function* writingOrder(count: number): Generator<number> {
  for (let at = 0; at < count; at++) if (at % 5 < 3) yield at
  for (let at = 0; at < count; at++) if (at % 5 >= 3) yield at
}

function sha256(text: string): Uint8Array {
  return hash('sha256', text, 'buffer')
}

/**
 * The key of a token that nobody asks for: the instant of `tokenKey`, and what stands for a hash. Its first 22 bits differ
 * from those of its neighbours, so that no two have one place.
 */
function someKey(instant: number, family: number): Uint8Array {
  const bytes = randomBytes(32)
  bytes.writeUIntBE(instant, 0, INSTANT_BYTES)
  bytes.writeUIntBE(((family * 1_640_531) % 2 ** 22) * 4, INSTANT_BYTES, 3)
  return bytes
}

const PLACED = { place: 'bigint', hash: 'bytea' } as const

/** Those that nobody asks for leave the first place to those with a hash of their own. */
function placeOf(hash: Uint8Array, isSecond: boolean): [bigint, Uint8Array] {
  return [placed(hash).place + (isSecond ? 1n : 0n), hash]
}

/** Most families have been refreshed before. */
const rotationsOf = (family: number) => (family % 4 === 3 ? 0 : 1)
const NOTHING_ASKED = randomBytes(32)
const NEVER_ROTATED = [null, null, null, null, null, null]

interface Shape {
  readonly families: number
  readonly samples: number
  familyOf(sample: number): number
  sampleOf(family: number): number | null
  userOf(family: number): number
  /** The millisecond in which its tokens were made. */
  instantOf(family: number): number
  secondOf(family: number): number
  grantIdOf(family: number): string
  sessionIdOf(user: number): string
  refreshOf(family: number, sample: number, refreshTokens: RefreshTokens): string
}

function shapeOf({ users, tokens }: Size, now: number): Shape {
  const families = Math.max(1, Math.floor(tokens / 2))
  const samples = Math.min(MOST_SAMPLES, families)
  const familyOf = (sample: number) => Math.floor((sample * families) / samples)
  const instantOf = (family: number) => Math.floor((now - HOUR + (family * HOUR) / families) * 1000)
  const grantIdOf = (family: number) => idOf('gr', instantOf(family), family)
  return {
    families,
    samples,
    familyOf,
    sampleOf(family) {
      const near = Math.floor((family * samples) / families)
      for (const sample of [near, near + 1]) if (sample < samples && familyOf(sample) === family) return sample
      return null
    },
    userOf: (family) => Math.floor((family * users) / families),
    instantOf,
    grantIdOf,
    // Signed in before any of their tokens.
    sessionIdOf: (user) =>
      idOf('se', (now - 2 * HOUR) * 1000 + Math.floor((user * HOUR * 1000) / Math.max(1, users)), user),
    refreshOf: (family, sample, refreshTokens) =>
      refreshTokens.make(tokenOf(instantOf(family), secret('R', sample)), grantIdOf(family), rotationsOf(family)),
    secondOf: (family) => Math.floor(now - HOUR + (family * HOUR) / families),
  }
}

/** `now` as it was given to `fillings`. */
export function samplesOf(size: Size, now: number, refreshTokens: RefreshTokens): Sample[] {
  const shape = shapeOf(size, now)
  return Array.from({ length: shape.samples }, (_, at) => {
    const family = shape.familyOf(at)
    return {
      clientId: clientId(family % size.clients),
      session: secret('S', shape.userOf(family)),
      access: tokenOf(shape.instantOf(family), secret('A', at)),
      refresh: shape.refreshOf(family, at, refreshTokens),
    }
  })
}

export function fillings(size: Size, now: number, refreshTokens: RefreshTokens): readonly Filling[] {
  const shape = shapeOf(size, now)
  const { families, grantIdOf, sessionIdOf } = shape
  const until = now + DEFAULT_LIFETIMES.sessionAbsolute
  const accessHashOf = (family: number) => {
    const sample = shape.sampleOf(family)
    const instant = shape.instantOf(family)
    return sample === null ? someKey(instant, family) : tokenKey(tokenOf(instant, secret('A', sample)))
  }
  const refreshHashOf = (family: number) => {
    const sample = shape.sampleOf(family)
    return sample === null ? randomBytes(32) : readRefreshToken(shape.refreshOf(family, sample, refreshTokens)).hash
  }
  const text = 'text' as const
  const bigint = 'bigint' as const
  const bytea = 'bytea' as const
  return [
    {
      table: '"user"',
      columns: {
        number: bigint,
        user_id: text,
        username: text,
        username_key: text,
        profile: text,
        phone: text,
        phone_verified: bigint,
        email: text,
        email_verified: bigint,
        password_hash: text,
        enabled: bigint,
        generation: bigint,
        version: bigint,
        created_at: bigint,
        updated_at: bigint,
      },
      count: size.users,
      row(at) {
        const name = `scale-person-${at}`
        const profile = JSON.stringify({ displayName: `Person ${at}` })
        const phone = `+86139${String(at).padStart(8, '0')}`
        return [
          userNumber(at),
          userId(at),
          name,
          name,
          profile,
          phone,
          1,
          `${name}@example.com`,
          1,
          null,
          1,
          1,
          1,
          now,
          now,
        ]
      },
    },
    {
      table: 'session',
      columns: {
        place: bigint,
        secret_hash: bytea,
        session_id: text,
        user_id: text,
        user_number: bigint,
        user_generation: bigint,
        amr: text,
        authenticated_at: bigint,
        last_used_at: bigint,
        expires_at: bigint,
      },
      count: size.users,
      row(at) {
        const { session_place, session_id } = sessionPlaced(sessionIdOf(at))
        const about = [userId(at), userNumber(at), 1, 'pwd', now, now, until]
        return [session_place, sha256(secret('S', at)), session_id, ...about]
      },
    },
    {
      table: '"grant"',
      columns: {
        place: bigint,
        grant_id: text,
        client_id: text,
        client_generation: bigint,
        user_id: text,
        user_number: bigint,
        user_generation: bigint,
        session_id: text,
        session_place: bigint,
        offline: bigint,
        scope_asked: text,
        scope: text,
        amr: text,
        authenticated_at: bigint,
        issued_at: bigint,
        expires_at: bigint,
        refresh_hash: bytea,
        refresh_rotations: bigint,
        refresh_issued_at: bigint,
        refresh_expires_at: bigint,
        family_expires_at: bigint,
        replaced_hash: bytea,
        rotation_salt: bytea,
        rotation_digest: bytea,
        rotation_scope: text,
        rotation_address: text,
        rotation_user_agent: text,
      },
      count: families,
      row(family) {
        const user = shape.userOf(family)
        const client = clientId(family % size.clients)
        const scope = 'openid profile'
        const made = shape.secondOf(family)
        const session = sessionPlaced(sessionIdOf(user))
        const given = [
          client,
          1,
          userId(user),
          userNumber(user),
          1,
          session.session_id,
          session.session_place,
          0,
          scope,
          scope,
          'pwd',
          made,
          made,
        ]
        const { grant_place, grant_id } = grantPlaced(grantIdOf(family))
        const isRotated = rotationsOf(family) > 0
        return [
          grant_place,
          grant_id,
          ...given,
          made + refreshAbsolute + ACCESS_TOKEN_LIVES,
          refreshHashOf(family),
          rotationsOf(family),
          made,
          made + refreshIdle,
          made + refreshAbsolute,
          ...(isRotated ? [randomBytes(32), randomBytes(16), NOTHING_ASKED, scope, '127.0.0.1', ''] : NEVER_ROTATED),
        ]
      },
    },
    {
      table: 'access_token',
      columns: {
        ...PLACED,
        grant_id: text,
        client_id: text,
        client_generation: bigint,
        scope: text,
        issued_at: bigint,
        expires_at: bigint,
        user_id: text,
        user_number: bigint,
        user_generation: bigint,
        session_id: text,
      },
      count: families,
      row: (family) => [
        ...placeOf(accessHashOf(family), shape.sampleOf(family) === null),
        grantIdOf(family),
        clientId(family % size.clients),
        1,
        'openid profile',
        shape.secondOf(family),
        shape.secondOf(family) + ACCESS_TOKEN_LIVES,
        userId(shape.userOf(family)),
        userNumber(shape.userOf(family)),
        1,
        sessionIdOf(shape.userOf(family)),
      ],
    },
  ]
}

/** Access tokens that have expired long ago, and that nobody has taken away. */
export function expired(count: number, now: number): Filling {
  return {
    table: 'access_token',
    columns: {
      ...PLACED,
      grant_id: 'text',
      client_id: 'text',
      client_generation: 'bigint',
      scope: 'text',
      issued_at: 'bigint',
      expires_at: 'bigint',
    },
    count,
    row: (at) => [
      ...placeOf(randomBytes(32), false),
      null,
      clientId(0),
      1,
      'openid',
      now - 20 * HOUR,
      now - 10 * HOUR + (at % HOUR),
    ],
  }
}
