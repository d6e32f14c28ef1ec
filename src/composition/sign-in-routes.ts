// What people see, put together from the parts: from an authorization request to a code, the account page, sign-out. What
// the other wings do for it is handed over here as functions.

import { withdrawConsentOf } from '../administration/consents.ts'
import { textIn } from '../administration/presets/index.ts'
import { endOtherSessions, endOwnSession } from '../administration/sessions.ts'
import { createBrowserStates } from '../credentials/browser-state.ts'
import { createKnownBrowsers } from '../credentials/known-browsers.ts'
import type { Route } from '../http/routing/route.ts'
import { issueResponse } from '../issuer/authorization/issue-response.ts'
import { createClientDocuments } from '../issuer/registration/client-documents.ts'
import { openReferencedObject, openRequestObject } from '../issuer/request-object/open-request-object.ts'
import { createReferencedObjects } from '../issuer/request-object/referenced.ts'
import { recogniseIdToken } from '../issuer/tokens/id-token-hint.ts'
import { accountRoutes } from '../sign-in/account/routes.ts'
import { createAttemptGate } from '../sign-in/authenticators/limits.ts'
import { createPasswordCheck } from '../sign-in/by-password/check.ts'
import { createSignInForm } from '../sign-in/by-password/form.ts'
import { authorizeEndpoint } from '../sign-in/endpoints/authorize.ts'
import { checkSessionEndpoint } from '../sign-in/endpoints/check-session.ts'
import { chooseAccountEndpoint } from '../sign-in/endpoints/choose-account.ts'
import { consentEndpoint } from '../sign-in/endpoints/consent.ts'
import { continueEndpoint } from '../sign-in/endpoints/continue.ts'
import { deviceDoneEndpoint, deviceEndpoint } from '../sign-in/endpoints/device.ts'
import { endSessionEndpoint } from '../sign-in/endpoints/end-session.ts'
import { frontHrefOf, frontPageRoutes } from '../sign-in/endpoints/front-page.ts'
import { signInEndpoint } from '../sign-in/endpoints/sign-in.ts'
import { startEndpoint } from '../sign-in/endpoints/start.ts'
import type { SignInParts } from '../sign-in/parts.ts'
import { registrationParts } from './issuer-routes.ts'
import type { Parts, Signing } from './parts.ts'

export function signInParts(parts: Parts, { signers, encryption }: Signing): SignInParts {
  const { addresses, store, clock, master, keys, subjects, sessionIdentifiers, lifetimes, limits } = parts
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
  return {
    store,
    clock,
    addresses,
    origins: [addresses.origin, ...parts.alternativeOrigins],
    brand: parts.brand,
    commandFlags: parts.commandFlags,
    defaultLocale: parts.defaultLocale,
    hasher: parts.hasher,
    knownBrowsers: createKnownBrowsers(master),
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
}

export function signInRoutes(parts: Parts, signIn: SignInParts): readonly Route[] {
  const { addresses, store, clock, limits } = parts
  const gate = createAttemptGate(store, clock, signIn.knownBrowsers, limits.guessing)
  const check = createPasswordCheck(signIn, gate)
  const form = createSignInForm(signIn, check)
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
    page(path.device, ['GET', 'POST'], deviceEndpoint(signIn, parts.master)),
    page(addresses.at('device', 'done'), ['GET'], deviceDoneEndpoint(signIn)),
    page(step('start'), ['GET'], startEndpoint(signIn)),
    page(path['end-session'], ['GET', 'POST'], endSessionEndpoint(signIn)),
    ...accountRoutes(signIn, form, check),
    ...frontPageRoutes(parts),
    ...(parts.sessionManagement ? [page(path['check-session'], ['GET'], checkSessionEndpoint(signIn))] : []),
  ]
}
