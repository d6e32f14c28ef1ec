// From a finished interaction to a code: the last step of the wing of people, handed to it as a function.

import { sha256 } from '../../credentials/digest.ts'
import type { ClientRecord } from '../../model/client.ts'
import type { Consent } from '../../model/consent.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { AuthorizationRequest } from '../../model/interaction.ts'
import type { Session } from '../../model/session.ts'
import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import { newId, newSecret } from '../../platform/random.ts'
import type { AuthorizationAnswer } from '../../protocol/response-mode.ts'
import { includesScope } from '../../protocol/scope.ts'
import type { GrantVerbs } from '../../store/grants.ts'

export interface IssueCodeParts {
  readonly store: GrantVerbs
  readonly clock: Clock
  readonly lifetimes: {
    readonly code: Seconds
    readonly accessToken: Seconds
    readonly refreshAbsolute: Seconds
    readonly sessionIdle: Seconds
  }
}

export interface CodeRequest {
  readonly request: AuthorizationRequest
  readonly client: ClientRecord
  readonly session: Session
  readonly interactionId?: string
  /** A yes given just now. */
  readonly consent?: Consent
}

/** RFC 6749 §4.1.2. Null: session, user, client or interaction changed meanwhile; nothing was issued. */
export async function issueCode(
  { store, clock, lifetimes }: IssueCodeParts,
  { request, client, session, interactionId, consent }: CodeRequest,
): Promise<AuthorizationAnswer | null> {
  const now = clock.now()
  const code = newSecret()
  const events: SecurityEvent[] =
    consent === undefined
      ? []
      : [
          {
            type: 'consent_given',
            at: now,
            clientId: request.clientId,
            userId: session.userId,
            detail: { scope: consent.scope, kinds: consent.kinds },
          },
        ]
  const issued = await store.issueCode(
    {
      grantId: newId('gr'),
      clientId: request.clientId,
      clientGeneration: client.generation,
      userId: session.userId,
      sessionId: session.sessionId,
      offline: includesScope(request.scope, 'offline_access'),
      scopeAsked: request.scopeAsked,
      scope: request.scope,
      issuedAt: now,
      expiresAt: now + lifetimes.refreshAbsolute + lifetimes.accessToken,
    },
    {
      hash: sha256(code),
      redirectUri: request.redirectUri,
      codeChallenge: request.codeChallenge,
      nonce: request.nonce,
      expiresAt: now + lifetimes.code,
    },
    {
      ...(interactionId !== undefined && { interactionId }),
      ...(consent !== undefined && { consent }),
      remembered: consent === undefined && client.client.consent === 'ask',
      // A write on each visit would cost more than it tells: a twentieth of the idle time is exact enough.
      touch: now - session.lastUsedAt > lifetimes.sessionIdle / 20,
      events,
    },
  )
  return issued ? { code, state: request.state ?? undefined } : null
}
