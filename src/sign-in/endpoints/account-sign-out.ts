// Signing out another browser, or all others: asked for on the account page, and done at once, because signing in again
// undoes it.

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { redirect } from '../../http/reply/replies.ts'
import { showDone } from '../account/done.ts'
import { readAccountForm } from '../account/whose.ts'
import type { AccountActs, SignInParts } from '../parts.ts'

export function accountSignOutEndpoint(parts: SignInParts, acts: AccountActs) {
  return async (http: HttpRequest): Promise<HttpReply> => {
    const own = await readAccountForm(parts, http, 'sign-out')
    if ('reply' in own) return own.reply
    const { user, session } = own.me
    if (own.form.get('elsewhere') === 'yes') {
      const count = await acts.endOtherSessions(user.userId, session.sessionId)
      parts.sessionsEnded()
      return showDone(parts, own, { kind: 'signed_out_elsewhere', about: String(count) })
    }
    const sessionId = own.form.get('session') ?? ''
    // For this browser there is a page of its own, which takes away the cookies too.
    if (sessionId === session.sessionId) return redirect(303, parts.addresses.path['end-session'])
    const isDone = await acts.endSession(user.userId, sessionId)
    if (isDone) parts.sessionsEnded()
    return showDone(parts, own, { kind: isDone ? 'signed_out' : 'session_gone' })
  }
}
