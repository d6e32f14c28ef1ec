// The authorization endpoint. RFC 6749 §3.1. If nobody has to be asked: 302 with the answer, and only the code is
// stored. If a person is needed: the request is stored, and the browser is sent to a page. If the request cannot be
// trusted: a page at this very URL.

import type { Endpoint, HttpReply, HttpRequest } from '../../http/message.ts'
import { redirect, withOutcome } from '../../http/reply/replies.ts'
import { readForm, readQuery } from '../../http/request/form.ts'
import { OAuthError } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { UNBOUND_BROWSER } from '../../store/verbs/interactions.ts'
import { type ProblemOptions, problemPage } from '../../visitor/problem-page.ts'
import { refusalReply } from '../answer.ts'
import { dispatch, readVisit, storeInteraction } from '../dispatch.ts'
import type { SignInParts } from '../parts.ts'
import {
  answerableState,
  documentUnusable,
  requestedClientId,
  trustClient,
  UntrustedRequest,
} from '../request/authorization-request.ts'
import { readRequest } from '../request/read-request.ts'
import { refusalMode } from '../request/response-parameters.ts'
import { wholeRequest } from '../request/whole-request.ts'
import { readBrowser } from '../visit.ts'

export function authorizeEndpoint(parts: SignInParts): Endpoint {
  return async (http) => {
    try {
      return await authorize(parts, http)
    } catch (error) {
      if (error instanceof UntrustedRequest) {
        const { outcome, description } = error.error
        const view = { status: 400, code: error.error.error, description, advice: error.advice }
        return withOutcome(problemPage(parts, http, view, requestAgain(http)), outcome)
      }
      if (!(error instanceof OAuthError)) throw error
      const view = {
        status: 400,
        code: error.error,
        description: error.description,
        advice: 'request_malformed' as const,
      }
      return withOutcome(problemPage(parts, http, view, requestAgain(http)), error.outcome)
    }
  }
}

async function authorize(parts: SignInParts, http: HttpRequest): Promise<HttpReply> {
  const outer = readParameters(http)
  const browser = readBrowser(http)
  const clientId = requestedClientId(outer)
  const unusable = await parts.readClientDocument(clientId, http.peer.address)
  if (unusable !== null) throw documentUnusable(unusable)
  const visit = await readVisit(parts, browser, clientId)
  const { parameters, problem, pushed } = await wholeRequest(parts, outer, visit?.client ?? null)
  const trusted = trustClient(parameters, visit?.client ?? null)
  const { client } = trusted.record
  try {
    if (problem !== null) throw problem
    const parsed = await readRequest(parts, parameters, trusted)
    const request = pushed === undefined ? parsed : { ...parsed, pushed }
    if (visit === null) throw new Error('a trusted client has been read')
    // A cross-site POST comes without our cookies: go round once, so that they are sent.
    if (http.method === 'POST' && browser.isNew && browser.sessionSecrets.length === 0) {
      const { interactionId } = await storeInteraction(parts, http, request, UNBOUND_BROWSER)
      return redirect(303, parts.addresses.at('continue', interactionId))
    }
    return await dispatch(parts, { http, browser, request, visit, interaction: null })
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    const { redirectUri } = trusted
    const responseMode = refusalMode(parameters, client, redirectUri, parts.responseTypes)
    const request = { redirectUri, responseMode, state: answerableState(parameters) }
    return refusalReply(parts, { http, request, client }, error, {
      isStranger: visit?.signedIn.length === 0,
      ...requestAgain(http),
    })
  }
}

/** OpenID Connect Core §3.1.2.1: GET reads the query, POST the body only. */
function readParameters(http: HttpRequest): Parameters {
  return http.method === 'POST' ? readForm(http) : readQuery(http)
}

/**
 * A POST from another site comes without our cookies, so what shows this page in another language is the request
 * itself.
 */
function requestAgain(http: HttpRequest): Pick<ProblemOptions, 'again'> {
  if (http.method !== 'POST') return {}
  try {
    const parameters = readForm(http)
    // If each were sent only once, it would be another request.
    if (parameters.repeated.length > 0) return {}
    return { again: Object.fromEntries(parameters.names.map((name) => [name, parameters.get(name) ?? ''])) }
  } catch (error) {
    if (error instanceof OAuthError) return {}
    throw error
  }
}
