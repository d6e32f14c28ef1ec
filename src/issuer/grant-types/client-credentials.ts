// The client credentials grant: the client acts for itself. RFC 6749 §4.4.

import { type ClientRecord, isConfidential } from '../../model/client/client.ts'
import { type ResourceRecord, scopeFor } from '../../model/resource.ts'
import { newToken } from '../../platform/random.ts'
import { OAuthError } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { parseScope, scopeWords } from '../../protocol/scope.ts'
import type { ClientVerbs } from '../../store/verbs/clients.ts'
import type { TokenVerbs } from '../../store/verbs/tokens.ts'
import { invalidClient } from '../client-authentication/credentials.ts'
import { type MintParts, mint } from '../tokens/mint.ts'
import { type ResourceReads, resourceAsked, resourceChanged } from '../tokens/resource-asked.ts'
import type { GrantType } from './grant-type.ts'

export interface ClientCredentialsParts {
  readonly store: TokenVerbs & Pick<ClientVerbs, 'findClient'> & ResourceReads
  readonly mint: MintParts
}

/** Scopes about a person mean nothing here. */
const ABOUT_PEOPLE = new Set(['openid', 'offline_access', 'profile', 'email', 'phone', 'address'])

export function clientCredentialsGrant({ store, mint: mintParts }: ClientCredentialsParts): GrantType {
  return {
    name: 'client_credentials',
    async find(clientId, parameters) {
      const client = await store.findClient(clientId)
      if (client === null) return null
      return {
        client,
        async redeem({ client, now, key }) {
          if (!isConfidential(client.client)) {
            throw invalidClient('client_credentials_public', 'a public client cannot act for itself')
          }
          const resource = await resourceAsked({ store, issuer: mintParts.issuer }, client, parameters, null)
          const scope = grantedScope(client, resource, parameters)
          const { response, accessToken } = mint(mintParts, {
            authorization: { client, scope, resource, keyThumbprint: key, onBehalfOf: null },
            secrets: { accessToken: newToken(), refreshToken: '' },
            familyExpiresAt: null,
            familyKey: null,
            issuedAt: now,
            now,
          })
          if (await store.issueClientToken(accessToken)) return response
          const isLive = (await store.findClient(client.client.client_id))?.generation === client.generation
          if (resource !== null && isLive) throw resourceChanged(resource)
          throw invalidClient('client_disabled', 'the client was disabled meanwhile')
        },
      }
    },
  }
}

function grantedScope({ client }: ClientRecord, resource: ResourceRecord | null, parameters: Parameters): string {
  const asked = parameters.get('scope')
  const may =
    resource === null
      ? scopeWords(client.scope)
      : scopeFor(client, resource.resource, scopeWords(resource.resource.scope))
  const allowed = may.filter((word) => !ABOUT_PEOPLE.has(word))
  if (asked === undefined) return allowed.join(' ')
  const words = parseScope(asked, client.authorize.scopeSeparators)
  const refused = words?.find((word) => !allowed.includes(word) && !ABOUT_PEOPLE.has(word))
  if (words === null || (refused !== undefined && client.authorize.unknownScopes === 'refuse')) {
    throw new OAuthError({
      error: 'invalid_scope',
      description: 'The scope is malformed or not allowed to this client',
      rule: 'scope_not_allowed',
      clause: 'RFC 6749 §4.4.2',
    })
  }
  return words.filter((word) => allowed.includes(word)).join(' ')
}
