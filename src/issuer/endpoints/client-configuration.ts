// The client configuration endpoint: a registered client reads, changes or removes itself. RFC 7592 §2.

import { digestClientSecret, keptOfSecret, newClientSecret } from '../../credentials/client-secret.ts'
import { sameBytes, sha256 } from '../../credentials/digest.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { addressBucket } from '../../http/request/address.ts'
import type { RouteEndpoint } from '../../http/routing/route.ts'
import { type Client, hasSecret, isConfidential, needsSecretItself } from '../../model/client/client.ts'
import { type Metadata, sameMetadata } from '../../model/client/metadata.ts'
import { newSecret } from '../../platform/random.ts'
import { bearerFrom, invalidToken } from '../../protocol/bearer.ts'
import { invalidRequest, OAuthError } from '../../protocol/errors.ts'
import type { Registration } from '../../store/verbs/registrations.ts'
import { assertMayChange } from '../registration/change-limit.ts'
import { clientInformation } from '../registration/client-information.ts'
import { forStranger, type RegistrationParts } from '../registration/parts.ts'
import { prepareClient } from '../registration/prepare.ts'
import { readMetadata } from '../registration/read-metadata.ts'

interface Own {
  readonly registration: Registration
  readonly token: string
  readonly tokenHash: Uint8Array
}

export function clientConfigurationEndpoint(parts: RegistrationParts): RouteEndpoint {
  return async (request, { id = '' }) => {
    const own = await ownRegistration(parts, request, id)
    switch (request.method) {
      case 'PUT':
        return update(parts, request, own)
      case 'DELETE':
        return remove(parts, own)
      default:
        return read(parts, own)
    }
  }
}

/**
 * RFC 7592 §2: the token must be this client's own. The answer is the same for a client that never existed, is gone, is
 * disabled, or has another token.
 */
async function ownRegistration({ store }: RegistrationParts, request: HttpRequest, clientId: string): Promise<Own> {
  const token = bearerFrom(['header'], request.headers['authorization'], null, null)
  if (token === null) {
    throw new OAuthError({
      error: 'invalid_token',
      status: 401,
      description: 'The registration access token is required',
      rule: 'registration_access_token_missing',
      clause: 'RFC 7592 §2',
      headers: { 'www-authenticate': 'Bearer' },
    })
  }
  const registration = await store.findRegistration(clientId)
  const tokenHash = sha256(token)
  const known = registration?.tokenHash ?? null
  if (registration === null || known === null || !sameBytes(known, tokenHash)) {
    throw invalidToken(
      'registration_access_token_invalid',
      'the registration access token is not the one of this client',
    )
  }
  if (!registration.record.enabled) {
    throw invalidToken('registration_access_token_invalid', 'the client is disabled').about(clientId)
  }
  return { registration, token, tokenHash }
}

/** RFC 7592 §2.1: reading changes nothing; the registration access token stays the same. */
function read({ addresses }: RegistrationParts, { registration, token }: Own): HttpReply {
  const { record, softwareStatement } = registration
  const { client, createdAt } = record
  const information = { client, createdAt, softwareStatement, registrationAccessToken: token, secret: null }
  return {
    ...clientInformation(200, addresses, information),
    outcome: {
      rule: 'client_configuration_read',
      clause: 'RFC 7592 §2.1',
      reason: 'the client read its registration',
      clientId: client.client_id,
    },
  }
}

/** RFC 7592 §2.2: replaces all that the client has said about itself; its registration access token is replaced too. */
async function update(parts: RegistrationParts, request: HttpRequest, own: Own): Promise<HttpReply> {
  const { store, clock, master, addresses } = parts
  const { record, policy, softwareStatement: formerStatement } = own.registration
  const former = record.client
  const { client_id: clientId } = former
  const metadata = readMetadata(request)
  assertOwnIdentity(parts, own.registration, metadata)
  await assertMayChange(parts, own.registration, request.peer.address)
  // Approved clients are treated as strangers here too: nobody has seen what this one says now.
  const asking = forStranger(parts, addressBucket(request.peer.address))
  const formerly = { client: former, softwareStatement: formerStatement }
  const {
    client: prepared,
    logo,
    softwareStatement,
  } = await prepareClient(asking, clientId, metadata, policy, formerly)
  // Another picture may lie at the same address by now. It is fetched again where there was none before.
  const isSame =
    softwareStatement === formerStatement && sameMetadata(former, prepared) && former.logo === prepared.logo
  // The operator has approved the client as it was, not as it is now.
  const client = isSame ? { ...prepared, verified: former.verified } : prepared
  const needsNew =
    hasSecret(client) && (record.secretHash === null || (needsSecretItself(client) && record.sealedSecret === null))
  const secret = needsNew ? newClientSecret() : null
  const losesSecret = !hasSecret(client) && record.secretHash !== null
  const registrationAccessToken = newSecret()
  const result = await store.updateRegistration(
    {
      client,
      version: record.version,
      formerTokenHash: own.tokenHash,
      tokenHash: sha256(registrationAccessToken),
      softwareStatement,
      ...((secret !== null || losesSecret) && { secret: keptOfSecret(master, client, secret) }),
      ...(logo !== undefined && { logo }),
      // A client that becomes public proves nothing any more, so whoever holds what was issued to it could use it: that
      // ends.
      killIssued: isConfidential(former) && !isConfidential(client),
      forgetConsents: !looksSame(former, client),
    },
    { type: 'client_updated', at: clock.now(), clientId, detail: { by: 'client' } },
  )
  if (result === 'changed') throw changedMeanwhile(clientId)
  const kept = typeof metadata['client_secret'] === 'string' && secret === null ? metadata['client_secret'] : secret
  const information = { client, createdAt: record.createdAt, softwareStatement, registrationAccessToken, secret: kept }
  return {
    ...clientInformation(200, addresses, information),
    outcome: {
      rule: 'client_updated',
      clause: 'RFC 7592 §2.2',
      reason: 'the client changed its registration',
      clientId,
    },
  }
}

/** RFC 7592 §2.2: the client says who it is, and cannot choose to become somebody else. */
function assertOwnIdentity({ master }: RegistrationParts, { record }: Registration, metadata: Metadata): void {
  const notOwn = (description: string) =>
    invalidRequest('registration_identity', 'RFC 7592 §2.2', description).about(record.client.client_id)
  if (metadata['client_id'] !== record.client.client_id) throw notOwn('client_id must be the one of this client')
  const name = ISSUED.find((each) => Object.hasOwn(metadata, each))
  if (name !== undefined) throw notOwn(`${name} must not be sent`)
  if (!Object.hasOwn(metadata, 'client_secret')) return
  const { client_secret: secret } = metadata
  const { secretHash } = record
  const isOwn =
    typeof secret === 'string' && secretHash !== null && sameBytes(digestClientSecret(master, secret), secretHash)
  if (!isOwn) throw notOwn('client_secret must be the one that was issued')
}

const ISSUED = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
]

/** Whether a person would see the same before saying yes, and the answer would go to the same place. */
function looksSame(former: Client, client: Client): boolean {
  const seen = ({ client_name, names, logo, client_uri, policy_uri, tos_uri, redirect_uris }: Client) =>
    JSON.stringify([client_name, names, logo, client_uri, policy_uri, tos_uri, redirect_uris])
  return seen(former) === seen(client)
}

function changedMeanwhile(clientId: string): OAuthError {
  return new OAuthError({
    error: 'temporarily_unavailable',
    status: 409,
    description: 'The client is being changed by somebody else; read it and try again',
    rule: 'registration_changed',
    clause: 'RFC 9110 §15.5.10',
  }).about(clientId)
}

/** RFC 7592 §2.3: the client, its tokens and what people agreed to are gone at once. */
async function remove({ store, clock }: RegistrationParts, { registration }: Own): Promise<HttpReply> {
  const { client_id: clientId } = registration.record.client
  await store.removeClient(clientId, { type: 'client_removed', at: clock.now(), clientId, detail: { by: 'client' } })
  return {
    status: 204,
    headers: { 'cache-control': 'no-store', pragma: 'no-cache' },
    body: '',
    outcome: { rule: 'client_removed', clause: 'RFC 7592 §2.3', reason: 'the client removed itself', clientId },
  }
}
