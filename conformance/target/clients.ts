// The static clients of the plans, with every redirect URI that they use under any of the aliases. A client that receives
// logout calls is a client of its own: an uninvited call fails the module that gets it.

import type { NewClientRequest } from '../../src/administration/clients.ts'
import { type ClientKey, type Facts, suiteAddress } from '../facts.ts'

export function clientRequests({ suite, aliases, clients }: Facts): readonly NewClientRequest[] {
  const everywhere = (name: string) => aliases.map((alias) => suiteAddress(suite, alias, name))
  const callbacks = everywhere('callback')
  const request = (key: ClientKey, redirectUris: readonly string[]): NewClientRequest => ({
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
      contact: 'conformance@example.com',
      purpose: 'The conformance suite tests this server.',
    },
  })
  return [
    request('first', callbacks),
    // Some plans have the second client come back to an address with a query.
    request('second', [...callbacks, ...callbacks.map((callback) => `${callback}?dummy1=lorem&dummy2=ipsum`)]),
    request('post', callbacks),
    request('backchannel', callbacks),
    request('frontchannel', callbacks),
  ]
}
