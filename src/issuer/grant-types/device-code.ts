// The device authorization grant: the device asks again and again until somebody has answered. RFC 8628 §3.4, §3.5

import { sha256 } from '../../credentials/digest.ts'
import { DEVICE_CODE } from '../../model/client/client.ts'
import { invalidGrant, invalidRequest, OAuthError } from '../../protocol/errors.ts'
import type { DeviceRequestVerbs, FoundDeviceRequest } from '../../store/verbs/device-requests.ts'
import type { FoundGrant } from '../../store/verbs/tokens.ts'
import { type FirstAnswerParts, mintFirst } from '../tokens/first-answer.ts'
import { withIdTokenEncrypted } from '../tokens/mint.ts'
import type { PollPace } from '../tokens/poll-pace.ts'
import { type ResourceReads, resourceAsked, resourceChanged } from '../tokens/resource-asked.ts'
import { familyKeyOf, type GrantType, type TokenRequest } from './grant-type.ts'

export interface DeviceCodeParts extends FirstAnswerParts {
  readonly store: DeviceRequestVerbs & ResourceReads
  readonly pace: PollPace
}

export function deviceCodeGrant(parts: DeviceCodeParts): GrantType {
  const { store } = parts
  return {
    name: DEVICE_CODE,
    async find(clientId, parameters) {
      const presented = parameters.get('device_code')
      const hash = sha256(presented ?? '')
      const found = await store.findClientWithDeviceCode(clientId, hash)
      if (found === null) return null
      return {
        client: found.client,
        async redeem(request) {
          if (presented === undefined) {
            throw invalidRequest('device_code_missing', 'RFC 8628 §3.4', 'device_code is required')
          }
          const allowed = allowedNow(parts, found.device, request, hash)
          const { issuer } = parts.mint
          const resource = await resourceAsked({ store, issuer }, request.client, parameters, allowed.grant.resources)
          const { client, key, now } = request
          const familyKey = familyKeyOf(request)
          const minted = mintFirst(parts, { client, found: allowed, resource, nonce: null, key, familyKey, now })
          const response = await withIdTokenEncrypted(parts.mint, request.client, minted.response)
          if (await store.redeemDeviceCode(hash, minted.accessToken, minted.refreshToken, request.now)) return response
          // Another request was faster, or something has changed meanwhile.
          const again = (await store.findClientWithDeviceCode(clientId, hash))?.device ?? null
          allowedNow(parts, again, request, hash)
          throw resource === null ? usedUp() : resourceChanged(resource)
        },
      }
    },
  }
}

/** What was allowed, if it holds and has not been fetched. Throws for everything else, in the words of RFC 8628 §3.5. */
function allowedNow(
  { pace }: DeviceCodeParts,
  device: FoundDeviceRequest | null,
  { client, now }: TokenRequest,
  hash: Uint8Array,
): FoundGrant {
  if (device === null)
    throw invalidGrant('device_code_unknown', 'RFC 8628 §3.5', 'no such device code, or long expired')
  // A device code of another client is treated as unknown: nothing about it is told, and nothing is changed.
  if (device.clientId !== client.client.client_id) {
    throw invalidGrant('device_code_of_other_client', 'RFC 8628 §3.4', 'the device code was given to another client')
  }
  if (device.consumedAt !== null) throw usedUp()
  if (device.deniedAt !== null) {
    throw deviceError('access_denied', 'The user refused', 'user_refused', 'somebody said no on another device')
  }
  if (device.validUntil <= now) {
    throw deviceError('expired_token', 'The device code has expired; begin again', 'device_code_expired')
  }
  if (device.allowed === null) throw pace.isTooFast(hash) ? tooFast() : pending()
  const { state } = device.allowed
  if (state !== 'live') throw invalidGrant(state, 'RFC 6749 §5.2', `the authorization no longer holds: ${state}`)
  return device.allowed
}

function usedUp(): OAuthError {
  return invalidGrant('device_code_used', 'RFC 8628 §3.5', 'the tokens for this device code were fetched before')
}

function pending(): OAuthError {
  return deviceError('authorization_pending', 'Nobody has answered yet; ask again', 'device_pending')
}

function tooFast(): OAuthError {
  return deviceError('slow_down', 'Ask five seconds less often than before', 'device_too_fast')
}

function deviceError(error: string, description: string, rule: string, reason = description): OAuthError {
  return new OAuthError({ error, description, rule, clause: 'RFC 8628 §3.5', reason })
}
