// The rehearsal's page: opened once by a link of the command line, then bound to that browser; chooses a person, plays,
// and shows the report.

import type { MasterKey } from '../../credentials/master-key.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/reply/page-reply.ts'
import { redirect, withOutcome } from '../../http/reply/replies.ts'
import { readForm } from '../../http/request/form.ts'
import type { Route, RouteParameters } from '../../http/routing/route.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import type { RehearsalView } from '../../pages/index.ts'
import { openLinkPage, rehearsalPage } from '../../pages/index.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Addresses } from '../../protocol/addresses.ts'
import type { Store } from '../../store/store.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import { frameOf, type Look, localeCookies, operatorLook } from '../../visitor/frame.ts'
import { problemPage } from '../../visitor/problem-page.ts'
import { frameOfSaid, type SealingLook, saidAgain } from '../../visitor/said-again.ts'
import { readVisitor, type Visitor, visitCookies } from '../../visitor/visitor.ts'
import { findChosenUser, userChoices } from './choose-user.ts'
import { findRehearsalTicket, OPENED_LIFETIME, type RehearsalTicket, spendRehearsalTicket } from './link.ts'
import { CannotRehearse, rehearse } from './rehearse.ts'
import type { ComposeRehearsal } from './stage.ts'

export interface RehearsalPageParts extends Look {
  readonly store: Store
  readonly clock: Clock
  readonly master: MasterKey
  readonly addresses: Addresses
  readonly composeRehearsal: ComposeRehearsal
}

export function rehearsalRoutes(parts: RehearsalPageParts): readonly Route[] {
  const endpoint = (request: HttpRequest, { id = '' }: RouteParameters) => answer(parts, request, id)
  return [{ methods: ['GET', 'POST'], path: `${parts.addresses.path.rehearsal}/{id}`, endpoint, kind: 'page' }]
}

async function answer(parts: RehearsalPageParts, request: HttpRequest, secret: string): Promise<HttpReply> {
  const visitor = readVisitor(request)
  const ticket = await findRehearsalTicket(parts.store, parts.clock, secret, visitor.hash())
  const client = ticket === null ? null : await parts.store.findClient(ticket.clientId)
  if (ticket === null || client === null) return linkSpent(parts, request)
  const open: OpenPage = {
    parts,
    request,
    visitor,
    ticket,
    client,
    path: `${parts.addresses.path.rehearsal}/${secret}`,
  }
  if (request.method === 'POST')
    return (
      saidAgain({ ...sealing(operatorLook(parts)), origins: [parts.addresses.origin] }, request) ?? (await submit(open))
    )
  return ticket.state === 'unspent' ? showLink(open) : showPage(open, {})
}

interface OpenPage {
  readonly parts: RehearsalPageParts
  readonly request: HttpRequest
  readonly visitor: Visitor
  readonly ticket: RehearsalTicket
  readonly client: ClientRecord
  readonly path: string
}

async function submit(open: OpenPage): Promise<HttpReply> {
  const { parts, request, visitor, ticket, client, path } = open
  const form = readForm(request)
  const { master, addresses, store, clock } = parts
  const own = { csrfKey: master.key('csrf'), origins: [addresses.origin] }
  if (!isOwnForm(own, request, visitor, purposeOf(ticket), form.get('csrf'))) {
    return formRefused(parts, request, visitor)
  }
  if (ticket.state === 'unspent') {
    const spent = await spendRehearsalTicket(store, clock, ticket, visitor.hash())
    return spent ? redirect(303, path) : linkSpent(parts, request)
  }
  const chosen = form.get('user') ?? ''
  const user = await findChosenUser(store, chosen)
  if (user === null) {
    const problem = { problem: chosen.trim() === '' ? 'required' : 'user_unknown' } as const
    return showPage(open, { chosen, problems: { user: problem } })
  }
  try {
    return await showPage(open, { chosen, result: await rehearse(parts, { client, user }) })
  } catch (error) {
    if (!(error instanceof CannotRehearse)) throw error
    return showPage(open, { chosen, problems: { user: { problem: 'text', text: error.said } } })
  }
}

/** Binds the anti-forgery values to the ticket. Any secret of the ticket would do; its hash is stored anyway. */
function purposeOf({ hash }: RehearsalTicket): string {
  return `rehearsal:${Buffer.from(hash).toString('base64url')}`
}

function sealing(parts: RehearsalPageParts): SealingLook {
  return { ...parts, csrfKey: parts.master.key('csrf') }
}

function formOf({ parts, visitor, ticket, path }: OpenPage) {
  return { action: path, csrf: formToken({ csrfKey: parts.master.key('csrf') }, visitor, purposeOf(ticket)) }
}

function showLink(open: OpenPage): HttpReply {
  const page = openLinkPage(
    { form: formOf(open), purpose: 'rehearsal', hours: OPENED_LIFETIME / 3_600 },
    frameOf(open.parts, open.request),
  )
  return pageReply(page, { cookies: cookiesOf(open) })
}

function cookiesOf({ visitor, request }: OpenPage): readonly string[] {
  return [...visitCookies(visitor), ...localeCookies(request)]
}

async function showPage(
  open: OpenPage,
  shown: Partial<Pick<RehearsalView, 'chosen' | 'problems' | 'result'>>,
): Promise<HttpReply> {
  const users = await userChoices(open.parts.store)
  const view: RehearsalView = {
    form: formOf(open),
    clientName: open.client.client.client_name,
    users,
    chosen: '',
    problems: {},
    result: null,
    next: null,
    ...shown,
  }
  const frame = frameOfSaid(sealing(operatorLook(open.parts)), open.request, { page: 'rehearsal', view })
  return pageReply(rehearsalPage(view, frame), { cookies: cookiesOf(open) })
}

/** Unknown, expired, or another browser's: a stranger learns nothing from the difference. */
function linkSpent(parts: RehearsalPageParts, request: HttpRequest): HttpReply {
  const description = 'This link was used in another browser, or has expired'
  return problemPage(sealing(parts), request, {
    status: 410,
    code: 'invalid_request',
    description,
    advice: 'link_spent',
  })
}

function formRefused(parts: RehearsalPageParts, request: HttpRequest, visitor: Visitor): HttpReply {
  const description = 'The form was not sent from its own page'
  const outcome = { rule: 'form_foreign', clause: 'RFC 6749 §10.12', reason: description }
  const view = { status: 403, code: 'invalid_request', description, advice: 'cross_site_form' } as const
  return withOutcome(problemPage(sealing(parts), request, view, { cookies: visitCookies(visitor) }), outcome)
}
