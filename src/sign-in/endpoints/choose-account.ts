// Which of the people signed in to this browser? OpenID Connect Core §3.1.2.1, prompt=select_account.

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/reply/page-reply.ts'
import { redirect } from '../../http/reply/replies.ts'
import { formActionSource } from '../../http/reply/security-headers.ts'
import { readForm } from '../../http/request/form.ts'
import type { RouteParameters } from '../../http/routing/route.ts'
import { chooseAccountPage } from '../../pages/index.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import { frameOf, localeCookies } from '../../visitor/frame.ts'
import { clientView } from '../client-view.ts'
import { interactionGone } from '../dispatch.ts'
import { type OpenInteraction, openInteraction, proceed } from '../open-interaction.ts'
import type { SignInParts } from '../parts.ts'
import { cancelled, formRefused } from '../refuse.ts'

export function chooseAccountEndpoint(parts: SignInParts) {
  return async (http: HttpRequest, { id = '' }: RouteParameters): Promise<HttpReply> => {
    const open = await openInteraction(parts, http, id)
    if ('reply' in open) return open.reply
    if (http.method === 'POST') return submit(parts, open)
    // Everybody has signed out meanwhile: decide the next step again.
    return open.visit.signedIn.length === 0 ? proceed(parts, open) : showPage(parts, open)
  }
}

function purposeOf({ interaction }: OpenInteraction): string {
  return `choose-account:${interaction.interactionId}`
}

function showPage(parts: SignInParts, open: OpenInteraction): HttpReply {
  const { http, browser, interaction, visit } = open
  const form = {
    action: parts.addresses.at('choose-account', interaction.interactionId),
    csrf: formToken(parts, browser, purposeOf(open)),
  }
  const frame = frameOf(parts, http, interaction.request.uiLocales)
  const page = chooseAccountPage(
    {
      form,
      client: clientView(visit.client.client, { addresses: parts.addresses, locale: frame.locale }),
      accounts: visit.signedIn.map(({ session, user }) => ({
        value: session.sessionId,
        name: user.profile.displayName ?? user.username,
        username: user.username,
      })),
      cancel: { ...form, hidden: { decision: 'deny' } },
    },
    frame,
  )
  return pageReply(page, {
    formAction: [formActionSource(interaction.request.redirectUri)],
    frameAncestors: visit.client.client.frameAncestors,
    cookies: localeCookies(http),
  })
}

async function submit(parts: SignInParts, open: OpenInteraction): Promise<HttpReply> {
  const { http, browser, interaction, visit } = open
  const form = readForm(http)
  if (!isOwnForm(parts, http, browser, purposeOf(open), form.get('csrf'))) return formRefused(parts, http)
  if (form.get('decision') === 'deny') return cancelled(parts, open)
  if (form.get('another') === 'yes') return redirect(303, parts.addresses.at('sign-in', interaction.interactionId))
  const chosen = visit.signedIn.find(({ session }) => session.sessionId === form.get('account'))
  if (chosen === undefined) return visit.signedIn.length === 0 ? proceed(parts, open) : showPage(parts, open)
  const progress = { ...interaction, chosenSessionId: chosen.session.sessionId }
  if (!(await parts.store.setInteractionProgress(progress))) return interactionGone(parts, http, 'interaction_expired')
  return proceed(parts, open, { interaction: progress })
}
