// Withdrawing a consent: the page says what will happen, and has one button. It is as easy as giving it was (PIPL art.
// 15), so the password is not asked for again. docs/decisions/0050

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/reply/page-reply.ts'
import { readQuery } from '../../http/request/form.ts'
import { withdrawPage } from '../../pages/index.ts'
import { frameOf, localeCookies } from '../../visitor/frame.ts'
import { showDone } from '../account/done.ts'
import { accountForm, type OwnAccount, openAccount, readAccountForm } from '../account/whose.ts'
import { clientView } from '../client-view.ts'
import type { AccountActs, SignInParts } from '../parts.ts'

export function accountWithdrawEndpoint(parts: SignInParts, acts: AccountActs) {
  return async (http: HttpRequest): Promise<HttpReply> =>
    http.method === 'POST' ? withdraw(parts, acts, http) : ask(parts, http)
}

async function ask(parts: SignInParts, http: HttpRequest): Promise<HttpReply> {
  const own = await openAccount(parts, http)
  if ('reply' in own) return own.reply
  const clientId = readQuery(http).get('client_id') ?? ''
  const [consent, record] = await Promise.all([
    parts.store.findConsent(own.me.user.userId, clientId),
    parts.store.findClient(clientId),
  ])
  if (consent === null || record === null) return showDone(parts, own, { kind: 'nothing_to_withdraw' })
  return showPage(parts, own, record.client)
}

function showPage(parts: SignInParts, own: OwnAccount, client: Parameters<typeof clientView>[0]): HttpReply {
  const { user } = own.me
  const frame = frameOf(parts, own.http)
  const page = withdrawPage(
    {
      form: accountForm(parts, own, 'withdraw', { client_id: client.client_id }),
      client: clientView(client, { addresses: parts.addresses, locale: frame.locale }),
      contact: client.contact,
      user: { name: user.profile.displayName ?? user.username, username: user.username },
      backHref: parts.addresses.path.account,
    },
    frame,
  )
  return pageReply(page, { cookies: localeCookies(own.http) })
}

async function withdraw(parts: SignInParts, acts: AccountActs, http: HttpRequest): Promise<HttpReply> {
  const own = await readAccountForm(parts, http, 'withdraw')
  if ('reply' in own) return own.reply
  const clientId = own.form.get('client_id') ?? ''
  const isDone = await acts.withdrawConsent(own.me.user.userId, clientId)
  return showDone(parts, own, isDone ? { kind: 'withdrawn', about: clientId } : { kind: 'nothing_to_withdraw' })
}
