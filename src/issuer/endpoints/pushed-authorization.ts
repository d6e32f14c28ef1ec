// The pushed authorization request endpoint. RFC 9126 §2: a client sends its request here, proves itself, and gets a
// reference with which it sends the browser. Nobody on the way can read or change what it asks for.

import { sha256 } from '../../credentials/digest.ts'
import type { Endpoint } from '../../http/message.ts'
import { json } from '../../http/reply/replies.ts'
import { addressBucket } from '../../http/request/address.ts'
import { readForm } from '../../http/request/form.ts'
import { type ClientRecord, isStranger, scriptOrigins } from '../../model/client/client.ts'
import type { PushedRequest } from '../../model/pushed-request.ts'
import type { Seconds } from '../../model/time.ts'
import { newSecret } from '../../platform/random.ts'
import { invalidRequest } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { requestUriOf } from '../../protocol/pushed-request.ts'
import { assertSingle } from '../../protocol/single.ts'
import type { ClientVerbs } from '../../store/verbs/clients.ts'
import type { InteractionLimits } from '../../store/verbs/interactions.ts'
import type { PushedRequestVerbs } from '../../store/verbs/pushed-requests.ts'
import { type AuthenticationParts, authenticateClient } from '../client-authentication/authenticate.ts'
import { invalidClient, readCredentials } from '../client-authentication/credentials.ts'
import { type ProofParts, provenKey } from '../tokens/proven-key.ts'

export interface PushedAuthorizationParts {
  /** The endpoint as it is published. */
  readonly url: string
  readonly authentication: AuthenticationParts
  readonly proofs: ProofParts
  readonly store: PushedRequestVerbs & Pick<ClientVerbs, 'findClient'>
  readonly lifetimes: { readonly pushedRequest: Seconds; readonly interaction: Seconds }
  readonly limits: Pick<InteractionLimits, 'perAddress' | 'totalBytes'>
  /** What the request asks for. Throws `OAuthError` for what the authorization endpoint would refuse. */
  readonly checkPushed: (client: ClientRecord, form: Parameters) => Promise<PushedRequest['parameters']>
  /** Brings a client that is known by a document up to date; why it cannot be used, or null. */
  readonly readClientDocument: (clientId: string, address: string) => Promise<string | null>
}

export function pushedAuthorizationEndpoint(parts: PushedAuthorizationParts): Endpoint {
  const { url, authentication, store, lifetimes, limits } = parts
  return async (request) => {
    const form = readForm(request)
    assertSingle(form, 'RFC 9126 §2.1', ['resource'])
    const { address } = request.peer
    const find = async (clientId: string) => {
      const unusable = await parts.readClientDocument(clientId, address)
      if (unusable !== null) throw invalidClient('client_document_unusable', unusable)
      const client = await store.findClient(clientId)
      return client === null ? null : { client }
    }
    const credentials = readCredentials(request.headers['authorization'], form)
    const { client: record } = await authenticateClient(authentication, credentials, find, address)
    const { client } = record
    const asked = await parts.checkPushed(record, form)
    const parameters = boundTo(await provenKey(parts.proofs, request, { url }), asked)
    const reference = newSecret()
    const now = authentication.clock.now()
    const validUntil = now + lifetimes.pushedRequest
    await store.addPushedRequest(
      {
        referenceHash: sha256(reference),
        clientId: client.client_id,
        parameters,
        createdAt: now,
        validUntil,
        expiresAt: validUntil + lifetimes.interaction,
      },
      isStranger(client) ? addressBucket(address) : null,
      limits,
    )
    return {
      // RFC 9126 §2.2
      ...json(201, { request_uri: requestUriOf(reference), expires_in: lifetimes.pushedRequest }),
      origins: scriptOrigins(client),
      outcome: {
        rule: 'request_pushed',
        clause: 'RFC 9126 §2.2',
        reason: 'the request was kept for the browser that is to bring its reference',
        clientId: client.client_id,
      },
    }
  }
}

/** RFC 9449 §10.1: a proof sent with a request says the same as the parameter, and must not contradict it. */
function boundTo(key: string | null, asked: PushedRequest['parameters']): PushedRequest['parameters'] {
  if (key === null) return asked
  const named = asked.find(([name]) => name === 'dpop_jkt')
  if (named === undefined) return [...asked, ['dpop_jkt', key]]
  if (named[1] === key) return asked
  throw invalidRequest('dpop_key_differs', 'RFC 9449 §10.1', 'dpop_jkt names another key than the DPoP proof')
}
