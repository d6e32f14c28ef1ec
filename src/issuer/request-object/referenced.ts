// Request objects that a client keeps at an address of its own. OpenID Connect Core §6.2, RFC 9101 §5.2: fetched
// through the guarded client and only from registered addresses; kept only where the address contains a hash of its
// content.

import { sha256 } from '../../credentials/digest.ts'
import type { OutboundClient } from '../../http/outbound/client.ts'
import { onBehalfOf } from '../../http/outbound/on-behalf.ts'
import type { Client } from '../../model/client/client.ts'
import { decodeBytes } from '../../protocol/jwt.ts'
import { LONGEST_REQUEST_OBJECT, type RequestObjectProblem } from '../../protocol/request-object.ts'

export interface ReferencedObjects {
  /** The text at that address. */
  read(client: Client, address: string): Promise<string | RequestObjectProblem>
}

const MILLISECONDS = 5_000
/** At most 8 MiB, if all are of the greatest length. */
const MOST_KEPT = 256
/** RFC 9101 §5.2.3 and §9.4.1, RFC 7519 §10.3.1, RFC 7515 §9.2.1; and what plain web servers say. */
const MEDIA_TYPES = [
  'application/oauth-authz-req+jwt',
  'application/jwt',
  'application/jose',
  'application/octet-stream',
  'text/plain',
]

export function createReferencedObjects(outbound: OutboundClient): ReferencedObjects {
  const kept = new Map<string, string>()
  return {
    async read(client, address) {
      const url = withoutFragment(address)
      // OpenID Connect Registration §2: whoever could name any address could make this server send requests to any
      // host.
      if (!client.request_uris.some((each) => withoutFragment(each) === url)) {
        return { rule: 'request_uri_unregistered', problem: 'is not registered for this client' }
      }
      const name = `${client.client_id} ${address}`
      const known = kept.get(name)
      if (known !== undefined) return known
      const answer = await onBehalfOf(client, 'request object', outbound).ask({
        url,
        mediaTypes: MEDIA_TYPES,
        mostBytes: LONGEST_REQUEST_OBJECT,
        milliseconds: MILLISECONDS,
      })
      if (answer.kind === 'failed') {
        return { rule: 'request_uri_unavailable', problem: `cannot be read: ${answer.reason}` }
      }
      const text = Buffer.from(answer.body).toString('utf8').trim()
      if (saysWhatItAnswers(address, answer.body)) {
        const [oldest] = kept.keys()
        if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest)
        kept.set(name, text)
      }
      return text
    },
  }
}

function withoutFragment(address: string): string {
  return address.split('#', 1)[0] ?? address
}

/**
 * OpenID Connect Core §6.2: the fragment is the SHA-256 of the content, so the content at this address can never
 * change.
 */
function saysWhatItAnswers(address: string, body: Uint8Array): boolean {
  const digest = decodeBytes(address.slice(withoutFragment(address).length + 1))
  return digest !== null && Buffer.compare(digest, sha256(body)) === 0
}
