// The composition root: parts in, endpoints out. The only file that knows every wing; it hands functions from one to
// another, so that they need not know each other.

import { withdrawConsentOf } from './administration/consents.ts'
import type { OperatorName } from './administration/operator-name.ts'
import { textIn } from './administration/presets/index.ts'
import { sectorProblem } from './administration/sector-identifier.ts'
import { endOtherSessions, endOwnSession } from './administration/sessions.ts'
import type { SetUpWatch } from './administration/set-up/watch.ts'
import type { TraceRecorder } from './administration/trace/recorder.ts'
import { STANDARD_CLAIM_NAMES, STANDARD_SCOPES } from './claims/standard-claims.ts'
import { createBrowserStates } from './credentials/browser-state.ts'
import { createKnownBrowsers } from './credentials/device.ts'
import type { MasterKey } from './credentials/master-key.ts'
import type { PasswordHasher } from './credentials/password-hash.ts'
import { createRefreshTokens } from './credentials/refresh-token.ts'
import type { SessionIdentifiers } from './credentials/session-identifier.ts'
import type { Subjects } from './credentials/subject.ts'
import type { Endpoint, HttpReply, HttpRequest } from './http/message.ts'
import type { OutboundClient } from './http/outbound/client.ts'
import { pageReply } from './http/reply/page-reply.ts'
import { healthRoutes } from './http/routing/health.ts'
import { createProofFiles } from './http/routing/proof-files.ts'
import type { Route } from './http/routing/route.ts'
import { createRouter, type Problem } from './http/routing/router.ts'
import { issueResponse } from './issuer/authorization/issue-response.ts'
import { clientSecret } from './issuer/client-authentication/client-secret.ts'
import { clientSecretJwt } from './issuer/client-authentication/client-secret-jwt.ts'
import { createFailureLimit } from './issuer/client-authentication/failure-limit.ts'
import { none } from './issuer/client-authentication/none.ts'
import { privateKeyJwt } from './issuer/client-authentication/private-key-jwt.ts'
import { clientConfigurationEndpoint } from './issuer/endpoints/client-configuration.ts'
import { clientLogoEndpoint } from './issuer/endpoints/client-logo.ts'
import { introspectionEndpoint } from './issuer/endpoints/introspection.ts'
import { jwksEndpoint } from './issuer/endpoints/jwks.ts'
import { metadataEndpoint } from './issuer/endpoints/metadata.ts'
import { registrationEndpoint } from './issuer/endpoints/registration.ts'
import { revocationEndpoint } from './issuer/endpoints/revocation.ts'
import { tokenEndpoint } from './issuer/endpoints/token.ts'
import { userinfoEndpoint } from './issuer/endpoints/userinfo.ts'
import { authorizationCodeGrant } from './issuer/grant-types/authorization-code.ts'
import { clientCredentialsGrant } from './issuer/grant-types/client-credentials.ts'
import { refreshTokenGrant } from './issuer/grant-types/refresh-token.ts'
import { type ClientEncryption, createClientEncryption } from './issuer/keys/client-encryption.ts'
import type { ClientKeys } from './issuer/keys/client-keys.ts'
import type { DecryptionKeys } from './issuer/keys/decryption-keys.ts'
import type { KeyRing } from './issuer/keys/ring.ts'
import type { LogoutDispatcher } from './issuer/logout/dispatcher.ts'
import { type ClientDocumentParts, createClientDocuments } from './issuer/registration/client-documents.ts'
import { offeredProblem } from './issuer/registration/offered.ts'
import type { RegistrationUse } from './issuer/registration/unused.ts'
import {
  openReferencedObject,
  openRequestObject,
  requestObjectAlgorithms,
} from './issuer/request-object/open-request-object.ts'
import { createReferencedObjects } from './issuer/request-object/referenced.ts'
import { recogniseIdToken } from './issuer/tokens/recognise.ts'
import { createResponseSigners, type ResponseSigners } from './issuer/tokens/response-signer.ts'
import type { Client } from './model/client.ts'
import type { RegistrationRules } from './model/registration-policy.ts'
import type { Lifetimes, Limits } from './options/defaults.ts'
import { errorPage, LOCALES, misdirectedPage, notFoundPage } from './pages/index.ts'
import type { Clock } from './platform/clock.ts'
import type { Log } from './platform/log.ts'
import type { Addresses } from './protocol/addresses.ts'
import type { ResponseType } from './protocol/response-type.ts'
import { accountRoutes } from './sign-in/account/routes.ts'
import { createAttemptGate } from './sign-in/authenticators/limits.ts'
import { authorizeEndpoint } from './sign-in/endpoints/authorize.ts'
import { checkSessionEndpoint } from './sign-in/endpoints/check-session.ts'
import { chooseAccountEndpoint } from './sign-in/endpoints/choose-account.ts'
import { consentEndpoint } from './sign-in/endpoints/consent.ts'
import { continueEndpoint } from './sign-in/endpoints/continue.ts'
import { endSessionEndpoint } from './sign-in/endpoints/end-session.ts'
import { frontHrefOf, frontPageRoutes } from './sign-in/endpoints/front-page.ts'
import { signInEndpoint } from './sign-in/endpoints/sign-in.ts'
import { startEndpoint } from './sign-in/endpoints/start.ts'
import type { SignInParts } from './sign-in/parts.ts'
import { createSignInForm } from './sign-in/sign-in-form.ts'
import type { Store } from './store/store.ts'
import { frameAtClients, type Look, localeCookiesAtClients } from './visitor/frame.ts'
import { withSaidAgain } from './visitor/said-again.ts'

/** What a server is made of. Two servers may share parts; the rehearsal composes one over a store in memory. */
export interface Parts extends Look {
  readonly addresses: Addresses
  /** Further origins at which requests are answered. */
  readonly alternativeOrigins: readonly string[]
  readonly store: Store
  readonly master: MasterKey
  readonly keys: KeyRing
  /** Public keys of clients: what one part has fetched, all others have. */
  readonly clientKeys: ClientKeys
  readonly subjects: Subjects
  readonly sessionIdentifiers: SessionIdentifiers
  readonly frontChannelLogout: boolean
  readonly sessionManagement: boolean
  readonly hasher: PasswordHasher
  /** People may see and end what they have let in, and where they are signed in. */
  readonly accountPage: boolean
  /** For every address that somebody else chose. */
  readonly outbound: OutboundClient
  readonly clock: Clock
  readonly log: Log
  readonly lifetimes: Lifetimes
  readonly limits: Limits
  /** What the authorization endpoint gives, to clients that are registered for it. */
  readonly responseTypes: readonly ResponseType[]
  /** Whether clients that are registered for it may leave signatures out. */
  readonly unsignedJwt: boolean
  /** For request objects that clients encrypt; null: none are taken. */
  readonly decryption: DecryptionKeys | null
  /** Whether and how clients register themselves. */
  readonly registration: RegistrationRules
  /** Where a client that nobody has verified would be told of an error before its visitor is known: see the option. */
  readonly unverifiedErrors: 'ask' | 'redirect'
  /** Told of every client that something was issued to; null: nobody counts. */
  readonly use: RegistrationUse | null
  /** Folder of the files that WeChat and WeCom ask for to prove a domain; null: none. */
  readonly proofFolder: string | null
  readonly trace: Pick<TraceRecorder, 'record'> | null
  /** Told when sessions have ended, so that clients hear of it at once; null: they are told nothing. */
  readonly logout: Pick<LogoutDispatcher, 'wake'> | null
  /** Whose pages these are, where that may change while the server runs; null: it does not. */
  readonly operatorName: OperatorName | null
  /** What the page at the issuer's own address is made from; null: that address is somebody else's. */
  readonly frontPage: SetUpWatch | null
  /** Pages of other wings (set-up, rehearsal). */
  readonly pages: readonly Route[]
  /** Processes that share the work of this one's machine. */
  readonly workers: number
  /** Why the server cannot serve now; null: it can. */
  readonly unready: () => Promise<string | null>
}

export function compose(parts: Parts): (request: HttpRequest) => Promise<HttpReply> {
  const shared = sharedOf(parts)
  const origins = [parts.addresses.origin, ...parts.alternativeOrigins] as const
  const look = { ...parts, csrfKey: parts.master.key('csrf'), origins }
  const signIn = signInRoutes(parts, shared).map((route) => withSaidAgain(look, route))
  const routes = [...issuerRoutes(parts, shared), ...signIn, ...parts.pages, ...healthRoutes(parts.unready)]
  return createRouter(routes, {
    origins,
    errorPage: (request, problem) => problemPage(parts, request, problem),
    log: parts.log,
    record: (entry) => {
      const { rule, clientId } = entry.outcome ?? {}
      if (clientId !== undefined && (rule === 'code_issued' || rule === 'token_issued')) parts.use?.note(clientId)
      parts.trace?.record(entry)
    },
    ...(parts.proofFolder !== null && { fallback: createProofFiles(parts.proofFolder) }),
  })
}

/** What both wings sign and encrypt with. */
interface Shared {
  readonly signers: ResponseSigners
  readonly encryption: ClientEncryption
}

function sharedOf({ clientKeys, keys, master, unsignedJwt }: Parts): Shared {
  return {
    signers: createResponseSigners({ keys, master, unsigned: unsignedJwt }),
    encryption: createClientEncryption(clientKeys, master),
  }
}

function issuerRoutes(parts: Parts, { signers, encryption }: Shared): readonly Route[] {
  const { addresses, store, clock, master, keys, subjects, sessionIdentifiers, lifetimes } = parts
  const { path, wellKnown } = addresses
  const documents = parts.registration
  // In the order of preference. RFC 8414 §2.
  const methods = [
    clientSecret('client_secret_basic', master),
    clientSecret('client_secret_post', master),
    privateKeyJwt(parts.clientKeys),
    clientSecretJwt(master),
    none,
  ]
  const { url } = addresses
  const audience = { issuer: addresses.issuer, endpoints: [url.token, url.introspect, url.revoke] }
  const authentication = { methods, audience, clock, store, limit: createFailureLimit(clock, parts.workers), documents }
  const mint = { issuer: addresses.issuer, keys, signers, encryption, subjects, sessionIdentifiers, lifetimes }
  const refreshTokens = createRefreshTokens(master)
  const presented = { authentication, store, refreshTokens }
  const grantTypes = [
    authorizationCodeGrant({ store, mint, refreshTokens, refreshAbsolute: lifetimes.refreshAbsolute }),
    refreshTokenGrant({ store, mint, master, refreshTokens, repeatWindow: lifetimes.refreshRepeat }),
    clientCredentialsGrant({ store, mint }),
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
  // Origins of the registered redirect URIs of public clients: these alone run in browsers.
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
    post(path.token, tokenEndpoint({ authentication, grantTypes })),
    {
      ...post(
        path.userinfo,
        userinfoEndpoint({ store, clock, subjects, issuer: addresses.issuer, documents, signers, encryption }),
      ),
      methods: ['GET', 'POST'],
    },
    // RFC 7662: resource servers ask, never a page's script.
    introspect,
    post(path.revoke, revocationEndpoint(presented)),
    get(path.jwks, jwksEndpoint(keys, lifetimes.jwksMaxAge, parts.decryption?.published ?? null)),
    get(wellKnown.openid, metadata),
    get(wellKnown.oauth, metadata),
    get(`${addresses.at('client-logo')}/{client}/{digest}/images/{file}`, clientLogoEndpoint(store)),
    ...registrationRoutes(parts),
  ]
}

/** Of registration, and of documents that stand in for one: both are held to the same policy. */
function registrationParts(parts: Parts): ClientDocumentParts {
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

/** Off means absent. Scripts of any origin may register: nothing a browser adds by itself proves anything here. */
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

function signInRoutes(parts: Parts, { signers, encryption }: Shared): readonly Route[] {
  const { addresses, store, clock, master, keys, subjects, sessionIdentifiers, lifetimes, limits } = parts
  const knownBrowsers = createKnownBrowsers(master)
  const mint = { issuer: addresses.issuer, keys, signers, encryption, subjects, sessionIdentifiers, lifetimes }
  const requestObjects = {
    issuer: addresses.issuer,
    clock,
    master,
    keys: parts.clientKeys,
    referenced: createReferencedObjects(parts.outbound),
    decryption: parts.decryption,
    unsigned: parts.unsignedJwt,
  }
  const signIn: SignInParts = {
    store,
    clock,
    addresses,
    origins: [addresses.origin, ...parts.alternativeOrigins],
    brand: parts.brand,
    commandFlags: parts.commandFlags,
    defaultLocale: parts.defaultLocale,
    hasher: parts.hasher,
    knownBrowsers,
    subjects,
    sessionIdentifiers,
    frontChannelLogout: parts.frontChannelLogout,
    browserStateOf: parts.sessionManagement ? createBrowserStates(master) : null,
    csrfKey: master.key('csrf'),
    limits: limits.guessing,
    interactionLimits: limits.interactions,
    lifetimes,
    responseTypes: parts.responseTypes,
    unverifiedErrors: parts.unverifiedErrors,
    textIn,
    issueResponse: (issue) => issueResponse({ store, clock, mint, lifetimes }, issue),
    openRequestObject: (client, text) => openRequestObject(requestObjects, client, text),
    openReferencedObject: (client, address) => openReferencedObject(requestObjects, client, address),
    readClientDocument: createClientDocuments(registrationParts(parts)),
    assertKeySigns: keys.assertSigns,
    assertSigns: (client) => signers.assertSigns(client, client.client.id_token_signed_response_alg),
    recogniseIdToken: (token, client) => recogniseIdToken({ issuer: addresses.issuer, keys, master }, token, client),
    account: parts.accountPage
      ? {
          withdrawConsent: (userId, clientId) => withdrawConsentOf(parts, userId, clientId, 'person'),
          endSession: (userId, sessionId) => endOwnSession(parts, userId, sessionId),
          endOtherSessions: (userId, kept) => endOtherSessions(parts, userId, kept, lifetimes.sessionIdle),
        }
      : null,
    frontHref: frontHrefOf(parts),
    sessionsEnded: () => parts.logout?.wake(),
  }
  const form = createSignInForm(signIn, createAttemptGate(store, clock, knownBrowsers, limits.guessing))
  const { path } = addresses
  const page = (path: string, methods: Route['methods'], endpoint: Route['endpoint']): Route => ({
    methods,
    path,
    endpoint,
    kind: 'page',
  })
  const step = (name: string) => `${addresses.at(name)}/{id}`
  return [
    page(path.authorize, ['GET', 'POST'], authorizeEndpoint(signIn)),
    page(step('continue'), ['GET'], continueEndpoint(signIn)),
    page(step('sign-in'), ['GET', 'POST'], signInEndpoint(signIn, form)),
    page(step('choose-account'), ['GET', 'POST'], chooseAccountEndpoint(signIn)),
    page(step('consent'), ['GET', 'POST'], consentEndpoint(signIn)),
    page(step('start'), ['GET'], startEndpoint(signIn)),
    page(path['end-session'], ['GET', 'POST'], endSessionEndpoint(signIn)),
    ...accountRoutes(signIn, form),
    ...frontPageRoutes(parts),
    ...(parts.sessionManagement ? [page(path['check-session'], ['GET'], checkSessionEndpoint(signIn))] : []),
  ]
}

const ADVICE = {
  method_not_allowed: 'method_not_allowed',
  refused: 'request_refused',
  store_unavailable: 'overloaded',
  server_failed: 'server_error',
} as const

function problemPage(parts: Parts, request: HttpRequest, problem: Problem): HttpReply {
  const frame = frameAtClients(parts, request)
  const cookies = localeCookiesAtClients(request)
  if (problem.rule === 'not_found') {
    const accountHref = parts.accountPage ? parts.addresses.path.account : null
    const view = { traceId: problem.traceId, frontHref: frontHrefOf(parts), accountHref }
    return pageReply(notFoundPage(view, frame), { cookies })
  }
  if (problem.rule === 'misdirected') {
    const href = problem.rightAddress ?? parts.addresses.issuer
    return pageReply(misdirectedPage({ issuer: parts.addresses.issuer, href }, frame))
  }
  const view = {
    status: problem.status,
    code: problem.error ?? 'invalid_request',
    description: problem.description ?? 'The request cannot be answered',
    traceId: problem.traceId,
    advice: ADVICE[problem.rule],
  }
  return pageReply(errorPage(view, frame), { cookies })
}
