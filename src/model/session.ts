// A session: login state in one browser, for one user.

import type { BrowserKind } from './browser-kind.ts'
import type { Seconds } from './time.ts'

export interface Session {
  /** `se_…`, internal. */
  readonly sessionId: string
  readonly userId: string
  readonly userGeneration: number
  readonly authenticatedAt: Seconds
  /** Authentication methods (RFC 8176), e.g. `['pwd']`. */
  readonly amr: readonly string[]
  readonly lastUsedAt: Seconds
  readonly expiresAt: Seconds
  /** Left out: unknown, or not asked for. */
  readonly browser?: BrowserKind
}
