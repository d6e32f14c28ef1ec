// On whose behalf an outgoing request is counted, where nobody vouches for them.

import type { OutboundClient } from './client.ts'

/** The same client, counting everything against this stranger. */
export function askingFor(outbound: OutboundClient, stranger: string): OutboundClient {
  return {
    ask: (request) => outbound.ask({ ...request, stranger }),
    problemOf: (url) => outbound.problemOf(url, stranger),
  }
}

/** The purpose for which a client's address is asked. */
export type OutboundUse = 'keys' | 'request object' | 'sign-out' | 'settings'

/**
 * The same client, counting everything against this client where it is not verified: nobody vouches for it then. Each
 * use has a limit of its own, so that whoever sends requests in a client's name cannot use up its sign-outs.
 */
export function onBehalfOf(
  client: { readonly client_id: string; readonly verified: boolean },
  use: OutboundUse,
  outbound: OutboundClient,
): OutboundClient {
  return client.verified ? outbound : askingFor(outbound, `${use} of client ${client.client_id}`)
}
