// The new client's secret between its making and the moment the operator has pasted it: derived from the master key and
// the browser's own cookie, so that the page can be shown again (a reload, the other language) although nowhere a copy
// is kept that could be read.

import type { MasterKey } from '../../credentials/master-key.ts'
import { secretFrom } from '../../platform/random.ts'

/** Without the browser's visit secret nobody can make it again; without the salt, not even this browser. */
export function deriveSecret(master: MasterKey, visit: string, salt: string): string {
  return secretFrom((block) => master.hmac('set-up', `client-secret:${visit}:${salt}:${block}`))
}
