// What a sign-out request says: whom it is about, who asks, and where the browser may go afterwards. OpenID Connect
// RP-Initiated Logout §2, §3.

import type { HttpReply, HttpRequest } from '../http/message.ts'
import { withOutcome } from '../http/reply/replies.ts'
import type { Client } from '../model/client/client.ts'
import { readJwt } from '../protocol/jwt.ts'
import type { Parameters } from '../protocol/parameters.ts'
import { explainMismatch } from '../protocol/redirect-uri.ts'
import { withQuery } from '../protocol/response-mode.ts'
import type { SignedIn } from '../store/verbs/sessions.ts'
import { problemPage } from '../visitor/problem-page.ts'
import type { RecognisedIdToken, SignInParts } from './parts.ts'
import { type Browser, readBrowser } from './visit.ts'

export interface SignOut {
  readonly http: HttpRequest
  readonly browser: Browser
  readonly parameters: Parameters
  readonly client: Client | null
  /** A trusted address, with `state`; null: the browser stays here afterwards. */
  readonly onward: string | null
  /** Whose session the client means, as far as it says; null: it says nothing. */
  readonly hint: RecognisedIdToken | null
}

const LONGEST_HINT = 16_384

const KEPT = ['client_id', 'id_token_hint', 'post_logout_redirect_uri', 'state', 'ui_locales'] as const

export function kept(parameters: Parameters): Readonly<Record<string, string>> {
  return Object.fromEntries(
    KEPT.flatMap((name) => {
      const value = parameters.get(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** The client that a hint claims to be for: only a name to look up, until the hint is recognised. */
function audienceOf(hint: string): string | undefined {
  const jwt = readJwt(hint, LONGEST_HINT)
  const aud = 'claims' in jwt ? jwt.claims['aud'] : undefined
  return typeof aud === 'string' ? aud : undefined
}

/** Checks everything that must be right before anybody is asked. What is wrong gives a page, never a redirect. */
export async function parseSignOut(
  parts: SignInParts,
  http: HttpRequest,
  parameters: Parameters,
): Promise<SignOut | { readonly reply: HttpReply }> {
  const refuse = (
    advice: 'id_token_hint' | 'post_logout_redirect_uri' | 'unknown_client' | 'request_malformed',
    rule: string,
    description: string,
    reason = description,
  ) => ({
    reply: withOutcome(problemPage(parts, http, { status: 400, code: 'invalid_request', description, advice }), {
      rule,
      clause: 'OpenID Connect RP-Initiated Logout §2',
      reason,
    }),
  })
  const hint = parameters.get('id_token_hint')
  const clientId = parameters.get('client_id') ?? (hint === undefined ? undefined : audienceOf(hint))
  const record = clientId === undefined ? null : await parts.store.findClient(clientId)
  const recognised = hint === undefined ? null : parts.recogniseIdToken(hint, record)
  if (hint !== undefined && recognised === null) {
    return refuse('id_token_hint', 'id_token_hint_foreign', 'id_token_hint was not issued by this server')
  }
  const repeated = KEPT.find((name) => parameters.isRepeated(name))
  if (repeated !== undefined) {
    return refuse('request_malformed', 'parameter_repeated', `${repeated} is sent more than once`)
  }
  if (recognised !== null && clientId !== recognised.clientId) {
    return refuse(
      'id_token_hint',
      'id_token_hint_of_other_client',
      'client_id and id_token_hint belong to different clients',
    )
  }
  if (clientId !== undefined && !record?.enabled) {
    return refuse('unknown_client', 'client_unknown', 'The client is not known here')
  }
  const target = parameters.get('post_logout_redirect_uri')
  const allowed = target !== undefined && (record?.client.post_logout_redirect_uris.includes(target) ?? false)
  if (target !== undefined && !allowed) {
    const description = 'post_logout_redirect_uri is not registered for the client, or no client was named'
    const reason = record
      ? explainMismatch(record.client.post_logout_redirect_uris, target, 'post_logout_redirect_uri')
      : 'no client was named: neither client_id nor id_token_hint was sent'
    return refuse('post_logout_redirect_uri', 'post_logout_redirect_uri_mismatch', description, reason)
  }
  return {
    http,
    browser: readBrowser(http),
    parameters,
    client: record?.client ?? null,
    onward: target === undefined ? null : withQuery(target, { state: parameters.get('state') }),
    hint: recognised,
  }
}

/** RPL §2: a hint about the very session that is here proves that the client means this one. */
export function isMeant(
  { subjects, sessionIdentifiers }: SignInParts,
  { client, hint }: SignOut,
  { user, session }: SignedIn,
): boolean {
  if (client === null || hint === null || subjects.of(user.userId, client) !== hint.subject) return false
  return hint.sid === null || hint.sid === sessionIdentifiers.of(session.sessionId, client.client_id)
}
