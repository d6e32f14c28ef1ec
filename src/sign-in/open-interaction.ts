// What the page of every step needs first: the interaction it belongs to, this browser, and where the visitor stands.

import type { HttpReply, HttpRequest } from '../http/message.ts'
import type { Interaction } from '../model/interaction.ts'
import { isSecret } from '../platform/random.ts'
import type { Visit } from '../store/verbs/sessions.ts'
import { dispatch, interactionGone, readVisit } from './dispatch.ts'
import type { SignInParts } from './parts.ts'
import { type Browser, readBrowser } from './visit.ts'

export interface OpenInteraction {
  readonly http: HttpRequest
  readonly browser: Browser
  readonly interaction: Interaction
  readonly visit: Visit
}

/**
 * Or a reply instead: the interaction is not open, or belongs to another browser (nobody can finish what another
 * began).
 */
export async function openInteraction(
  parts: SignInParts,
  http: HttpRequest,
  interactionId: string,
  browser: Browser = readBrowser(http),
): Promise<OpenInteraction | { readonly reply: HttpReply }> {
  const found = isSecret(interactionId) ? await parts.store.findInteraction(interactionId, parts.clock.now()) : null
  if (found === null) return { reply: interactionGone(parts, http, 'interaction_expired') }
  if (Buffer.compare(found.browserHash, browser.hash()) !== 0) {
    return { reply: interactionGone(parts, http, browser.isNew ? 'cookies_missing' : 'interaction_unknown') }
  }
  const visit = await readVisit(parts, browser, found.request.clientId)
  if (visit === null || !visit.client.enabled) {
    return { reply: interactionGone(parts, http, 'interaction_expired') }
  }
  return { http, browser, interaction: found, visit }
}

/** Goes on from an open interaction. */
export function proceed(
  parts: SignInParts,
  open: OpenInteraction,
  changes: Partial<
    Pick<Parameters<typeof dispatch>[1], 'visit' | 'interaction' | 'consent' | 'cookies' | 'browser'>
  > = {},
): Promise<HttpReply> {
  const { http, browser, interaction, visit } = open
  return dispatch(parts, { http, browser, interaction, visit, request: interaction.request, ...changes })
}
