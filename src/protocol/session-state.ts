// `session_state`, by which a client's page notices that the login state of a browser has changed. OpenID Connect
// Session Management §2, §3.2.

import { hash } from 'node:crypto'

/** Null for an address at which no page can be: a program's own scheme has no origin. */
export function originOf(redirectUri: string): string | null {
  const { origin } = new URL(redirectUri)
  return /^https?:/.test(origin) ? origin : null
}

/** The frame's script calculates the same; `salt` contains no full stop, and none of the parts a space. */
export function sessionStateOf(clientId: string, origin: string, browserState: string, salt: string): string {
  return `${hash('sha256', `${clientId} ${origin} ${browserState} ${salt}`, 'hex')}.${salt}`
}
