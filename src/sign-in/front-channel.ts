// The addresses that a browser asks in frames when its sessions end. OpenID Connect Front-Channel Logout §2, §3.

import { withQuery } from '../protocol/response-mode.ts'
import type { SignedIn } from '../store/verbs/sessions.ts'
import type { SignInParts } from './parts.ts'

/** To be called before the sessions end. Where the server does not offer it, nothing is read. */
export async function framesFor(
  { store, clock, addresses, sessionIdentifiers, frontChannelLogout }: SignInParts,
  signedIn: readonly SignedIn[],
): Promise<readonly string[]> {
  if (!frontChannelLogout) return []
  const frames: string[] = []
  for (const { session } of signedIn) {
    for (const { client } of await store.findClientsOfSession(session.sessionId, clock.now())) {
      if (client.frontchannel_logout_uri === null) continue
      const sid = sessionIdentifiers.of(session.sessionId, client.client_id)
      frames.push(withQuery(client.frontchannel_logout_uri, { iss: addresses.issuer, sid }))
    }
  }
  return frames
}
