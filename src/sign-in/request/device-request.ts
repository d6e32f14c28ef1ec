// What a device asks for, as an authorization request whose answer the device fetches itself. RFC 8628 §3.1

import type { ClientRecord } from '../../model/client/client.ts'
import type { AuthorizationRequest } from '../../model/interaction.ts'
import { invalidRequest } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import type { SignInParts } from '../parts.ts'
import { parseScopes } from './authorization-request.ts'
import { resourcesOf, targetsAsked } from './resource-parameter.ts'

const LONGEST_REQUEST = 8_192

/** The page of ours on which the person ends. */
export function deviceDoneUrl({ addresses }: Pick<SignInParts, 'addresses'>): string {
  return `${addresses.origin}${addresses.at('device', 'done')}`
}

/** Throws `OAuthError`, which the device is told. */
export async function readDeviceRequest(
  parts: SignInParts,
  record: ClientRecord,
  form: Parameters,
): Promise<AuthorizationRequest> {
  const { client } = record
  const targets = await targetsAsked(parts, form, client)
  const { asked, granted } = parseScopes(form, client, 'code', targets)
  if (granted.includes('openid') && client.reply.idToken === 'auto') parts.assertSigns(record)
  const request: AuthorizationRequest = {
    clientId: client.client_id,
    redirectUri: deviceDoneUrl(parts),
    responseType: 'code',
    responseMode: 'query',
    scopeAsked: asked.join(' '),
    scope: granted.join(' '),
    state: null,
    nonce: null,
    codeChallenge: null,
    prompt: [],
    maxAge: client.default_max_age,
    loginHint: null,
    uiLocales: null,
    ...resourcesOf(client, targets, granted),
  }
  if (Buffer.byteLength(JSON.stringify(request)) > LONGEST_REQUEST) {
    throw invalidRequest('request_too_large', 'RFC 8628 §3.1', 'The authorization request is too large')
  }
  return request
}
