// The public keys of clients: from the record, or from the address where the client publishes them. Published keys are
// fetched through the guarded client, kept for minutes, and fetched again when a key is named that is not among them.

import type { OutboundClient } from '../../http/outbound/client.ts'
import { onBehalfOf } from '../../http/outbound/on-behalf.ts'
import type { Client } from '../../model/client/client.ts'
import type { Seconds } from '../../model/time.ts'
import type { Clock } from '../../platform/clock.ts'
import { type AsymmetricAlgorithm, keysFor, keysOf, type PublicJwk, readPublicJwk } from '../../protocol/jwk.ts'

interface KeyNotFound {
  readonly rule: 'assertion_key_unknown' | 'assertion_key_ambiguous' | 'client_keys_unavailable'
  readonly reason: string
}

/** A client that has registered keys, or publishes them. */
export type KeyOwner = Pick<Client, 'client_id' | 'jwks' | 'jwks_uri' | 'verified'>

export interface ClientKeys {
  /**
   * Those of the owner's keys that `wanted` picks, or why they cannot be read now. Fetches anew where none is picked.
   */
  among(
    client: KeyOwner,
    wanted: (keys: readonly PublicJwk[]) => readonly PublicJwk[],
  ): Promise<readonly PublicJwk[] | string>
  /** The one key that a signature with this header comes from. RFC 7515 §4.1.4. */
  find(client: KeyOwner, algorithm: AsymmetricAlgorithm, kid: string | null): Promise<PublicJwk | KeyNotFound>
}

/** The longest time for which a key that was removed from the set still verifies something. */
const LONGEST_FRESH: Seconds = 300
const SHORTEST_FRESH: Seconds = 30
/** While the client's host does not answer, its last answer stays good for this long. */
const STALE: Seconds = 3_600
/** A key rotated just now is found at once, and a flood of unknown keys costs three requests a minute. */
const COOL_DOWN: Seconds = 60
const MOST_ASKED = 3
const MOST_BYTES = 65_536
const MOST_KEYS = 100
const MOST_PLACES = 1_000
const MILLISECONDS = 5_000
const MEDIA_TYPES = ['application/json', 'application/jwk-set+json', 'text/plain', 'application/*+json']

interface Place {
  keys: readonly PublicJwk[]
  freshUntil: Seconds
  usableUntil: Seconds
  /** The times within the last minute at which the address was asked. */
  asked: readonly Seconds[]
  pending: Promise<void> | null
  /** Why the last answer could not be used. */
  problem: string | null
}

export function createClientKeys(outbound: OutboundClient, clock: Clock): ClientKeys {
  // One entry for each client, so that what one client does with its address changes nothing for another.
  const places = new Map<string, Place>()

  const placeOf = ({ client_id }: KeyOwner, uri: string): Place => {
    const name = `${client_id} ${uri}`
    const known = places.get(name)
    if (known !== undefined) return known
    const [oldest] = places.keys()
    if (places.size >= MOST_PLACES && oldest !== undefined) places.delete(oldest)
    const made: Place = { keys: [], freshUntil: 0, usableUntil: 0, asked: [], pending: null, problem: null }
    places.set(name, made)
    return made
  }

  const refetch = async (place: Place, owner: KeyOwner, url: string) => {
    const answer = await onBehalfOf(owner, 'keys', outbound).ask({
      url,
      mediaTypes: MEDIA_TYPES,
      mostBytes: MOST_BYTES,
      milliseconds: MILLISECONDS,
    })
    const read = answer.kind === 'failed' ? answer.reason : readKeys(answer.body)
    const now = clock.now()
    if (typeof read === 'string' || answer.kind === 'failed') {
      place.problem = typeof read === 'string' ? read : null
      return
    }
    const fresh = Math.min(LONGEST_FRESH, Math.max(SHORTEST_FRESH, answer.maxAge ?? LONGEST_FRESH))
    Object.assign(place, { keys: read, freshUntil: now + fresh, usableUntil: now + fresh + STALE, problem: null })
  }

  /** The published keys that `wanted` picks; fetches anew when there is none, or when the answer is old. */
  const published = async (
    client: KeyOwner,
    uri: string,
    wanted: (keys: readonly PublicJwk[]) => readonly PublicJwk[],
  ) => {
    const place = placeOf(client, uri)
    const now = clock.now()
    if (now < place.freshUntil && wanted(place.keys).length > 0) return wanted(place.keys)
    const recently = place.asked.filter((at) => now - at < COOL_DOWN)
    if (place.pending === null && recently.length < MOST_ASKED) {
      place.asked = [...recently, now]
      place.pending = refetch(place, client, uri).finally(() => {
        place.pending = null
      })
    }
    await place.pending
    return now < place.usableUntil ? wanted(place.keys) : (place.problem ?? 'it was asked too often within a minute')
  }

  const among: ClientKeys['among'] = async (client, wanted) =>
    client.jwks_uri === null ? wanted(client.jwks?.keys ?? []) : published(client, client.jwks_uri, wanted)

  return {
    among,
    async find(client, algorithm, kid) {
      const found = await among(client, (keys) => keysFor(keys, algorithm, kid))
      if (typeof found === 'string')
        return { rule: 'client_keys_unavailable', reason: `jwks_uri is of no use: ${found}` }
      const [key, ...others] = found
      const named = kid === null ? '' : ' of this kid'
      if (key === undefined) {
        return { rule: 'assertion_key_unknown', reason: `no published key${named} verifies ${algorithm}` }
      }
      if (others.length === 0) return key
      return { rule: 'assertion_key_ambiguous', reason: `several published keys${named} verify ${algorithm}` }
    },
  }
}

/** Keys that are private, weak or unknown are left out; the rest of the set stays usable. */
function readKeys(body: Uint8Array): readonly PublicJwk[] | string {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(body))
  } catch {
    return 'the answer is no JSON'
  }
  const given = keysOf(value)
  if (given === null) return 'the answer is no JWK set'
  if (given.length > MOST_KEYS) return `the answer holds more than ${MOST_KEYS} keys`
  return given.flatMap((one) => {
    const read = readPublicJwk(one)
    return 'key' in read ? [read.key] : []
  })
}
