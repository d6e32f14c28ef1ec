// The picture of a client that an operator adds or changes: from a file, or fetched from its `logo_uri`. One that cannot
// be fetched is a warning: pages show the name alone.

import type { OutboundClient } from '../http/outbound/client.ts'
import { changedPicture, logoOf, type Picture, readPicture } from '../http/outbound/picture.ts'
import type { Client } from '../model/client/client.ts'
import type { Seconds } from '../model/time.ts'
import type { ClientLogoVerbs } from '../store/verbs/client-logos.ts'
import { AdministrationError } from './errors.ts'

export interface Pictured {
  readonly client: Client
  /** Null removes the stored picture; undefined keeps it. */
  readonly picture?: Picture | null
  readonly warnings: readonly string[]
}

export async function picturedClient(
  outbound: OutboundClient,
  client: Client,
  former: Client | null,
  file: { readonly name: string; readonly content: Uint8Array } | undefined,
): Promise<Pictured> {
  if (file !== undefined) {
    const picture = readPicture(file.content, file.name)
    if (!('problem' in picture)) return { client: { ...client, logo: logoOf(picture) }, picture, warnings: [] }
    throw new AdministrationError(
      'invalid_setting',
      `The picture ${picture.problem}`,
      'Give a PNG, JPEG, WebP or GIF of at most 256 KiB',
    )
  }
  const { logo, picture, problem } = await changedPicture(outbound, client, former)
  return {
    client: { ...client, logo },
    ...(picture !== undefined && { picture }),
    warnings: problem === undefined ? [] : [`${problem}, so pages show the name alone`],
  }
}

export async function storePicture(
  store: Pick<ClientLogoVerbs, 'putClientLogo'>,
  clientId: string,
  pictured: Pictured | null,
  now: Seconds,
): Promise<void> {
  if (pictured?.picture !== undefined) await store.putClientLogo(clientId, pictured.picture, now)
}

export function warningsOf(pictured: Pictured | null): readonly string[] {
  return pictured?.warnings ?? []
}
