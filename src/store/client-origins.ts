// Verbs about the origins whose scripts may read our replies, and the steps with which a change of a client keeps them.

import { type Client, type ClientRecord, scriptOrigins } from '../model/client.ts'
import type { Driver, Step } from './driver.ts'
import { step } from './driver.ts'
import type { InstallationVerbs } from './installation.ts'
import { deleteClientOrigins, findClientOrigin, insertClientOrigin } from './statements/client-origin.ts'

export interface ClientOriginVerbs {
  /** An enabled public client has a redirect URI at this origin. */
  isScriptOrigin(origin: string): Promise<boolean>
  /** Once: for clients that are older than this table. */
  fillScriptOrigins(): Promise<void>
}

const CLIENTS_A_LIST = 200

export function createClientOriginVerbs(
  driver: Driver,
  listClients: () => Promise<readonly ClientRecord[]>,
  { findFact, putFact }: Pick<InstallationVerbs, 'findFact' | 'putFact'>,
): ClientOriginVerbs {
  return {
    async isScriptOrigin(origin) {
      return (await driver.rows(findClientOrigin, { origin })).length > 0
    },
    async fillScriptOrigins() {
      if ((await findFact('script_origins')) !== null) return
      const clients = await listClients()
      for (let at = 0; at < clients.length; at += CLIENTS_A_LIST) {
        const some = clients.slice(at, at + CLIENTS_A_LIST)
        await driver.atomic(some.flatMap(({ client, version }) => insertSteps(client, version)))
      }
      await putFact('script_origins', 'kept')
    },
  }
}

/** For a client that has this version when the step runs. */
export function insertSteps(client: Client, version: number): readonly Step[] {
  return [...new Set(scriptOrigins(client))].map((origin) =>
    step(insertClientOrigin, { origin, client_id: client.client_id, version }),
  )
}

export function replaceSteps(client: Client, version: number): readonly Step[] {
  return [deleteStep(client.client_id), ...insertSteps(client, version)]
}

export function deleteStep(clientId: string): Step {
  return step(deleteClientOrigins, { client_id: clientId })
}
