// What people find at the issuer's own address: whose sign-in service this is, and where signing in begins. The store
// is not asked for it.

import Negotiator from 'negotiator'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/reply/page-reply.ts'
import { json, withOutcome } from '../../http/reply/replies.ts'
import type { Route } from '../../http/routing/route.ts'
import { frontPage } from '../../pages/index.ts'
import { newId } from '../../platform/random.ts'
import type { Addresses } from '../../protocol/addresses.ts'
import { frameOf, type Look, localeCookies } from '../../visitor/frame.ts'

export interface FrontPageParts extends Look {
  readonly addresses: Addresses
  readonly accountPage: boolean
  /** Whether anybody can sign in yet, and whether the set-up is still to be done. Null: the address is not ours to answer at. */
  readonly frontPage: { readonly isInUse: () => boolean; readonly isSetUpOpen: () => boolean } | null
}

/**
 * Without the option there is no route. An issuer with a path is written without a slash at its end, but people type
 * one.
 */
export function frontPageRoutes(parts: FrontPageParts): readonly Route[] {
  if (parts.frontPage === null) return []
  const { isInUse, isSetUpOpen } = parts.frontPage
  const endpoint = async (http: HttpRequest): Promise<HttpReply> => {
    if (!acceptsPage(http)) return noEndpoint(parts.addresses)
    // Before anybody can sign in, the account page would lead nowhere.
    const accountHref = parts.accountPage && isInUse() ? parts.addresses.path.account : null
    const page = frontPage({ setUpIsOpen: isSetUpOpen(), accountHref }, frameOf(parts, http))
    return pageReply(page, { cookies: localeCookies(http) })
  }
  const path = new URL(parts.addresses.issuer).pathname
  const paths = path === '/' ? ['/'] : [path, `${path}/`]
  return paths.map((path) => ({ methods: ['GET'], path, endpoint, kind: 'page' }))
}

/** Where the front page is; null: there is none. */
export function frontHrefOf({ frontPage, addresses }: Pick<FrontPageParts, 'frontPage' | 'addresses'>): string | null {
  return frontPage === null ? null : new URL(addresses.issuer).pathname
}

/** RFC 9110 §12.5.1: a client that says nothing, or accepts anything, gets a page. */
function acceptsPage({ headers }: HttpRequest): boolean {
  const accept = headers['accept']?.slice(0, 1000)
  if (accept === undefined) return true
  return new Negotiator({ headers: { accept } }).mediaType(['text/html', 'application/json']) === 'text/html'
}

/** For a program, this address is as good as any other without an endpoint. */
function noEndpoint({ origin, wellKnown }: Addresses): HttpReply {
  const description = `There is no endpoint here; this server describes itself at ${origin}${wellKnown.openid}`
  const body = { error: 'invalid_request', error_description: description }
  return withOutcome(json(404, body, { 'x-trace-id': newId('tr') }), {
    rule: 'not_found',
    clause: 'RFC 9110 §15.5.5',
    reason: 'No endpoint has this path',
  })
}
