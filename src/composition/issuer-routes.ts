// What client applications call, put together from the parts: token, user info, introspection, revocation, keys,
// metadata, registration.

import { sectorProblem } from '../administration/sector-identifier.ts'
import { STANDARD_CLAIM_NAMES, STANDARD_SCOPES } from '../claims/standard-claims.ts'
import { createProofNonces } from '../credentials/proof-nonce.ts'
import { createRefreshTokens } from '../credentials/refresh-token.ts'
import type { Endpoint } from '../http/message.ts'
import type { OutboundClient } from '../http/outbound/client.ts'
import type { Route } from '../http/routing/route.ts'
import { clientSecret } from '../issuer/client-authentication/client-secret.ts'
import { clientSecretJwt } from '../issuer/client-authentication/client-secret-jwt.ts'
import { createFailureLimit } from '../issuer/client-authentication/failure-limit.ts'
import { none } from '../issuer/client-authentication/none.ts'
import { privateKeyJwt } from '../issuer/client-authentication/private-key-jwt.ts'
import { clientConfigurationEndpoint } from '../issuer/endpoints/client-configuration.ts'
import { clientLogoEndpoint } from '../issuer/endpoints/client-logo.ts'
import { type DeviceAuthorizationParts, deviceAuthorizationEndpoint } from '../issuer/endpoints/device-authorization.ts'
import { introspectionEndpoint } from '../issuer/endpoints/introspection.ts'
import { jwksEndpoint } from '../issuer/endpoints/jwks.ts'
import { metadataEndpoint } from '../issuer/endpoints/metadata.ts'
import { type PushedAuthorizationParts, pushedAuthorizationEndpoint } from '../issuer/endpoints/pushed-authorization.ts'
import { registrationEndpoint } from '../issuer/endpoints/registration.ts'
import { revocationEndpoint } from '../issuer/endpoints/revocation.ts'
import { tokenEndpoint } from '../issuer/endpoints/token.ts'
import { userinfoEndpoint } from '../issuer/endpoints/userinfo.ts'
import { authorizationCodeGrant } from '../issuer/grant-types/authorization-code.ts'
import { clientCredentialsGrant } from '../issuer/grant-types/client-credentials.ts'
import { deviceCodeGrant } from '../issuer/grant-types/device-code.ts'
import { refreshTokenGrant } from '../issuer/grant-types/refresh-token.ts'
import type { ClientDocumentParts } from '../issuer/registration/client-documents.ts'
import { offeredProblem } from '../issuer/registration/offered.ts'
import { requestObjectAlgorithms } from '../issuer/request-object/open-request-object.ts'
import { createPollPace } from '../issuer/tokens/poll-pace.ts'
import type { Client } from '../model/client/client.ts'
import { LOCALES } from '../pages/index.ts'
import type { Parts, Signing } from './parts.ts'

/** What the authorization endpoint decides about requests that are pushed, and about those of devices. */
type Asking = Pick<PushedAuthorizationParts, 'checkPushed' | 'readClientDocument'> &
  Pick<DeviceAuthorizationParts, 'readDeviceRequest'>

export function issuerRoutes(parts: Parts, { signers, encryption }: Signing, asking: Asking): readonly Route[] {
  const { addresses, store, clock, master, keys, subjects, sessionIdentifiers, lifetimes } = parts
  const { path, wellKnown } = addresses
  const documents = parts.registration
  // In order of preference. RFC 8414 §2.
  const methods = [
    clientSecret('client_secret_basic', master),
    clientSecret('client_secret_post', master),
    privateKeyJwt(parts.clientKeys),
    clientSecretJwt(master),
    none,
  ]
  const { url } = addresses
  const audience = {
    issuer: addresses.issuer,
    endpoints: [url.token, url.introspect, url.revoke, url.par, url['device-authorization']],
  }
  const authentication = { methods, audience, clock, store, limit: createFailureLimit(clock, parts.workers), documents }
  const proofs = { store, clock, nonces: createProofNonces(master) }
  const mint = { issuer: addresses.issuer, keys, signers, encryption, subjects, sessionIdentifiers, lifetimes }
  const refreshTokens = createRefreshTokens(master)
  const presented = { authentication, store, refreshTokens }
  const grantTypes = [
    authorizationCodeGrant({ store, mint, refreshTokens, refreshAbsolute: lifetimes.refreshAbsolute }),
    refreshTokenGrant({ store, mint, master, refreshTokens, repeatWindow: lifetimes.refreshRepeat }),
    clientCredentialsGrant({ store, mint }),
    deviceCodeGrant({
      store,
      mint,
      refreshTokens,
      refreshAbsolute: lifetimes.refreshAbsolute,
      pace: createPollPace(clock),
    }),
  ]
  const metadata = metadataEndpoint({
    addresses,
    responseTypes: parts.responseTypes,
    grantTypes,
    authenticationMethods: methods,
    requestObjectAlgorithms: requestObjectAlgorithms(parts.unsignedJwt),
    encryptedRequests: parts.decryption !== null,
    unsignedJwt: parts.unsignedJwt,
    signingAlgorithms: keys.algorithms,
    tellsOfSignOut: parts.logout !== null,
    frontChannelLogout: parts.frontChannelLogout,
    sessionManagement: parts.sessionManagement,
    scopes: STANDARD_SCOPES,
    claims: STANDARD_CLAIM_NAMES,
    locales: LOCALES,
    registration: parts.registration.access !== 'off',
    clientDocuments: parts.registration.documents,
  })
  // The origins of redirect URIs of public clients, because only these run in browsers.
  const browserClients = (origin: string) => store.isScriptOrigin(origin)
  const get = (path: string, endpoint: Route['endpoint']): Route => ({
    methods: ['GET'],
    path,
    endpoint,
    kind: 'machine',
    cors: 'any-origin',
  })
  const post = (path: string, endpoint: Endpoint): Route => ({
    methods: ['POST'],
    path,
    endpoint,
    kind: 'machine',
    cors: browserClients,
  })
  const { cors: _, ...introspect } = post(
    path.introspect,
    introspectionEndpoint({ issuer: addresses.issuer, ...presented, subjects, signers, encryption }),
  )
  return [
    post(path.token, tokenEndpoint({ url: url.token, authentication, proofs, grantTypes })),
    post(
      path.par,
      pushedAuthorizationEndpoint({
        url: url.par,
        authentication,
        proofs,
        store,
        lifetimes,
        limits: parts.limits.interactions,
        ...asking,
      }),
    ),
    post(
      path['device-authorization'],
      deviceAuthorizationEndpoint({
        authentication,
        store,
        master,
        verificationUri: url.device,
        lifetimes,
        limits: parts.limits.interactions,
        ...asking,
      }),
    ),
    {
      ...post(
        path.userinfo,
        userinfoEndpoint({
          url: url.userinfo,
          proofs,
          store,
          clock,
          subjects,
          issuer: addresses.issuer,
          documents,
          signers,
          encryption,
        }),
      ),
      methods: ['GET', 'POST'],
    },
    // RFC 7662: resource servers ask, never the script of a page.
    introspect,
    post(path.revoke, revocationEndpoint(presented)),
    get(path.jwks, jwksEndpoint(keys, lifetimes.jwksMaxAge, parts.decryption?.published ?? null)),
    get(wellKnown.openid, metadata),
    get(wellKnown.oauth, metadata),
    get(`${addresses.at('client-logo')}/{client}/{digest}/images/{file}`, clientLogoEndpoint(store)),
    ...registrationRoutes(parts),
  ]
}

/** For registration, and for documents that take its place: both are held to the same policy. */
export function registrationParts(parts: Parts): ClientDocumentParts {
  const offered = {
    signingAlgorithms: parts.keys.algorithms,
    unsignedJwt: parts.unsignedJwt,
    encryptedRequests: parts.decryption !== null,
  }
  const checks = [
    async (client: Client) => offeredProblem(offered, client),
    (client: Client, outbound: OutboundClient) => sectorProblem(outbound, client),
  ]
  return { ...parts, rules: parts.registration, keys: parts.clientKeys, checks }
}

/**
 * No routes where registration is off. Scripts of any origin may register: nothing that a browser adds by itself proves
 * anything here.
 */
function registrationRoutes(parts: Parts): readonly Route[] {
  if (parts.registration.access === 'off') return []
  const registration = registrationParts(parts)
  const { register } = parts.addresses.path
  const route = { kind: 'machine', cors: 'any-origin' } as const
  const ofOne = clientConfigurationEndpoint(registration)
  return [
    { ...route, methods: ['POST'], path: register, endpoint: registrationEndpoint(registration) },
    { ...route, methods: ['GET', 'PUT', 'DELETE'], path: `${register}/{id}`, endpoint: ofOne },
  ]
}
