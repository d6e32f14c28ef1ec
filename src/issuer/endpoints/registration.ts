// The client registration endpoint. RFC 7591 §3, OpenID Connect Registration §3: who may, what it says, what it becomes.

import { keptOfSecret, newClientSecret } from '../../credentials/client-secret.ts'
import { sha256 } from '../../credentials/digest.ts'
import type { Endpoint, HttpReply, HttpRequest } from '../../http/message.ts'
import { addressBucket } from '../../http/request/address.ts'
import { hasSecret } from '../../model/client/client.ts'
import type { Seconds } from '../../model/time.ts'
import { newClientId, newSecret } from '../../platform/random.ts'
import { bearerFrom, invalidToken } from '../../protocol/bearer.ts'
import { OAuthError } from '../../protocol/errors.ts'
import type { InitialAccessToken } from '../../store/verbs/initial-access-tokens.ts'
import { clientInformation } from '../registration/client-information.ts'
import { forStranger, type RegistrationParts } from '../registration/parts.ts'
import { prepareClient } from '../registration/prepare.ts'
import { readMetadata } from '../registration/read-metadata.ts'

const HOUR: Seconds = 3_600

export function registrationEndpoint(parts: RegistrationParts): Endpoint {
  return async (request) => {
    const initial = await initialAccess(parts, request)
    return await register(parts, request, initial)
  }
}

/** RFC 7591 §3: the initial access token, if one is required or was sent. Null: the client came without one. */
async function initialAccess(
  { rules, store, clock }: RegistrationParts,
  request: HttpRequest,
): Promise<InitialAccessToken | null> {
  const { authorization } = request.headers
  const token = bearerFrom(['header'], authorization, null, null)
  if (token === null && rules.access === 'open' && authorization === undefined) return null
  if (token === null) {
    throw new OAuthError({
      error: 'invalid_token',
      status: 401,
      description: 'An initial access token is required',
      rule: 'initial_access_token_missing',
      clause: 'RFC 7591 §3',
      headers: { 'www-authenticate': 'Bearer' },
    })
  }
  const found = await store.findInitialAccessToken(sha256(token), clock.now())
  if (found === null) {
    throw invalidToken('initial_access_token_invalid', 'the initial access token is unknown, expired, revoked or spent')
  }
  return found
}

async function register(
  parts: RegistrationParts,
  request: HttpRequest,
  initial: InitialAccessToken | null,
): Promise<HttpReply> {
  const { rules, store, clock, master, addresses } = parts
  const address = addressBucket(request.peer.address)
  const limits = { since: clock.now() - HOUR, mostOfAddress: rules.perAddress, mostOpen: rules.most }
  // Checked before anything is fetched on behalf of a stranger.
  if (initial === null && (await store.countRegistrations(address, limits.since)) >= rules.perAddress) throw tooMany()
  const clientId = newClientId()
  const policy = initial?.policy ?? {}
  const {
    client,
    logo = null,
    softwareStatement,
  } = await prepareClient(
    // An initial access token lets a client in, but does not say who runs it.
    forStranger(parts, initial === null ? address : `token ${initial.tokenId}`),
    clientId,
    readMetadata(request),
    policy,
    null,
  )
  const secret = hasSecret(client) ? newClientSecret() : null
  const registrationAccessToken = newSecret()
  const at = clock.now()
  const result = await store.addRegistration(
    {
      client,
      secret: keptOfSecret(master, client, secret),
      logo,
      tokenHash: sha256(registrationAccessToken),
      policy,
      softwareStatement,
      initialTokenId: initial?.tokenId ?? null,
      address,
    },
    limits,
    {
      type: 'client_registered',
      at,
      clientId,
      detail: { name: client.client_name, address, initialAccessToken: initial?.tokenId ?? null },
    },
  )
  if (result === 'token')
    throw invalidToken('initial_access_token_invalid', 'the initial access token was spent meanwhile')
  if (result !== 'added') throw tooMany(result)
  const information = { client, createdAt: at, softwareStatement, registrationAccessToken, secret }
  const outcome = {
    rule: 'client_registered',
    clause: 'RFC 7591 §3.2.1',
    reason: 'the client registered itself',
    clientId,
  }
  return { ...clientInformation(201, addresses, information), outcome }
}

/** RFC 7591 §5: whoever may register at all must not be able to fill the disk. */
function tooMany(limit: 'address' | 'open' = 'address'): OAuthError {
  const reason =
    limit === 'address'
      ? 'this network has registered registration.perAddress clients within an hour'
      : 'there are registration.most clients that registered without an initial access token'
  return new OAuthError({
    error: 'temporarily_unavailable',
    status: 429,
    description: 'Too many clients have registered; try again later',
    rule: 'registration_limited',
    clause: 'RFC 7591 §5',
    reason,
    headers: { 'retry-after': String(HOUR) },
  })
}
