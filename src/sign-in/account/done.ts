// What the account page says has just been done. The answer to a form leads there (RFC 9110 §15.4.4), so that a reload
// does nothing twice. The address says what was done, sealed for this browser, so that no stranger's link can claim
// that something happened.

import type { HttpReply } from '../../http/message.ts'
import { redirect } from '../../http/reply/replies.ts'
import { readQuery } from '../../http/request/form.ts'
import { nameIn } from '../../model/client/presentation.ts'
import type { AccountDone, Locale } from '../../pages/index.ts'
import { withQuery } from '../../protocol/response-mode.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import type { SignInParts } from '../parts.ts'
import type { OwnAccount } from './whose.ts'

/** `about`: a client id, or a number. */
export interface Done {
  readonly kind: AccountDone['kind']
  readonly about?: string
}

const purposeOf = ({ kind, about = '' }: Done, { me }: Pick<OwnAccount, 'me'>) =>
  `account:done:${kind}:${me.session.sessionId}:${about}`

export function showDone(parts: SignInParts, own: OwnAccount, done: Done, cookies: readonly string[] = []): HttpReply {
  const seal = formToken(parts, own.browser, purposeOf(done, own))
  return redirect(303, withQuery(parts.addresses.path.account, { done: done.kind, about: done.about, seal }), cookies)
}

const WORDS: readonly AccountDone['kind'][] = [
  'withdrawn',
  'nothing_to_withdraw',
  'signed_out',
  'session_gone',
  'signed_out_elsewhere',
  'password_changed',
]

/** Null: nothing was done, or not in this browser. */
export async function doneOf(parts: SignInParts, own: OwnAccount, locale: Locale): Promise<AccountDone | null> {
  if (!own.http.query.includes('done=')) return null
  const query = readQuery(own.http)
  const kind = WORDS.find((word) => word === query.get('done'))
  if (kind === undefined) return null
  const about = query.get('about')
  const done = { kind, ...(about !== undefined && { about }) }
  if (!isOwnForm(parts, own.http, own.browser, purposeOf(done, own), query.get('seal'))) return null
  if (kind === 'signed_out_elsewhere') return { kind, count: Number(about) }
  if (kind !== 'withdrawn' || about === undefined) return { kind }
  const record = await parts.store.findClient(about)
  return record === null ? { kind } : { kind, client: nameIn(record.client, locale) }
}
