// The login state of a browser as a value that says nothing: another one whenever other people are signed in. OpenID
// Connect Session Management §3.2.

import type { MasterKey } from './master-key.ts'

/** Empty when nobody is signed in. */
export type BrowserStateOf = (sessionIds: readonly string[]) => string

export function createBrowserStates(master: MasterKey): BrowserStateOf {
  return (sessionIds) =>
    sessionIds.length === 0
      ? ''
      : Buffer.from(master.hmac('browser-state', [...sessionIds].sort().join(' '))).toString('base64url')
}
