// Clients that are known by the address of a document about them: the document is fetched when the client asks for a
// person, kept as a record like all others, and read again when it is old.
// draft-ietf-oauth-client-id-metadata-document.

import { sha256 } from '../../credentials/digest.ts'
import { addressBucket } from '../../http/request/address.ts'
import type { Client, ClientRecord } from '../../model/client/client.ts'
import { asDocumentClient, metadataInDocument } from '../../model/client/document.ts'
import { sameMetadata } from '../../model/client/metadata.ts'
import { documentIdRefusal } from '../../model/client/registration-policy.ts'
import type { Seconds } from '../../model/time.ts'
import { newSecret } from '../../platform/random.ts'
import { documentIdProblem, isDocumentId } from '../../protocol/client-document.ts'
import { OAuthError } from '../../protocol/errors.ts'
import type { Store } from '../../store/store.ts'
import { forStranger, type RegistrationParts } from './parts.ts'
import { prepareClient } from './prepare.ts'

/**
 * Brings the record of such a client up to date with its document. Null: it is up to date, or the id names no document.
 * Otherwise: why the client cannot be used.
 */
export type ReadClientDocument = (clientId: string, address: string) => Promise<string | null>

export interface ClientDocumentParts extends RegistrationParts {
  readonly store: RegistrationParts['store'] & Pick<Store, 'findClient' | 'updateClient' | 'returnRegistration'>
}

/** §5.2: as long as the document's cache headers say, but within these bounds. */
const SHORTEST_FRESH: Seconds = 60
const LONGEST_FRESH: Seconds = 3_600
const FRESH_UNLESS_SAID: Seconds = 300
/** §5.2: an error is not cached as a document is, but a broken document is not fetched again for every request. */
const PROBLEM_FRESH: Seconds = 10
/** While the client's host does not answer, its last answer stays good for this long. */
const STALE: Seconds = 3_600
const MOST_KNOWN = 2_000
const HOUR: Seconds = 3_600
/** §6.6 advises five kilobytes. */
const MOST_BYTES = 10_240
const MILLISECONDS = 5_000
const MEDIA_TYPES = ['application/json', 'application/*+json']

interface Known {
  readonly freshUntil: Seconds
  readonly usableUntil: Seconds
  /** Null: the record agrees with the document. */
  readonly problem: string | null
}

export function createClientDocuments(parts: ClientDocumentParts): ReadClientDocument {
  const { clock, rules } = parts
  const known = new Map<string, Known>()
  const pending = new Map<string, Promise<Known>>()

  const read = async (
    asking: ClientDocumentParts,
    clientId: string,
    address: string,
    former: Known | undefined,
  ): Promise<Known> => {
    const answer = await fetched(asking, clientId, address)
    const now = clock.now()
    if ('client' in answer) {
      const problem = await stored(parts, answer.client, address)
      const fresh = Math.min(LONGEST_FRESH, Math.max(SHORTEST_FRESH, answer.maxAge ?? FRESH_UNLESS_SAID))
      if (problem === null) return { freshUntil: now + fresh, usableUntil: now + fresh + STALE, problem }
      return { freshUntil: now + PROBLEM_FRESH, usableUntil: 0, problem }
    }
    const isUsable = answer.isAbsent && former?.problem === null && now < former.usableUntil
    const problem = isUsable ? null : answer.problem
    // If one network may have nothing more fetched, that says nothing about the client, nor to others who want it.
    const fresh = answer.isUnasked ? 0 : PROBLEM_FRESH
    return { freshUntil: now + fresh, usableUntil: isUsable ? former.usableUntil : 0, problem }
  }

  return async (clientId, address) => {
    if (!isDocumentId(clientId)) return null
    const asking = forStranger(parts, addressBucket(address))
    const problem =
      documentIdProblem(clientId) ?? documentIdRefusal(rules, clientId) ?? asking.outbound.problemOf(clientId)
    if (problem !== null) return `the client_id ${problem}`
    const former = known.get(clientId)
    if (former !== undefined && clock.now() < former.freshUntil) return former.problem
    const underWay =
      pending.get(clientId) ?? read(asking, clientId, address, former).finally(() => pending.delete(clientId))
    pending.set(clientId, underWay)
    const now = await underWay
    const [oldest] = known.keys()
    if (known.size >= MOST_KNOWN && oldest !== undefined) known.delete(oldest)
    known.delete(clientId)
    known.set(clientId, now)
    return now.problem
  }
}

type Fetched =
  | { readonly client: Client; readonly maxAge: Seconds | null }
  /** `isAbsent`: nobody answered, which says nothing about the client itself. */
  | { readonly problem: string; readonly isAbsent: boolean; readonly isUnasked: boolean }

async function fetched(parts: ClientDocumentParts, clientId: string, address: string): Promise<Fetched> {
  const { rules, store, clock, outbound } = parts
  const record = await store.findClient(clientId)
  const unusable = (problem: string, { isAbsent = false, isUnasked = false } = {}) => ({ problem, isAbsent, isUnasked })
  // Checked before anything is fetched on behalf of a stranger.
  const since = clock.now() - HOUR
  if (record === null && (await store.countRegistrations(addressBucket(address), since)) >= rules.perAddress) {
    return unusable('this network has brought registration.perAddress new clients within an hour', { isUnasked: true })
  }
  // §5.1: a redirect is an error.
  const limits = { mediaTypes: MEDIA_TYPES, mostBytes: MOST_BYTES, milliseconds: MILLISECONDS }
  const answer = await outbound.ask({ url: clientId, ...limits })
  if (answer.kind === 'failed') {
    return unusable(`its document cannot be had: ${answer.reason}`, {
      isAbsent: ABSENT.has(answer.why),
      isUnasked: answer.why === 'busy' || answer.why === 'limited',
    })
  }
  const metadata = metadataInDocument(clientId, answer.body)
  if (typeof metadata === 'string') return unusable(`its document ${metadata}`)
  const former = record === null ? null : { client: record.client, softwareStatement: null }
  try {
    const { client } = await prepareClient(parts, clientId, metadata, DOCUMENT_CEILING, former)
    return { client: asDocumentClient(client), maxAge: answer.maxAge }
  } catch (error) {
    if (error instanceof OAuthError) return unusable(`its document is refused: ${error.outcome.reason}`)
    throw error
  }
}

const ABSENT = new Set<string>(['unresolved', 'unreachable', 'too_slow', 'busy', 'limited'])

/**
 * In addition to the operator's policy: a client whose metadata everybody can read keeps no secret, and gets tokens by
 * a code only.
 */
const DOCUMENT_CEILING = {
  authMethods: ['none', 'private_key_jwt'],
  responseTypes: ['code'],
  grantTypes: ['authorization_code', 'refresh_token'],
} as const

/** Null: it has been stored. */
async function stored(parts: ClientDocumentParts, client: Client, address: string): Promise<string | null> {
  const { store, clock } = parts
  const { client_id: clientId } = client
  for (let attempt = 0; attempt < 3; attempt++) {
    const record = await store.findClient(clientId)
    if (record === null) {
      const limit = await added(parts, client, addressBucket(address))
      if (limit === 'there') continue
      return limit === null ? null : `there are too many clients of this kind (${LIMITS[limit]})`
    }
    if (sameMetadata(record.client, client)) return null
    // The operator has approved the client as it was, not as it is now.
    const state = { enabled: record.enabled, version: record.version, killIssued: becamePublic(record, client) }
    const event = { type: 'client_updated' as const, at: clock.now(), clientId, detail: { settings: 'its document' } }
    if ((await store.updateClient(client, state, event)) === 'updated') return null
  }
  return 'its record is being changed by somebody else'
}

const LIMITS = { address: 'registration.perAddress', open: 'registration.mostDocuments' }

function becamePublic({ client: former }: ClientRecord, client: Client): boolean {
  return former.token_endpoint_auth_method !== 'none' && client.token_endpoint_auth_method === 'none'
}

async function added(
  { rules, store, clock }: ClientDocumentParts,
  client: Client,
  address: string,
): Promise<'there' | 'address' | 'open' | null> {
  const at = clock.now()
  const limits = { since: at - HOUR, mostOfAddress: rules.perAddress, mostOpen: rules.mostDocuments }
  const detail = { name: client.client_name, address, document: true }
  const event = { type: 'client_registered' as const, at, clientId: client.client_id, detail }
  const registration = {
    client,
    secret: { hash: null, sealed: null },
    logo: null,
    // Nobody has this token: the document is the only way to change such a client.
    tokenHash: sha256(newSecret()),
    policy: {},
    softwareStatement: null,
    initialTokenId: null,
    address,
  }
  const returned = await store.returnRegistration(registration, limits, event)
  if (returned === 'added') return null
  const result = returned === 'client' ? await store.addRegistration(registration, limits, event) : returned
  if (result === 'added') return null
  return result === 'address' || result === 'open' ? result : 'there'
}
