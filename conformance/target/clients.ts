// The static clients of the plans, with every redirect URI that they use under any of the aliases. A client that receives
// logout calls is a client of its own: an uninvited call fails the module that gets it.

import type { NewClientRequest } from '../../src/administration/clients.ts'
import type { PlainSettings } from '../../src/model/client/setting-table.ts'
import { type ClientKey, type Facts, type SigningClientKey, type SigningKey, suiteAddress } from '../facts.ts'

export function clientRequests({ suite, aliases, clients, signing }: Facts): readonly NewClientRequest[] {
  const everywhere = (name: string) => aliases.map((alias) => suiteAddress(suite, alias, name))
  const callbacks = everywhere('callback')
  // One logout URI a client: the plans for them belong to the first alias.
  const [alias = ''] = aliases
  const logoutAt = (name: string) => suiteAddress(suite, alias, name)
  const request = (key: ClientKey, redirectUris: readonly string[], extra: PlainSettings = {}): NewClientRequest => ({
    preset: 'openid-connect',
    name: `Conformance ${key}`,
    clientId: clients[key].client_id,
    clientSecret: clients[key].client_secret,
    redirectUris,
    settings: {
      token_endpoint_auth_method: clients[key].token_endpoint_auth_method,
      post_logout_redirect_uris: everywhere('post_logout_redirect'),
      // The plans that are no certification of PKCE do without it; what is sent still binds.
      'authorize.pkce': 'optional',
      grant_types: ['authorization_code', 'implicit', 'refresh_token'],
      response_types: ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token'],
      // The plans with static clients send request objects without a signature, and no others.
      request_object_signing_alg: 'none',
      contact: 'conformance@example.com',
      purpose: 'The conformance suite tests this server.',
      ...extra,
    },
  })
  const withQuery = [...callbacks, ...callbacks.map((callback) => `${callback}?dummy1=lorem&dummy2=ipsum`)]
  /** As the FAPI 2.0 Security Profile wants them: nothing but pushed requests, signatures and bound tokens. */
  const signingRequest = (
    key: SigningClientKey,
    redirectUris: readonly string[],
    extra: PlainSettings = {},
  ): NewClientRequest => ({
    preset: 'openid-connect',
    name: `Conformance ${key}`,
    clientId: signing[key].client_id,
    redirectUris,
    settings: {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: signing[key].jwks.keys.map(publicHalf) },
      assertionAudience: 'issuer',
      'authorize.pkce': 'required',
      require_pushed_authorization_requests: true,
      dpop_bound_access_tokens: true,
      id_token_signed_response_alg: 'ES256',
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      'reply.refreshToken': 'always',
      contact: 'conformance@example.com',
      purpose: 'The conformance suite tests this server.',
      ...extra,
    },
  })
  // Without `openid` user info, the resource of these plans, is told by the claim map alone.
  const plainOAuth = { claimsFrom: 'map', 'claims.name': 'displayName' }
  return [
    request('first', callbacks),
    // Some plans have the second client come back to an address with a query.
    request('second', withQuery),
    request('post', callbacks),
    request('backchannel', callbacks, {
      backchannel_logout_uri: logoutAt('backchannel_logout'),
      backchannel_logout_session_required: true,
    }),
    request('frontchannel', callbacks, {
      frontchannel_logout_uri: logoutAt('frontchannel_logout'),
      frontchannel_logout_session_required: true,
    }),
    signingRequest('fapi', callbacks),
    signingRequest('fapi_second', withQuery),
    signingRequest('fapi_oauth', callbacks, plainOAuth),
    signingRequest('fapi_oauth_second', withQuery, plainOAuth),
  ]
}

/** Without the private members. */
function publicHalf({ d: _d, ...members }: SigningKey): Omit<SigningKey, 'd'> {
  return members
}
