// `session_state`: by which a client's page notices that the login state of a browser has changed. OpenID Connect
// Session Management §2, §3.2.

import { hash } from 'node:crypto'

/** Null for an address that no page can be at: a program's own scheme has no origin to be asked from. */
export function originOf(redirectUri: string): string | null {
  const { origin } = new URL(redirectUri)
  return /^https?:/.test(origin) ? origin : null
}

/** What the script of the frame calculates as well; `salt` has no full stop, none of them a blank. */
export function sessionStateOf(clientId: string, origin: string, browserState: string, salt: string): string {
  return `${hash('sha256', `${clientId} ${origin} ${browserState} ${salt}`, 'hex')}.${salt}`
}
