// `sid`, by which a client may know a session. Our own identifier of a session is never told, and each client gets
// another `sid` for the same session, so that clients cannot find out whom they have in common.

import type { MasterKey } from './master-key.ts'

const IDENTIFIER_BYTES = 32

export interface SessionIdentifiers {
  /** 43 characters of base64url, the same for the same session and client. OpenID Connect Back-Channel Logout §2.1. */
  of(sessionId: string, clientId: string): string
}

export function createSessionIdentifiers(master: MasterKey): SessionIdentifiers {
  return {
    // Neither id contains a space, so no two pairs give the same text.
    of: (sessionId, clientId) =>
      Buffer.from(master.expand('session-identifier', `${sessionId} ${clientId}`, IDENTIFIER_BYTES)).toString(
        'base64url',
      ),
  }
}
