// Verbs about the pictures of clients, and the steps with which a change of a client changes its picture.

import type { Seconds } from '../../model/time.ts'
import { type Driver, type Step, step } from '../database/driver.ts'
import { deleteClientLogo, findClientLogo, upsertClientLogo } from '../statements/client-logo.ts'

/** A picture as it is kept. */
export interface ClientLogo {
  readonly digest: string
  readonly mediaType: string
  readonly content: Uint8Array
}

export interface ClientLogoVerbs {
  /** Null removes the picture. The client's settings, which name it, are changed by another verb. */
  putClientLogo(clientId: string, logo: ClientLogo | null, now: Seconds): Promise<void>
  findClientLogo(clientId: string, digest: string): Promise<Omit<ClientLogo, 'digest'> | null>
}

export function createClientLogoVerbs(driver: Driver): ClientLogoVerbs {
  return {
    async putClientLogo(clientId, logo, now) {
      await driver.atomic(logoSteps(clientId, logo, now))
    },
    async findClientLogo(clientId, digest) {
      const [row] = await driver.rows(findClientLogo, { client_id: clientId, digest })
      return row === undefined ? null : { mediaType: row.media_type, content: row.content }
    },
  }
}

export function logoSteps(clientId: string, logo: ClientLogo | null, now: Seconds): readonly Step[] {
  if (logo === null) return [step(deleteClientLogo, { client_id: clientId })]
  const { digest, mediaType, content } = logo
  return [step(upsertClientLogo, { client_id: clientId, digest, media_type: mediaType, content, now })]
}
