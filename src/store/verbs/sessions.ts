// Verbs about sessions, and the single read of the authorization endpoint.

import { browserKindText, readBrowserKind } from '../../model/browser-kind.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import type { Consent } from '../../model/consent.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { Session } from '../../model/session.ts'
import type { Seconds } from '../../model/time.ts'
import type { User } from '../../model/user.ts'
import { asFlag, words } from '../column-values.ts'
import type { Driver } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import { sessionPlaced } from '../statements/place.ts'
import * as sql from '../statements/session.ts'
import { toUser, type UserRow } from '../statements/user.ts'
import type { ClientReader } from './client-reader.ts'
import { endOtherSessionsOfUserSteps, endSessionOfUserSteps, endSessionSteps, signOutUserSteps } from './endings.ts'
import { eventSteps } from './events.ts'
import { tellOfOtherSessionsStep, tellOfSessionStep, tellOfUserStep } from './logout-deliveries.ts'
import { heldAtFreePlaces } from './places.ts'

/** A session of this browser, with the person it stands for. */
export interface SignedIn {
  /** SHA-256 of the secret by which this browser holds the session. */
  readonly secretHash: Uint8Array
  readonly session: Session
  readonly user: User
}

export interface Visit {
  readonly client: ClientRecord
  /** Live sessions of this browser, in the order of the secrets given. */
  readonly signedIn: readonly (SignedIn & { readonly consent: Pick<Consent, 'scope' | 'kinds'> | null })[]
}

/** A session without the user it belongs to. */
export type SessionSummary = Omit<Session, 'userId' | 'userGeneration'>

export interface EndedOfUser {
  readonly sessions: number
  readonly grants: number
  /** False: there was nothing to end and nobody to tell, so nothing was written. */
  readonly isWritten: boolean
}

export interface SessionVerbs {
  /** Null: no such client. At most five secrets are looked at. */
  findVisit(
    clientId: string,
    secretHashes: readonly Uint8Array[],
    now: Seconds,
    idleSince: Seconds,
  ): Promise<Visit | null>
  findSessions(secretHashes: readonly Uint8Array[], now: Seconds, idleSince: Seconds): Promise<readonly SignedIn[]>
  /** False: the user was disabled or given another password since `session.userGeneration` was read. */
  startSession(session: Session, secretHash: Uint8Array, events: readonly SecurityEvent[]): Promise<boolean>
  /**
   * The same user has signed in again: new secret, new time, same session. False: as for `startSession`, or the session
   * has ended.
   */
  renewSession(session: Session, secretHash: Uint8Array, events: readonly SecurityEvent[]): Promise<boolean>
  /**
   * Clients with a grant of this session will be told; `initiator`, the client to which the browser returns, is told
   * last. False: the session had ended already.
   */
  endSession(sessionId: string, event: SecurityEvent, initiator?: string | null): Promise<boolean>
  /**
   * Ends every session of the user and revokes their grants; with `offline` also those that may be used while the
   * person is away. Clients will be told, `initiator` last, including those whose own sessions may have outlived ours.
   * The event is written only if something ended or somebody is told. Resolves to how many of each; sessions that were
   * too old already do not count.
   */
  endSessionsOfUser(
    userId: string,
    offline: boolean,
    event: SecurityEvent,
    initiator?: string | null,
  ): Promise<EndedOfUser>
  /**
   * Like `endSession`, but only for a session of this user. False: the user has no such session, or it had ended
   * already.
   */
  endSessionOfUser(userId: string, sessionId: string, event: SecurityEvent): Promise<boolean>
  /**
   * Ends every session of the user but one, and revokes the grants given in them, except those that may be used while
   * the person is away. Clients will be told of each session. The event is written only if something ended. Resolves to
   * how many sessions `listSessions` would have shown; idle or too old ones end too, but do not count.
   */
  endOtherSessionsOfUser(userId: string, kept: string, event: SecurityEvent, idleSince: Seconds): Promise<number>
  /**
   * A session that can be ended, idle or not, and whose it is. Null: it has ended already, is too old, or was never
   * there.
   */
  findEndableSession(
    sessionId: string,
    now: Seconds,
  ): Promise<{ readonly session: SessionSummary; readonly user: User } | null>
  /** Live sessions, the newest first. */
  listSessions(userId: string, now: Seconds, idleSince: Seconds): Promise<readonly SessionSummary[]>
  /** Clients with a grant of this session that still holds. */
  findClientsOfSession(sessionId: string, now: Seconds): Promise<readonly ClientRecord[]>
  /** The same for every session of a user; one read, if the clients are parsed already. */
  findClientsOfSessions(
    userId: string,
    now: Seconds,
  ): Promise<readonly { readonly sessionId: string; readonly client: ClientRecord }[]>
}

const NO_HASH = new Uint8Array(32)

function hashBind(hashes: readonly Uint8Array[], now: Seconds, idleSince: Seconds): sql.HashBind {
  const [h1 = NO_HASH, h2 = h1, h3 = h1, h4 = h1, h5 = h1] = hashes
  return { h1, h2, h3, h4, h5, now, idle_since: idleSince }
}

export function sessionBind(session: Session, secretHash: Uint8Array) {
  return {
    secret_hash: secretHash,
    ...sessionPlaced(session.sessionId),
    user_id: session.userId,
    user_generation: session.userGeneration,
    amr: session.amr.join(' '),
    authenticated_at: session.authenticatedAt,
    expires_at: session.expiresAt,
    browser: browserKindText(session.browser),
  }
}

function toSession(row: sql.SessionRow & UserRow): Session {
  return { ...toSummary(row), userId: row.user_id, userGeneration: row.user_generation }
}

function toSummary(row: sql.SessionRow): SessionSummary {
  return {
    sessionId: row.session_id,
    authenticatedAt: row.authenticated_at,
    amr: words(row.amr),
    lastUsedAt: row.last_used_at,
    expiresAt: row.session_expires_at,
  }
}

function toNamed(row: sql.SessionRow & { readonly browser: string }): SessionSummary {
  const browser = readBrowserKind(row.browser)
  return { ...toSummary(row), ...(browser !== undefined && { browser }) }
}

function signedInBy(row: sql.SessionRow & UserRow & sql.ConsentRow, secretHash: Uint8Array): Visit['signedIn'][number] {
  const { consent_scope: scope, consent_kinds: kinds } = row
  const consent = scope === null ? null : { scope, kinds: kinds ?? '' }
  return { secretHash, session: toSession(row), user: toUser(row), consent }
}

export function createSessionVerbs(driver: Driver, clients: ClientReader): SessionVerbs {
  const inOrder = <Row extends { readonly hash: Uint8Array }>(rows: readonly Row[], hashes: readonly Uint8Array[]) =>
    rows.length < 2
      ? rows
      : hashes.flatMap((hash) => rows.filter((row) => Buffer.compare(row.hash, hash) === 0)).slice(0, rows.length)
  return {
    async findVisit(clientId, secretHashes, now, idleSince) {
      if (secretHashes.length < 2) {
        const [hash = NO_HASH] = secretHashes
        const bind = { client_id: clientId, hash, now, idle_since: idleSince }
        const [row] = await driver.rows(sql.findVisitOfOne, bind)
        if (row === undefined) return null
        return { client: await clients.known(row), signedIn: row.user_id === null ? [] : [signedInBy(row, hash)] }
      }
      const rows = await driver.rows(sql.findVisit, { client_id: clientId, ...hashBind(secretHashes, now, idleSince) })
      const [first] = rows
      if (first === undefined) return null
      const live = rows.flatMap((row) => (row.user_id === null ? [] : [row]))
      return {
        client: await clients.known(first),
        signedIn: inOrder(live, secretHashes).map((row) => signedInBy(row, row.hash)),
      }
    },
    async findSessions(secretHashes, now, idleSince) {
      if (secretHashes.length === 0) return []
      const rows = await driver.rows(sql.findSessions, hashBind(secretHashes, now, idleSince))
      return inOrder(rows, secretHashes).map((row) => ({
        secretHash: row.hash,
        session: toSession(row),
        user: toUser(row),
      }))
    },
    async startSession(session, secretHash, events) {
      const bind = sessionBind(session, secretHash)
      return await heldAtFreePlaces(driver, [step(sql.insertSession, bind, 'user'), ...eventSteps(events)])
    },
    async renewSession(session, secretHash, events) {
      const bind = sessionBind(session, secretHash)
      return (await driver.atomic([step(sql.renewSession, bind, 'session'), ...eventSteps(events)])).held
    },
    async endSession(sessionId, event, initiator = null) {
      const result = await driver.atomic([
        tellOfSessionStep(sessionId, event.at, initiator),
        ...endSessionSteps(sessionId, event.at),
        ...eventSteps([event]),
      ])
      return result.held
    },
    async endSessionsOfUser(userId, offline, event, initiator = null) {
      const now = event.at
      for (const guard of ['sessions', 'grants', 'clients'] as const) {
        const result = await driver.atomic([
          step(sql.countEndable, { user_id: userId, offline: asFlag(offline), now }),
          tellOfUserStep(userId, now, initiator, guard === 'clients' ? guard : undefined),
          ...signOutUserSteps(userId, offline, now, guard),
          ...eventSteps([event]),
        ])
        if (!result.held) continue
        const [[counted] = []] = result.rows as readonly (readonly Pick<EndedOfUser, 'sessions' | 'grants'>[])[]
        return { sessions: counted?.sessions ?? 0, grants: counted?.grants ?? 0, isWritten: true }
      }
      return { sessions: 0, grants: 0, isWritten: false }
    },
    async endSessionOfUser(userId, sessionId, event) {
      const result = await driver.atomic([
        tellOfSessionStep(sessionId, event.at, null),
        ...endSessionOfUserSteps(userId, sessionId, event.at),
        ...eventSteps([event]),
      ])
      return result.held
    },
    async endOtherSessionsOfUser(userId, kept, event, idleSince) {
      const now = event.at
      const end = (guard: 'sessions' | 'grants') =>
        driver.atomic([
          step(sql.listOtherSessions, { user_id: userId, kept, now, idle_since: idleSince }),
          tellOfOtherSessionsStep(userId, kept, now),
          ...endOtherSessionsOfUserSteps(userId, kept, now, guard),
          ...eventSteps([event]),
        ])
      // The session may have been deleted already, while something that depended on it is left.
      const ended = await end('sessions')
      if (ended.held) return ended.rows[0]?.length ?? 0
      await end('grants')
      return 0
    },
    async findEndableSession(sessionId, now) {
      const [row] = await driver.rows(sql.findEndableSession, { ...sessionPlaced(sessionId), now })
      return row === undefined ? null : { session: toNamed(row), user: toUser(row) }
    },
    async listSessions(userId, now, idleSince) {
      const rows = await driver.rows(sql.listSessions, { user_id: userId, now, idle_since: idleSince })
      return rows.map(toNamed)
    },
    async findClientsOfSession(sessionId, now) {
      const rows = await driver.rows(sql.findClientsOfSession, { ...sessionPlaced(sessionId), now })
      return Promise.all(rows.map((row) => clients.known(row)))
    },
    async findClientsOfSessions(userId, now) {
      const rows = await driver.rows(sql.findClientsOfSessions, { user_id: userId, now })
      return Promise.all(rows.map(async (row) => ({ sessionId: row.session_id, client: await clients.known(row) })))
    },
  }
}
