// Verbs about the origins of clients (whose scripts may read our replies, whose pages may watch a session), and the
// steps with which a change of a client updates them.

import { type Client, isConfidential } from '../../model/client/client.ts'
import { fromStored } from '../../model/client/settings.ts'
import { originOf } from '../../protocol/session-state.ts'
import { asFlag } from '../column-values.ts'
import type { Driver, Step } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import { listClientsAfter } from '../statements/client.ts'
import {
  deleteClientOrigins,
  findClientOrigin,
  insertClientOrigin,
  listClientOrigins,
} from '../statements/client-origin.ts'
import type { InstallationVerbs } from './installation.ts'

export interface ClientOriginVerbs {
  /** Whether an enabled public client has a redirect URI at this origin. */
  isScriptOrigin(origin: string): Promise<boolean>
  /** Whether any enabled client has a redirect URI at this origin. */
  isRedirectOrigin(origin: string): Promise<boolean>
  /** The origins of enabled clients, at most this many. */
  listRedirectOrigins(most: number): Promise<readonly string[]>
  /** Run once, for clients that are older than the table of origins. */
  fillClientOrigins(): Promise<void>
}

const CLIENTS_A_LIST = 200

export function createClientOriginVerbs(
  driver: Driver,
  { findFact, putFact }: Pick<InstallationVerbs, 'findFact' | 'putFact'>,
): ClientOriginVerbs {
  return {
    async isScriptOrigin(origin) {
      return (await driver.rows(findClientOrigin, { origin, scripts: 1 })).length > 0
    },
    async isRedirectOrigin(origin) {
      return (await driver.rows(findClientOrigin, { origin, scripts: 0 })).length > 0
    },
    async listRedirectOrigins(most) {
      return (await driver.rows(listClientOrigins, { most })).map(({ origin }) => origin)
    },
    async fillClientOrigins() {
      if ((await findFact('client_origins')) !== null) return
      for (let after = ''; ; ) {
        const some = await driver.rows(listClientsAfter, { after, most: CLIENTS_A_LIST })
        const last = some.at(-1)
        if (last === undefined) break
        after = last.client_id
        await driver.atomic(some.flatMap(({ settings, version }) => insertOriginSteps(fromStored(settings), version)))
      }
      await putFact('client_origins', 'kept')
    },
  }
}

/**
 * To follow the step that writes the client; or, with `version`, in a list of their own, for a client that still has
 * the version that was read.
 */
export function insertOriginSteps(client: Client, version: number | null = null): readonly Step[] {
  const runs_scripts = asFlag(!isConfidential(client))
  const origins = new Set(client.redirect_uris.flatMap((uri) => originOf(uri) ?? []))
  return [...origins].map((origin) =>
    step(insertClientOrigin, { origin, runs_scripts, client_id: client.client_id, version }),
  )
}

export function replaceOriginSteps(client: Client): readonly Step[] {
  return [deleteOriginsStep(client.client_id), ...insertOriginSteps(client)]
}

export function deleteOriginsStep(clientId: string): Step {
  return step(deleteClientOrigins, { client_id: clientId })
}
