// Operations on the sessions of a person: which there are, ending one or all, and what the person may end by themselves.

import type { BrowserKind } from '../model/browser-kind.ts'
import type { Seconds } from '../model/time.ts'
import type { User } from '../model/user.ts'
import type { Clock } from '../platform/clock.ts'
import type { EndedOfUser, SessionVerbs } from '../store/verbs/sessions.ts'
import type { UserVerbs } from '../store/verbs/users.ts'
import { AdministrationError } from './errors.ts'
import { getUser, type UserReference } from './users.ts'

export interface SessionParts {
  readonly store: SessionVerbs & UserVerbs
  readonly clock: Clock
}

export interface ListedSession {
  readonly sessionId: string
  readonly authenticatedAt: Seconds
  readonly lastUsedAt: Seconds
  readonly expiresAt: Seconds
  readonly amr: readonly string[]
  /** Absent: nothing is known of it. */
  readonly browser?: BrowserKind
  /** Ids of the clients that were given something in it. */
  readonly clients: readonly string[]
}

/** Live ones, the newest first. Throws `user_not_found`. */
export async function listSessions(
  { store, clock }: SessionParts,
  who: UserReference,
  idle: Seconds,
): Promise<{ readonly user: User; readonly sessions: readonly ListedSession[] }> {
  const user = await getUser(store, who)
  const now = clock.now()
  const sessions = await store.listSessions(user.userId, now, now - idle)
  return {
    user,
    sessions: await Promise.all(
      sessions.map(async (session) => ({ ...session, clients: await clientsOf(store, session.sessionId, now) })),
    ),
  }
}

async function clientsOf(store: SessionVerbs, sessionId: string, now: Seconds): Promise<readonly string[]> {
  return (await store.findClientsOfSession(sessionId, now)).map(({ client }) => client.client_id)
}

/**
 * Signs a person out of one browser: that session, and tokens that need it. Clients with a `backchannel_logout_uri` that were
 * given something in it are told. Throws `session_not_found`, also where it is not `who`'s, and `user_not_found`.
 */
export async function endSession(
  { store, clock }: SessionParts,
  sessionId: string,
  who?: UserReference,
): Promise<{ readonly user: User; readonly session: ListedSession }> {
  const owner = who === undefined ? null : await getUser(store, who)
  const now = clock.now()
  const found = await store.findEndableSession(sessionId, now)
  if (found === null || (owner !== null && owner.userId !== found.user.userId)) throw noSuchSession(sessionId, owner)
  const { session, user } = found
  const clients = await clientsOf(store, sessionId, now)
  const event = { type: 'session_ended', at: now, userId: user.userId, detail: { by: 'operator' } } as const
  // Somebody else may have been quicker.
  if (!(await store.endSessionOfUser(user.userId, sessionId, event))) throw noSuchSession(sessionId, owner)
  return { user, session: { ...session, clients } }
}

function noSuchSession(sessionId: string, owner: User | null): AdministrationError {
  const whose = owner === null ? 'There is no session' : `${owner.username} has no session`
  const named = JSON.stringify(sessionId.slice(0, 200))
  return new AdministrationError('session_not_found', `${whose} ${named}, or it has ended already`)
}

/**
 * Signs the person out everywhere: sessions, and tokens that need one. With `offline` also what clients may use while
 * the person is away. Clients with a `backchannel_logout_uri` are told. The person may sign in again at once. Where there was
 * nothing to end and nobody to tell, nothing is written either.
 */
export async function endSessions(
  { store, clock }: SessionParts,
  who: UserReference,
  { offline = false } = {},
): Promise<EndedOfUser & { readonly user: User }> {
  const user = await getUser(store, who)
  const detail = { by: 'operator', offline }
  const event = { type: 'sessions_ended', at: clock.now(), userId: user.userId, detail } as const
  return { user, ...(await store.endSessionsOfUser(user.userId, offline, event)) }
}

interface OwnParts {
  readonly store: SessionVerbs
  readonly clock: Clock
}

/** The person signs out another browser of theirs. False: it is signed out already, or never was theirs. */
export function endOwnSession({ store, clock }: OwnParts, userId: string, sessionId: string): Promise<boolean> {
  const event = { type: 'session_ended', at: clock.now(), userId, detail: { by: 'person' } } as const
  return store.endSessionOfUser(userId, sessionId, event)
}

/**
 * The person signs out everywhere but here. What may be used while they are away goes on. Resolves to how many of those
 * that they saw.
 */
export function endOtherSessions(
  { store, clock }: OwnParts,
  userId: string,
  kept: string,
  idle: Seconds,
): Promise<number> {
  const detail = { by: 'person', offline: false, elsewhere: true }
  const event = { type: 'sessions_ended', at: clock.now(), userId, detail } as const
  return store.endOtherSessionsOfUser(userId, kept, event, event.at - idle)
}
