// The metadata documents. RFC 8414 §2 and OpenID Discovery §3, computed from the parts in use, so that they cannot
// promise what is not there.

import type { Endpoint } from '../../http/message.ts'
import { jsonText } from '../../http/reply/replies.ts'
import { SUBJECT_TYPES } from '../../model/client/sector.ts'
import { ACR_VALUES } from '../../protocol/acr.ts'
import type { Addresses } from '../../protocol/addresses.ts'
import { PROOF_ALGORITHMS } from '../../protocol/dpop.ts'
import { CONTENT_ALGORITHMS, KEY_ALGORITHMS } from '../../protocol/jwe.ts'
import { PROMPTS } from '../../protocol/prompt.ts'
import { RESPONSE_MODES } from '../../protocol/response-mode.ts'
import { grantTypesOf, type ResponseType } from '../../protocol/response-type.ts'
import type { ClientAuthenticationMethod } from '../client-authentication/method.ts'
import type { GrantType } from '../grant-types/grant-type.ts'

export interface MetadataParts {
  readonly addresses: Addresses
  readonly responseTypes: readonly ResponseType[]
  /** Those of the token endpoint. */
  readonly grantTypes: readonly Pick<GrantType, 'name'>[]
  readonly authenticationMethods: readonly ClientAuthenticationMethod[]
  readonly signingAlgorithms: readonly string[]
  /** Clients are told when a session has ended. */
  readonly tellsOfSignOut: boolean
  readonly frontChannelLogout: boolean
  readonly sessionManagement: boolean
  readonly requestObjectAlgorithms: readonly string[]
  readonly encryptedRequests: boolean
  readonly unsignedJwt: boolean
  readonly scopes: readonly string[]
  readonly claims: readonly string[]
  readonly locales: readonly string[]
  /** Whether clients may register themselves. */
  readonly registration: boolean
  readonly clientDocuments: boolean
}

/** One document for both: RFC 8414 §3.2 and OpenID Discovery §4.2 agree on every member they share. */
function metadataDocument(parts: MetadataParts): Readonly<Record<string, unknown>> {
  const { addresses, authenticationMethods } = parts
  const methods = authenticationMethods.map(({ name }) => name)
  const algorithms = authenticationMethods.flatMap((method) => (method.kind === 'assertion' ? method.algorithms : []))
  // RFC 8414 §2: required where a method signs; without such a method the member would say nothing.
  const signed = (endpoint: string) =>
    algorithms.length === 0 ? {} : { [`${endpoint}_endpoint_auth_signing_alg_values_supported`]: algorithms }
  const { url } = addresses
  // A client that has a secret may ask for answers signed with that secret.
  const bySecret = [...parts.signingAlgorithms, 'HS256']
  return {
    issuer: addresses.issuer,
    authorization_endpoint: url.authorize,
    // RFC 9126 §5
    pushed_authorization_request_endpoint: url.par,
    // RFC 8628 §4
    device_authorization_endpoint: url['device-authorization'],
    token_endpoint: url.token,
    userinfo_endpoint: url.userinfo,
    jwks_uri: url.jwks,
    introspection_endpoint: url.introspect,
    revocation_endpoint: url.revoke,
    end_session_endpoint: url['end-session'],
    // OpenID Connect Back-Channel Logout §2.1
    ...(parts.tellsOfSignOut && { backchannel_logout_supported: true, backchannel_logout_session_supported: true }),
    // OpenID Connect Front-Channel Logout §3
    ...(parts.frontChannelLogout && {
      frontchannel_logout_supported: true,
      frontchannel_logout_session_supported: true,
    }),
    ...(parts.registration && { registration_endpoint: url.register }),
    // draft-ietf-oauth-client-id-metadata-document §5
    ...(parts.clientDocuments && { client_id_metadata_document_supported: true }),
    // OpenID Connect Session Management §3.3
    ...(parts.sessionManagement && { check_session_iframe: url['check-session'] }),
    scopes_supported: parts.scopes,
    response_types_supported: parts.responseTypes,
    response_modes_supported: RESPONSE_MODES,
    grant_types_supported: grantTypesIn(parts),
    subject_types_supported: SUBJECT_TYPES,
    // OpenID Discovery §3; `none` only where the operator allows it, and then only in the code flow.
    id_token_signing_alg_values_supported: [...bySecret, ...(parts.unsignedJwt ? ['none'] : [])],
    id_token_encryption_alg_values_supported: KEY_ALGORITHMS,
    id_token_encryption_enc_values_supported: CONTENT_ALGORITHMS,
    // RFC 9701 §7
    introspection_signing_alg_values_supported: parts.signingAlgorithms,
    introspection_encryption_alg_values_supported: KEY_ALGORITHMS,
    introspection_encryption_enc_values_supported: CONTENT_ALGORITHMS,
    userinfo_signing_alg_values_supported: bySecret,
    userinfo_encryption_alg_values_supported: KEY_ALGORITHMS,
    userinfo_encryption_enc_values_supported: CONTENT_ALGORITHMS,
    token_endpoint_auth_methods_supported: methods,
    ...signed('token'),
    // RFC 7662 §2.1: nobody introspects without a secret.
    introspection_endpoint_auth_methods_supported: methods.filter((method) => method !== 'none'),
    ...signed('introspection'),
    revocation_endpoint_auth_methods_supported: methods,
    ...signed('revocation'),
    code_challenge_methods_supported: ['S256'],
    // RFC 9449 §5.1
    dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
    prompt_values_supported: PROMPTS,
    claims_supported: parts.claims,
    claims_parameter_supported: true,
    acr_values_supported: ACR_VALUES,
    request_parameter_supported: true,
    request_object_signing_alg_values_supported: parts.requestObjectAlgorithms,
    ...(parts.encryptedRequests && {
      request_object_encryption_alg_values_supported: KEY_ALGORITHMS,
      request_object_encryption_enc_values_supported: CONTENT_ALGORITHMS,
    }),
    request_uri_parameter_supported: true,
    require_request_uri_registration: true,
    ui_locales_supported: parts.locales,
    authorization_response_iss_parameter_supported: true,
  }
}

/** `implicit` is a grant of the authorization endpoint; all others belong to the token endpoint. */
function grantTypesIn({ responseTypes, grantTypes }: MetadataParts): readonly string[] {
  return [...new Set([...grantTypes.map(({ name }) => name), ...responseTypes.flatMap(grantTypesOf)])]
}

export function metadataEndpoint(parts: MetadataParts): Endpoint {
  const document = JSON.stringify(metadataDocument(parts))
  const reply = { ...jsonText(200, document, { 'cache-control': 'public, max-age=300' }), isFixed: true as const }
  return async () => reply
}
