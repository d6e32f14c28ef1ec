// The device authorization endpoint. RFC 8628 §3.1: a device without a browser gets a code to ask for tokens with, and a
// short one to show, which somebody types in a browser elsewhere.

import { sha256 } from '../../credentials/digest.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import { hashUserCode, newUserCode, readUserCode } from '../../credentials/user-code.ts'
import type { Endpoint } from '../../http/message.ts'
import { json } from '../../http/reply/replies.ts'
import { addressBucket } from '../../http/request/address.ts'
import { readForm } from '../../http/request/form.ts'
import { type Client, type ClientRecord, DEVICE_CODE, isStranger } from '../../model/client/client.ts'
import type { AuthorizationRequest } from '../../model/interaction.ts'
import type { Seconds } from '../../model/time.ts'
import { newSecret } from '../../platform/random.ts'
import { OAuthError } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { assertSingle } from '../../protocol/single.ts'
import type { ClientVerbs } from '../../store/verbs/clients.ts'
import type { DeviceRequestVerbs } from '../../store/verbs/device-requests.ts'
import type { InteractionLimits } from '../../store/verbs/interactions.ts'
import { type AuthenticationParts, authenticateClient } from '../client-authentication/authenticate.ts'
import { readCredentials } from '../client-authentication/credentials.ts'
import { unauthorizedClient } from '../grant-types/grant-type.ts'
import { POLL_INTERVAL } from '../tokens/poll-pace.ts'

export interface DeviceAuthorizationParts {
  readonly authentication: AuthenticationParts
  readonly store: DeviceRequestVerbs & Pick<ClientVerbs, 'findClient'>
  readonly master: MasterKey
  /** Where people type the code. */
  readonly verificationUri: string
  readonly lifetimes: { readonly deviceCode: Seconds }
  readonly limits: Pick<InteractionLimits, 'perAddress' | 'totalBytes'>
  /** What the device asks for. Throws `OAuthError`. */
  readonly readDeviceRequest: (client: ClientRecord, form: Parameters) => Promise<AuthorizationRequest>
}

export function deviceAuthorizationEndpoint(parts: DeviceAuthorizationParts): Endpoint {
  const { authentication, store, verificationUri, lifetimes } = parts
  return async (request) => {
    const form = readForm(request)
    assertSingle(form, 'RFC 8628 §3.1', ['resource'])
    const { address } = request.peer
    const find = async (clientId: string) => {
      const client = await store.findClient(clientId)
      return client === null ? null : { client }
    }
    const credentials = readCredentials(request.headers['authorization'], form)
    const { client: record } = await authenticateClient(authentication, credentials, find, address)
    const { client } = record
    assertMay(client)
    const asked = await parts.readDeviceRequest(record, form)
    const deviceCode = newSecret()
    const userCode = await added(parts, client, asked, { deviceCode, address })
    return {
      // RFC 8628 §3.2
      ...json(200, {
        device_code: deviceCode,
        user_code: userCode,
        verification_uri: verificationUri,
        verification_uri_complete: `${verificationUri}?user_code=${userCode}`,
        expires_in: lifetimes.deviceCode,
        interval: POLL_INTERVAL,
      }),
      outcome: {
        rule: 'device_authorized',
        clause: 'RFC 8628 §3.2',
        reason: 'the device shows its code, and waits for somebody to answer',
        clientId: client.client_id,
      },
    }
  }
}

/** RFC 8628 §5.4: whoever answers sees only what the client says it is, so somebody here must know who runs it. */
function assertMay(client: Client): void {
  if (!client.grant_types.includes(DEVICE_CODE)) throw unauthorizedClient(DEVICE_CODE)
  if (client.verified) return
  throw new OAuthError({
    error: 'unauthorized_client',
    description: 'The client may not use this grant_type before it has been verified',
    rule: 'device_client_unverified',
    clause: 'RFC 8628 §5.4',
  })
}

/** So many user codes are free that the second try is one in millions. */
const TRIES = 5

async function added(
  { store, master, authentication, lifetimes, limits }: DeviceAuthorizationParts,
  client: Client,
  request: AuthorizationRequest,
  { deviceCode, address }: { readonly deviceCode: string; readonly address: string },
): Promise<string> {
  const now = authentication.clock.now()
  const validUntil = now + lifetimes.deviceCode
  const times = { createdAt: now, validUntil, expiresAt: validUntil + lifetimes.deviceCode }
  const bucket = isStranger(client) ? addressBucket(address) : null
  for (let tried = 0; tried < TRIES; tried++) {
    const userCode = newUserCode()
    const userCodeHash = hashUserCode(master, readUserCode(userCode) ?? '')
    const device = { deviceHash: sha256(deviceCode), userCodeHash, request, ...times }
    if (await store.addDeviceRequest(device, bucket, limits)) return userCode
  }
  throw new OAuthError({
    error: 'temporarily_unavailable',
    status: 503,
    description: 'No free code was found, try again',
    rule: 'user_codes_taken',
    clause: 'RFC 8628 §6.1',
    headers: { 'retry-after': '1' },
  })
}
