// What a rehearsal is played on: a second server that lives in memory only. This wing knows its shape; the composition
// root builds it and hands the building function over.

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import type { UserWithPassword } from '../../model/user.ts'

/** The client and the user that are copied to the second server, without secret and password. */
export interface RehearsalCast {
  readonly client: ClientRecord
  readonly user: UserWithPassword
}

export interface RehearsalStage {
  readonly handle: (request: HttpRequest) => Promise<HttpReply>
  /** Throw-away secret of the copied client; null for a public one. */
  readonly clientSecret: string | null
  /** The planted browser: value of its `cookie` header, and the secrets in it. */
  readonly cookie: string
  readonly cookieSecrets: readonly string[]
  /** False when nobody may sign in as this user: the planted session was refused. */
  readonly signedIn: boolean
  /** Nothing it issued is valid afterwards, or ever was anywhere else. */
  close(): Promise<void>
}

export type ComposeRehearsal = (cast: RehearsalCast) => Promise<RehearsalStage>
