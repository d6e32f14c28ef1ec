// The one timeline of the schema. Each migration is a module, so that a bundle holds them all; a published one is never edited.
// A node of the release before writes on for up to two seconds after it (docs/decisions/0044). A write of which the newer release would
// believe more than it says, as a revocation that leaves out what is read since, must fail from then on: rename the column.

import { sql as first } from './0001-first.ts'
import { sql as assertions } from './0002-assertions.ts'
import { sql as grantClaims } from './0003-grant-claims.ts'
import { sql as registration } from './0004-registration.ts'
import { sql as logout } from './0005-logout.ts'
import { sql as signingKeyTurns } from './0006-signing-key-turns.ts'
import { sql as resources } from './0007-resources.ts'
import { sql as keySightings } from './0008-key-sightings.ts'
import { sql as clientOrigins } from './0009-client-origins.ts'
import { sql as redirectOrigins } from './0010-redirect-origins.ts'
import { sql as fewerLookUps } from './0011-fewer-look-ups.ts'
import { sql as tokensByThemselves } from './0012-tokens-by-themselves.ts'
import { sql as rowsByNumber } from './0013-rows-by-number.ts'
import { sql as peopleByNumber } from './0014-people-by-number.ts'
import { sql as familiesAndPlaces } from './0015-families-and-places.ts'
import { sql as sessionBrowser } from './0016-session-browser.ts'
import { sql as temporaryPasswords } from './0017-temporary-passwords.ts'
import { sql as pushedRequests } from './0018-pushed-requests.ts'
import { sql as boundTokens } from './0019-bound-tokens.ts'
import { sql as deviceRequests } from './0020-device-requests.ts'

export interface Migration {
  /** Counts from 1 without a gap. */
  readonly number: number
  readonly name: string
  readonly sql: string
}

export const migrations: readonly Migration[] = [
  { number: 1, name: 'first', sql: first },
  { number: 2, name: 'assertions', sql: assertions },
  { number: 3, name: 'grant-claims', sql: grantClaims },
  { number: 4, name: 'registration', sql: registration },
  { number: 5, name: 'logout', sql: logout },
  { number: 6, name: 'signing-key-turns', sql: signingKeyTurns },
  { number: 7, name: 'resources', sql: resources },
  { number: 8, name: 'key-sightings', sql: keySightings },
  { number: 9, name: 'client-origins', sql: clientOrigins },
  { number: 10, name: 'redirect-origins', sql: redirectOrigins },
  { number: 11, name: 'fewer-look-ups', sql: fewerLookUps },
  { number: 12, name: 'tokens-by-themselves', sql: tokensByThemselves },
  { number: 13, name: 'rows-by-number', sql: rowsByNumber },
  { number: 14, name: 'people-by-number', sql: peopleByNumber },
  { number: 15, name: 'families-and-places', sql: familiesAndPlaces },
  { number: 16, name: 'session-browser', sql: sessionBrowser },
  { number: 17, name: 'temporary-passwords', sql: temporaryPasswords },
  { number: 18, name: 'pushed-requests', sql: pushedRequests },
  { number: 19, name: 'bound-tokens', sql: boundTokens },
  { number: 20, name: 'device-requests', sql: deviceRequests },
]
