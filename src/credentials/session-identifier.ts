// What a client may know a session by: `sid`. Our own identifier of a session never leaves the house, and no two clients
// are given the same name for one session, so that they cannot compare whom they serve.

import type { MasterKey } from './master-key.ts'

const IDENTIFIER_BYTES = 32

export interface SessionIdentifiers {
  /** 43 characters of base64url, the same for the same session and client. OpenID Connect Back-Channel Logout §2.1. */
  of(sessionId: string, clientId: string): string
}

export function createSessionIdentifiers(master: MasterKey): SessionIdentifiers {
  return {
    // Neither holds a blank, so that no two pairs are one text.
    of: (sessionId, clientId) =>
      Buffer.from(master.expand('session-identifier', `${sessionId} ${clientId}`, IDENTIFIER_BYTES)).toString(
        'base64url',
      ),
  }
}
