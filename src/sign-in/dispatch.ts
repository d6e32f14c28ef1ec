// Asks what is still missing and sends the browser there. This is the only router of steps: no step knows another.

import { sha256 } from '../credentials/digest.ts'
import type { HttpReply, HttpRequest } from '../http/message.ts'
import { redirect, withOutcome } from '../http/reply/replies.ts'
import { addressBucket } from '../http/request/address.ts'
import type { Consent } from '../model/consent.ts'
import type { AuthorizationRequest, Interaction } from '../model/interaction.ts'
import { newSecret } from '../platform/random.ts'
import { OAuthError } from '../protocol/errors.ts'
import type { Visit } from '../store/verbs/sessions.ts'
import { problemPage } from '../visitor/problem-page.ts'
import { visitCookies } from '../visitor/visitor.ts'
import { answerReply, deviceAllowed, refusalReply } from './answer.ts'
import { browserStateCookies, sessionStateFor } from './browser-state.ts'
import { kindsAsked } from './kinds-asked.ts'
import { type NextStep, nextStep } from './next-step.ts'
import type { SignInParts } from './parts.ts'
import type { Browser } from './visit.ts'

export interface Journey {
  readonly http: HttpRequest
  readonly browser: Browser
  readonly request: AuthorizationRequest
  readonly visit: Visit
  /** Null as long as nothing had to be stored. */
  readonly interaction: Interaction | null
  /** A consent given in this very request. */
  readonly consent?: Consent
  readonly cookies?: readonly string[]
  readonly lookedAgain?: boolean
}

export async function dispatch(parts: SignInParts, given: Journey): Promise<HttpReply> {
  const { http, browser, request, visit, interaction, consent } = given
  const cookies = [...(given.cookies ?? []), ...browserStateCookies(parts, http, browser, visit.signedIn)]
  const journey = { ...given, cookies }
  const { client } = visit.client
  const step = stepOf(parts, journey)
  switch (step.kind) {
    case 'refuse':
      if (interaction !== null) await parts.store.finishInteraction(interaction.interactionId)
      return refusalReply(parts, { http, request, client }, step.error, {
        cookies,
        isStranger: interaction === null && visit.signedIn.length === 0,
      })
    case 'issue': {
      const answer = await parts.issueResponse({
        request,
        client: visit.client,
        session: step.signedIn.session,
        user: step.signedIn.user,
        ...(interaction !== null && { interactionId: interaction.interactionId }),
        ...(consent !== undefined && { consent }),
      })
      if (answer === null) return lookAgain(parts, given)
      if (request.device !== undefined) return deviceAllowed(request, cookies)
      const whole = { ...answer, ...sessionStateFor(parts, request, visit.signedIn) }
      return answerReply(parts, { http, request, client }, whole, cookies)
    }
    default:
      return showStep(parts, journey, step)
  }
}

/** What is missing now. */
export function stepOf(
  parts: SignInParts,
  { request, visit, interaction, consent }: Pick<Journey, 'request' | 'visit' | 'interaction' | 'consent'>,
): NextStep {
  return nextStep({
    request,
    client: visit.client,
    signedIn: visit.signedIn,
    progress: {
      authenticatedSessionId: interaction?.authenticatedSessionId ?? null,
      chosenSessionId: interaction?.chosenSessionId ?? null,
      consented: consent !== undefined,
    },
    // Where nobody is asked, the kinds need not be worked out.
    kinds: visit.client.client.consent === 'implied' ? '' : kindsAsked(visit.client.client, request),
    now: parts.clock.now(),
    subjectOf: (userId) => parts.subjects.of(userId, visit.client.client),
  })
}

const PATHS = { authenticate: 'sign-in', select_account: 'choose-account', consent: 'consent' } as const

type Shown = Extract<NextStep, { kind: keyof typeof PATHS }>

/** A person is needed: stores the request, unless that has been done, and sends the browser to the page. */
async function showStep(parts: SignInParts, journey: Journey, step: Shown): Promise<HttpReply> {
  const { http, browser, request, cookies = [] } = journey
  const interaction = journey.interaction ?? (await storeInteraction(parts, http, request, browser.hash()))
  const location = parts.addresses.at(PATHS[step.kind], interaction.interactionId)
  const because = step.kind === 'authenticate' ? step.because : step.kind
  return withOutcome(redirect(303, location, [...new Set([...visitCookies(browser), ...cookies])]), {
    rule: 'person_needed',
    clause: 'RFC 6749 §3.1',
    reason: `sent to the page ${PATHS[step.kind]} because of ${because}`,
    clientId: request.clientId,
  })
}

export async function storeInteraction(
  parts: SignInParts,
  http: HttpRequest,
  request: AuthorizationRequest,
  browserHash: Uint8Array,
): Promise<Interaction> {
  const now = parts.clock.now()
  const interaction: Interaction = {
    interactionId: newSecret(),
    browserHash,
    request,
    authenticatedSessionId: null,
    chosenSessionId: null,
    createdAt: now,
    expiresAt: now + parts.lifetimes.interaction,
  }
  await parts.store.addInteraction(interaction, addressBucket(http.peer.address), parts.interactionLimits)
  return interaction
}

/** What the decision was based on has changed meanwhile: looks again, once. */
async function lookAgain(parts: SignInParts, journey: Journey): Promise<HttpReply> {
  const { http, browser, request, interaction, visit } = journey
  const gone =
    interaction !== null && (await parts.store.findInteraction(interaction.interactionId, parts.clock.now())) === null
  if (gone || (await isAnswered(parts, request))) return interactionGone(parts, http, 'interaction_expired')
  const visitNow = journey.lookedAgain ? null : await readVisit(parts, browser, request.clientId)
  if (visitNow !== null) return dispatch(parts, { ...journey, visit: visitNow, lookedAgain: true })
  const error = new OAuthError({
    error: 'temporarily_unavailable',
    description: 'The request met a change of the session or the client; try again',
    rule: 'visit_changed',
    clause: 'RFC 6749 §4.1.2.1',
  })
  return refusalReply(parts, { http, request, client: visit.client.client }, error)
}

/**
 * A pushed request is answered once, however many browsers or windows have come with its reference (RFC 9126 §4), and so
 * is that of a device.
 */
async function isAnswered({ store, clock }: SignInParts, { pushed, device }: AuthorizationRequest): Promise<boolean> {
  if (device !== undefined) return !(await store.isDeviceRequestOpen(Buffer.from(device, 'base64url'), clock.now()))
  if (pushed === undefined) return false
  return (await store.findPushedRequest(Buffer.from(pushed, 'base64url'))) === null
}

/** The sessions of this browser, and the client that asks, in one read. */
export async function readVisit(parts: SignInParts, browser: Browser, clientId: string): Promise<Visit | null> {
  const now = parts.clock.now()
  const hashes = browser.sessionSecrets.map((secret) => sha256(secret))
  return parts.store.findVisit(clientId, hashes, now, now - parts.lifetimes.sessionIdle)
}

/** The interaction was finished in another tab, is too old, or belongs to another browser. */
export function interactionGone(
  parts: SignInParts,
  http: HttpRequest,
  advice: 'interaction_expired' | 'interaction_unknown' | 'cookies_missing',
): HttpReply {
  const description = 'This sign-in is no longer open; please begin again at the application'
  return withOutcome(problemPage(parts, http, { status: 400, code: 'invalid_request', description, advice }), {
    rule: advice,
    clause: 'RFC 6749 §10.12',
    reason: 'the page belongs to a sign-in that is finished, expired, or of another browser',
  })
}
