// How often registered clients may change themselves. Each change fetches documents and writes rows, and whoever may
// register at all must not be able to keep a server busy. RFC 7591 §5.

import { sha256 } from '../../credentials/digest.ts'
import { addressBucket } from '../../http/request/address.ts'
import type { Seconds } from '../../model/time.ts'
import { OAuthError } from '../../protocol/errors.ts'
import type { Registration } from '../../store/verbs/registrations.ts'
import type { RegistrationParts } from './parts.ts'

/** More than a client that is being set up needs. */
const MOST_OF_CLIENT = 20
const HOUR: Seconds = 3_600

/**
 * Counts one change, whether it succeeds or not, against the client, and against its network where nobody let it
 * register. The count is the same on all nodes. Throws 429.
 */
export async function assertMayChange(
  { rules, store, clock }: RegistrationParts,
  { record, initialTokenId }: Registration,
  address: string,
): Promise<void> {
  const { client_id: clientId } = record.client
  const within = { window: HOUR, wait: HOUR, longest: HOUR }
  const own = { ...within, keyHash: keyOf('client', clientId), free: MOST_OF_CLIENT }
  // A network may make as many changes as it may register clients.
  const network = { ...within, keyHash: keyOf('network', addressBucket(address)), free: rules.perAddress }
  const charged = await store.chargeAttempts(initialTokenId === null ? [own, network] : [own], clock.now())
  if (charged.charged) return
  const reason =
    charged.place === 0
      ? `the client has changed itself ${MOST_OF_CLIENT} times within an hour`
      : 'this network has made registration.perAddress changes within an hour'
  throw new OAuthError({
    error: 'temporarily_unavailable',
    status: 429,
    description: 'Too many changes of registrations; try again later',
    rule: 'registration_change_limited',
    clause: 'RFC 7591 §5',
    reason,
    headers: { 'retry-after': String(HOUR) },
  }).about(clientId)
}

function keyOf(kind: string, name: string): Uint8Array {
  return sha256(JSON.stringify(['registration change', kind, name]))
}
