// Whom a request to others is counted for, where nobody vouches for who has it asked.

import type { OutboundClient } from './client.ts'

/** The same client, with everything asked for this stranger. */
export function askingFor(outbound: OutboundClient, stranger: string): OutboundClient {
  return {
    ask: (request) => outbound.ask({ ...request, stranger }),
    problemOf: (url) => outbound.problemOf(url, stranger),
  }
}

/** What a client's address is asked for. */
export type OutboundUse = 'keys' | 'request object' | 'sign-out' | 'settings'

/**
 * The same, with everything asked on behalf of this client: nobody vouches for one that is not verified. Each use is
 * bounded by itself: whoever sends requests in a client's name must not use up the number of its sign-outs.
 */
export function onBehalfOf(
  client: { readonly client_id: string; readonly verified: boolean },
  use: OutboundUse,
  outbound: OutboundClient,
): OutboundClient {
  return client.verified ? outbound : askingFor(outbound, `${use} of client ${client.client_id}`)
}
