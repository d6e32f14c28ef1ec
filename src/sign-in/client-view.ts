// The client as people see it on our pages: its name in their language, its picture from our own address, its policies,
// and whether anybody here knows who runs it.

import type { Client } from '../model/client/client.ts'
import { nameIn } from '../model/client/presentation.ts'
import type { ClientView, Locale } from '../pages/index.ts'
import type { Addresses } from '../protocol/addresses.ts'

export interface Shown {
  readonly addresses: Addresses
  readonly locale: Locale
  /** Where the answer goes; named where nobody has verified the client. */
  readonly redirectUri?: string
}

/** Without `shown` it is only the client's name and links. */
export function clientView(client: Client, shown?: Shown): ClientView {
  return {
    name: shown === undefined ? client.client_name : nameIn(client, shown.locale),
    policyUrl: client.policy_uri,
    termsUrl: client.tos_uri,
    ...(shown !== undefined && {
      logo: logoPath(client, shown.addresses),
      unverifiedTarget: client.verified || shown.redirectUri === undefined ? null : targetOf(shown.redirectUri),
    }),
  }
}

function logoPath({ client_id, logo }: Client, addresses: Addresses): string | null {
  const [digest, file] = logo?.split('/') ?? []
  return digest === undefined || file === undefined
    ? null
    : addresses.at('client-logo', client_id, digest, 'images', file)
}

/** How the receiver is named: a host, this very device, or the scheme of an application on it. */
export function targetOf(uri: string): string {
  const { protocol, host } = new URL(uri)
  return protocol === 'https:' || protocol === 'http:' ? host : protocol
}
