// The lines about the first exchange: may this client and this person sign in at all, and what does the browser bring
// back to the callback.

import type { ClientRecord } from '../../model/client/client.ts'
import type { UserWithPassword } from '../../model/user.ts'
import { explainMismatch } from '../../protocol/redirect-uri.ts'
import { clauseOf, GUIDE, type Line, line, promise, timeLine, whyRefused } from './lines.ts'
import type { AuthorizeScene, Parameter } from './play.ts'
import { type Script, ZHIZUOYUN_CALLBACK } from './script.ts'
import { person, type Said, together, authorize as words } from './words.ts'

export interface Situation {
  readonly issuer: string
  readonly client: ClientRecord
  readonly user: UserWithPassword
  /** Another enabled user has this one's number. */
  readonly phoneTaken: boolean
}

export function authorizeLines(scene: AuthorizeScene, script: Script, situation: Situation): readonly Line[] {
  const { ending } = scene
  const clause = script.isZhizuoyun ? GUIDE.authorize : 'RFC 6749 §4.1.2'
  return [
    promise(situation.client.enabled, 'RFC 6749 §4.1.1', words.clientEnabled, words.clientDisabled),
    ...personLines(situation),
    ...callbackLines(situation, script),
    ...consentLines(scene),
    ending.kind === 'callback'
      ? line('ok', clause, words.redirected)
      : line('bad', clauseOf(scene.reply, clause), words.redirected, whyNotThere(scene, script, situation)),
    ...(ending.kind === 'callback' ? answerLines(scene, ending.answer, script, situation, clause) : []),
    timeLine(scene.elapsed, clause),
  ]
}

const PERSON_CLAUSE = 'OpenID Connect Core §3.1.2.3'

function personLines({ user, phoneTaken }: Situation): readonly Line[] {
  const { username } = user
  const disabled = phoneTaken ? together(person.phoneTaken, person.disabled(username)) : person.disabled(username)
  return [
    promise(user.enabled, PERSON_CLAUSE, person.enabled, disabled),
    user.passwordHash !== null && user.passwordTemporary
      ? line('note', PERSON_CLAUSE, person.hasPassword, person.temporaryPassword)
      : promise(user.passwordHash !== null, PERSON_CLAUSE, person.hasPassword, person.noPassword(username)),
  ]
}

function callbackLines({ client: { client } }: Situation, script: Script): readonly Line[] {
  const clause = script.isZhizuoyun ? GUIDE.authorize : 'RFC 6749 §3.1.2.2'
  const { redirect_uris } = client
  const others = redirect_uris.filter((uri) => uri !== script.redirectUri).join(', ')
  if (!script.isZhizuoyun) return [line('ok', clause, words.callbacks, words.callbackUsed(script.redirectUri, others))]
  if (script.redirectUri === ZHIZUOYUN_CALLBACK) {
    return [line('ok', clause, words.callbackRegistered, others === '' ? null : words.otherCallbacks(others))]
  }
  // Meant for 制作云 and mistyped, or meant for a program of the operator's own.
  const guideHost = new URL(ZHIZUOYUN_CALLBACK).host
  if (redirect_uris.some((uri) => new URL(uri).host === guideHost)) {
    const difference = explainMismatch(redirect_uris, ZHIZUOYUN_CALLBACK)
    return [line('bad', clause, words.callbackDiffers, words.callbackNear(difference))]
  }
  return [
    line('note', clause, words.callbackDiffers, words.callbackOther(redirect_uris.join(', '), ZHIZUOYUN_CALLBACK)),
  ]
}

function consentLines({ consent, ending }: AuthorizeScene): readonly Line[] {
  const clause = 'OpenID Connect Core §3.1.2.4'
  if (consent === 'shown') return [line('note', clause, words.consentShown, words.consentShownWhy)]
  return ending.kind === 'callback' && ending.answer.has('code')
    ? [line('ok', clause, words.consentNone, words.consentNoneWhy)]
    : []
}

function whyNotThere({ ending, reply }: AuthorizeScene, script: Script, { user }: Situation): Said {
  if (ending.kind === 'sign_in_page')
    return user.enabled ? words.signInPage : together(words.signInPage, person.disabled(user.username))
  if (ending.kind === 'elsewhere') return words.elsewhere
  const why = whyRefused(reply)
  return together(
    words.refusedHere,
    ...(why === null ? [] : [why]),
    ...(script.isZhizuoyun && reply.outcome?.rule !== 'client_disabled' ? [words.zhizuoyunRefusal] : []),
  )
}

function answerLines(
  { reply }: AuthorizeScene,
  answer: ReadonlyMap<string, Parameter>,
  script: Script,
  situation: Situation,
  clause: string,
): readonly Line[] {
  const state = answer.get('state')
  const unchanged = state?.value === script.state && state.raw === encodeURIComponent(script.state)
  const code = answer.get('code')?.value ?? ''
  const error = answer.get('error')?.value
  const lines = [
    promise(unchanged, clause, words.state, words.stateLost(encodeURIComponent(script.state), state?.raw ?? '–')),
  ]
  if (error !== undefined && error !== null) {
    return [...lines, line('bad', clauseOf(reply, clause), words.code, whyError(reply, error, script, situation))]
  }
  return [
    ...lines,
    promise(code !== '', clause, words.code),
    promise(/^[A-Za-z0-9]+$/.test(code), clause, words.codeAlphanumeric),
    ...(script.verifier === null ? [] : [line('ok', 'RFC 7636 §4.3', words.pkce)]),
    ...issLines(answer, script, situation),
  ]
}

function whyError(
  reply: AuthorizeScene['reply'],
  error: string,
  script: Script,
  { client: { client } }: Situation,
): Said {
  const refused = words.refusedThere(error)
  if (script.isZhizuoyun && reply.outcome?.rule === 'pkce_required') {
    return together(refused, words.zhizuoyunPkce(client.client_id))
  }
  const why = whyRefused(reply)
  return together(refused, ...(why === null ? [] : [why]), ...(script.isZhizuoyun ? [words.zhizuoyunRefusal] : []))
}

function issLines(answer: ReadonlyMap<string, Parameter>, script: Script, { issuer }: Situation): readonly Line[] {
  const extra = [...answer.keys()].filter((name) => name !== 'code' && name !== 'state')
  if (script.isZhizuoyun) {
    return extra.length === 0 ? [] : [line('note', 'RFC 9207 §2.4', words.extra(extra.join(', ')), words.extraWhy)]
  }
  const iss = answer.get('iss')
  return iss === undefined ? [] : [promise(iss.value === issuer, 'RFC 9207 §2.4', words.iss)]
}
