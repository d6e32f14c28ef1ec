// The sign-in page of an interaction: whom it expects, and the next step after it.

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { formActionSource } from '../../http/reply/security-headers.ts'
import { readForm } from '../../http/request/form.ts'
import type { RouteParameters } from '../../http/routing/route.ts'
import { mayBeAbout, namesUser } from '../../model/interaction.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import { frameOf, localeCookies } from '../../visitor/frame.ts'
import type { Entered } from '../by-password/enter.ts'
import { type SignInForm, signInReply } from '../by-password/form.ts'
import type { Shown } from '../by-password/occasion.ts'
import { clientView } from '../client-view.ts'
import { interactionGone } from '../dispatch.ts'
import type { SignedInHere } from '../next-step.ts'
import { type OpenInteraction, openInteraction, proceed } from '../open-interaction.ts'
import type { SignInParts } from '../parts.ts'
import { cancelled, formRefused } from '../refuse.ts'

export function signInEndpoint(parts: SignInParts, submitted: SignInForm) {
  return async (http: HttpRequest, { id = '' }: RouteParameters): Promise<HttpReply> => {
    const open = await openInteraction(parts, http, id)
    if ('reply' in open) return open.reply
    return http.method === 'POST' ? submit(parts, submitted, open) : showPage(parts, open, {})
  }
}

function purposeOf({ interaction }: OpenInteraction): string {
  return `sign-in:${interaction.interactionId}`
}

function showPage(parts: SignInParts, open: OpenInteraction, shown: Shown): HttpReply {
  const { http, browser, interaction, visit } = open
  const { request } = interaction
  const action = parts.addresses.at('sign-in', interaction.interactionId)
  const form = { action, csrf: formToken(parts, browser, purposeOf(open)) }
  const hinted =
    visit.signedIn.find(({ user }) => mayBeAbout(request, parts.subjects.of(user.userId, visit.client.client))) ??
    visit.signedIn[0]
  const again = request.prompt.includes('login') || request.maxAge !== null || namesUser(request)
  const frame = frameOf(parts, http, request.uiLocales)
  const view = {
    form,
    client: clientView(visit.client.client, {
      addresses: parts.addresses,
      locale: frame.locale,
      redirectUri: request.redirectUri,
    }),
    username: request.loginHint ?? '',
    ...(again && hinted !== undefined && { knownUser: hinted.user.username }),
    cancel: { ...form, hidden: { decision: 'deny' } },
  }
  return signInReply(view, frame, shown, {
    formAction: [formActionSource(request.redirectUri)],
    frameAncestors: visit.client.client.frameAncestors,
    cookies: localeCookies(http),
  })
}

async function submit(parts: SignInParts, submitted: SignInForm, open: OpenInteraction): Promise<HttpReply> {
  const { http, browser, interaction, visit } = open
  const form = readForm(http)
  if (!isOwnForm(parts, http, browser, purposeOf(open), form.get('csrf'))) return formRefused(parts, http)
  if (form.get('decision') === 'deny') return cancelled(parts, open)
  return submitted<SignedInHere>(
    {
      http,
      browser,
      signedIn: visit.signedIn,
      clientId: interaction.request.clientId,
      show: (shown) => showPage(parts, open, shown),
      mayBe: ({ userId }) => mayBeAbout(interaction.request, parts.subjects.of(userId, visit.client.client)),
      onward: (entered) => onward(parts, open, entered),
    },
    form,
  )
}

async function onward(
  parts: SignInParts,
  open: OpenInteraction,
  { now, others, browser, cookies }: Entered<SignedInHere>,
): Promise<HttpReply> {
  const { store } = parts
  const progress = { ...open.interaction, authenticatedSessionId: now.session.sessionId }
  if (!(await store.setInteractionProgress(progress))) return interactionGone(parts, open.http, 'interaction_expired')
  const consent = await store.findConsent(now.user.userId, open.interaction.request.clientId)
  return proceed(parts, open, {
    interaction: progress,
    browser,
    visit: { ...open.visit, signedIn: [{ ...now, consent }, ...others] },
    cookies,
  })
}
