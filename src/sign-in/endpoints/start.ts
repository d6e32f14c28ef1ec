// Third-party-initiated login: a person begins here and is sent to where the client begins its own sign-in. OpenID
// Connect Core §4. It leads to the registered `initiate_login_uri` and nowhere else.

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/reply/page-reply.ts'
import { redirect, withOutcome } from '../../http/reply/replies.ts'
import { readQuery } from '../../http/request/form.ts'
import type { RouteParameters } from '../../http/routing/route.ts'
import type { Client } from '../../model/client/client.ts'
import { leavePage } from '../../pages/index.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { withQuery } from '../../protocol/response-mode.ts'
import { frameAtClients, localeCookiesAtClients } from '../../visitor/frame.ts'
import { problemPage } from '../../visitor/problem-page.ts'
import { clientView, targetOf } from '../client-view.ts'
import type { SignInParts } from '../parts.ts'

const CLAUSE = 'OpenID Connect Core §4'
const LONGEST_HINT = 256

export function startEndpoint(parts: SignInParts) {
  return async (http: HttpRequest, { id = '' }: RouteParameters): Promise<HttpReply> => {
    const record = await parts.store.findClient(id)
    const uri = record?.enabled === true ? record.client.initiate_login_uri : null
    if (record === null || uri === null) {
      const description = 'Nothing can be started here: the client is not known, or begins no sign-in of its own'
      const view = { status: 404, code: 'invalid_request', description, advice: 'unknown_client' as const }
      return withOutcome(problemPage(parts, http, view), { rule: 'start_unknown', clause: CLAUSE, reason: description })
    }
    const { client } = record
    const href = withQuery(uri, asked(parts.addresses.issuer, client, readQuery(http)))
    const outcome = {
      rule: 'start_sent',
      clause: CLAUSE,
      reason: 'the person was sent to where the client begins its sign-in',
      clientId: client.client_id,
    }
    if (client.verified) return withOutcome(redirect(302, href), outcome)
    // Anybody can register a client, so this address must not lead just anywhere.
    const frame = frameAtClients(parts, http)
    const shown = clientView(client, { addresses: parts.addresses, locale: frame.locale })
    const page = leavePage({ client: shown, href, target: targetOf(uri) }, frame)
    return withOutcome(pageReply(page, { cookies: localeCookiesAtClients(http) }), outcome)
  }
}

/** Always `iss`; the other two parameters as they were sent, where they are of use. */
function asked(issuer: string, client: Client, query: Parameters): Readonly<Record<string, string>> {
  const hint = query.get('login_hint')
  const target = query.get('target_link_uri')
  return {
    iss: issuer,
    ...(hint !== undefined && hint.length <= LONGEST_HINT && { login_hint: hint }),
    ...(target !== undefined && isAtClient(client, target) && { target_link_uri: target }),
  }
}

/** A client must verify what arrives there (§4), which is easier when nothing else ever comes from here. */
function isAtClient({ initiate_login_uri: start, client_uri: home, redirect_uris }: Client, target: string): boolean {
  if (target.length > 2_048 || !URL.canParse(target) || !target.startsWith('https://')) return false
  const places = [start, home, ...redirect_uris].flatMap((uri) => (uri === null ? [] : [new URL(uri).origin]))
  const { origin, username, password } = new URL(target)
  return username === '' && password === '' && places.includes(origin)
}
