// The login state of a browser as an opaque value, which changes whenever other people are signed in. OpenID Connect
// Session Management §3.2.

import type { MasterKey } from './master-key.ts'

/** Empty when nobody is signed in. */
export type BrowserStateOf = (sessionIds: readonly string[]) => string

export function createBrowserStates(master: MasterKey): BrowserStateOf {
  return (sessionIds) =>
    sessionIds.length === 0
      ? ''
      : Buffer.from(master.hmac('browser-state', [...sessionIds].sort().join(' '))).toString('base64url')
}
