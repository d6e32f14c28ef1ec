// The consent page: who receives which data, and a yes or no that is bound to the person for whom it was rendered.

import { kindValues } from '../../claims/kinds.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/reply/page-reply.ts'
import { redirect } from '../../http/reply/replies.ts'
import { formActionSource } from '../../http/reply/security-headers.ts'
import { readForm } from '../../http/request/form.ts'
import type { RouteParameters } from '../../http/routing/route.ts'
import { isDocumentClient } from '../../model/client/document.ts'
import type { Consent } from '../../model/consent.ts'
import { type AuthorizationRequest, wishesOf } from '../../model/interaction.ts'
import { type ConsentView, consentPage, maskPhone } from '../../pages/index.ts'
import { joinScopes, scopeWords } from '../../protocol/scope.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import { frameOf, localeCookies } from '../../visitor/frame.ts'
import { clientView } from '../client-view.ts'
import { stepOf } from '../dispatch.ts'
import { kindsAsked } from '../kinds-asked.ts'
import type { SignedInHere } from '../next-step.ts'
import { type OpenInteraction, openInteraction, proceed } from '../open-interaction.ts'
import type { SignInParts } from '../parts.ts'
import { cancelled, formRefused } from '../refuse.ts'

export function consentEndpoint(parts: SignInParts) {
  return async (http: HttpRequest, { id = '' }: RouteParameters): Promise<HttpReply> => {
    const open = await openInteraction(parts, http, id)
    if ('reply' in open) return open.reply
    if (http.method === 'POST') return submit(parts, open)
    const person = personAsked(parts, open)
    return person === null ? proceed(parts, open) : showPage(parts, open, person, null)
  }
}

/**
 * The person whom the answer would be about; null: not yet at this step, or no longer, so the next step is decided
 * again.
 */
function personAsked(parts: SignInParts, { interaction, visit }: OpenInteraction): SignedInHere | null {
  const step = stepOf(parts, { request: interaction.request, visit, interaction })
  return step.kind === 'consent' ? step.signedIn : null
}

function purposeOf({ interaction }: OpenInteraction): string {
  return `consent:${interaction.interactionId}`
}

/** Binds the form to the person for whom it was rendered. */
function purposeFor(open: OpenInteraction, { session, user }: SignedInHere): string {
  return `${purposeOf(open)}:${session.sessionId}:${user.userId}`
}

function showPage(
  parts: SignInParts,
  open: OpenInteraction,
  person: SignedInHere,
  notice: 'user_changed' | null,
): HttpReply {
  const { http, browser, interaction, visit } = open
  const { client } = visit.client
  const { user } = person
  const scope = interaction.request.scope.split(' ')
  const form = {
    action: parts.addresses.at('consent', interaction.interactionId),
    csrf: formToken(parts, browser, purposeOf(open)),
    hidden: { person: formToken(parts, browser, purposeFor(open, person)) },
  }
  const frame = frameOf(parts, http, interaction.request.uiLocales)
  const page = consentPage(
    {
      form,
      client: clientView(client, {
        addresses: parts.addresses,
        locale: frame.locale,
        redirectUri: interaction.request.redirectUri,
      }),
      recipient: parts.textIn(client, 'recipient', frame.locale),
      contact: client.contact,
      purpose: parts.textIn(client, 'purpose', frame.locale),
      identity: isDocumentClient(client) ? new URL(client.client_id).host : null,
      user: { name: user.profile.displayName ?? user.username, username: user.username },
      kinds: kindValues(parts.subjects.shown(user, client), client, scope, wishesOf(interaction.request)).map((each) =>
        each.kind === 'phone' && each.value !== null ? { ...each, value: maskPhone(each.value) } : each,
      ),
      resources: resourceViews(interaction.request),
      accountHref: parts.account === null ? null : parts.addresses.path.account,
      switchUser: { ...form, hidden: { ...form.hidden, another: 'yes' } },
      notice,
    },
    frame,
  )
  return pageReply(page, {
    formAction: [formActionSource(interaction.request.redirectUri)],
    frameAncestors: client.frameAncestors,
    cookies: localeCookies(http),
  })
}

/** RFC 8707 §3: the person learns which APIs the client could use in their name. */
function resourceViews({ resources = [] }: AuthorizationRequest): NonNullable<ConsentView['resources']> {
  return resources.flatMap(({ identifier, name, scope }) =>
    name === null ? [] : [{ name, identifier, scope: scopeWords(scope) }],
  )
}

function denied(parts: SignInParts, { interaction }: OpenInteraction, person: SignedInHere | null) {
  if (person === null) return []
  const { clientId } = interaction.request
  return [{ type: 'consent_denied' as const, at: parts.clock.now(), clientId, userId: person.user.userId }]
}

async function submit(parts: SignInParts, open: OpenInteraction): Promise<HttpReply> {
  const { http, browser, interaction, visit } = open
  const form = readForm(http)
  if (!isOwnForm(parts, http, browser, purposeOf(open), form.get('csrf'))) return formRefused(parts, http)
  if (form.get('another') === 'yes') return redirect(303, parts.addresses.at('sign-in', interaction.interactionId))
  const person = personAsked(parts, open)
  if (form.get('decision') !== 'allow') return cancelled(parts, open, denied(parts, open, person))
  if (person === null) return proceed(parts, open)
  if (!isOwnForm(parts, http, browser, purposeFor(open, person), form.get('person'))) {
    // Another person has signed in meanwhile: the step is shown again, for that person. Nothing is recorded.
    return showPage(parts, open, person, 'user_changed')
  }
  const { request } = interaction
  const kinds = kindsAsked(visit.client.client, request)
  const consent: Consent = {
    userId: person.user.userId,
    clientId: request.clientId,
    scope: joinScopes(person.consent?.scope ?? '', request.scope),
    kinds: joinScopes(person.consent?.kinds ?? '', kinds),
    givenAt: parts.clock.now(),
  }
  return proceed(parts, open, { consent })
}
