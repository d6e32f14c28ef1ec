// A page that answers a form has no address at which it could be asked for again. So its language switch is a form too:
// it posts what the page was told, sealed for this browser and address, to the same address, and the page is shown
// anew. Nothing is done a second time, and nothing is stored here. Passwords are never sealed into it.

import type { HttpReply, HttpRequest } from '../http/message.ts'
import { pageReply } from '../http/reply/page-reply.ts'
import { withOutcome } from '../http/reply/replies.ts'
import type { Route } from '../http/routing/route.ts'
import {
  administratorPage,
  connectPage,
  errorPage,
  type Frame,
  firstPersonPage,
  type Page,
  passwordPage,
  publicAddressPage,
  rehearsalPage,
  setUpRehearsalPage,
  signedOutPage,
} from '../pages/index.ts'
import { MalformedParameters, parseForm } from '../protocol/parameters.ts'
import { type FormParts, formToken, isOwnForm } from './form.ts'
import { frameOf, type Look, localeCookies } from './frame.ts'
import { readVisitor } from './visitor.ts'

/**
 * Pages that can be shown again from what they were told. Those of a sign-in need more: they ask again who is there.
 */
const PAGES = {
  error: errorPage,
  'signed-out': signedOutPage,
  password: passwordPage,
  administrator: administratorPage,
  'public-address': publicAddressPage,
  connect: connectPage,
  'first-person': firstPersonPage,
  'set-up-rehearsal': setUpRehearsalPage,
  rehearsal: rehearsalPage,
}

export type PageName = keyof typeof PAGES

export interface Said<Name extends PageName> {
  readonly page: Name
  readonly view: Parameters<(typeof PAGES)[Name]>[0]
  /** If it differs from the page's own. */
  readonly status?: number
}

export type SealingLook = Look & Pick<FormParts, 'csrfKey'>

/**
 * Bytes of the text that may come back: percent-encoded it is three times as long, and the length of a body is limited.
 */
const LONGEST_SAID = 20_000
/**
 * Bytes of a form that may be one of these. Anybody can send sixteen megabytes to the set-up, and reading them would
 * take seconds.
 */
const LONGEST_FORM = 3 * LONGEST_SAID + 200

const purposeOf = ({ path }: HttpRequest, said: string) => `said:${path}:${said}`

/**
 * A frame whose language switch brings back what the page says. Where that is too long, or the browser sends no
 * cookies, the switch starts afresh.
 */
export function frameOfSaid<Name extends PageName>(
  look: SealingLook,
  request: HttpRequest,
  content: Said<Name>,
  frame: Frame = frameOf(look, request),
): Frame {
  const visitor = readVisitor(request)
  if (request.method !== 'POST' || visitor.isNew) return frame
  const said = JSON.stringify(content)
  if (Buffer.byteLength(said) > LONGEST_SAID) return frame
  return { ...frame, again: { said, seal: formToken(look, visitor, purposeOf(request, said)) } }
}

/**
 * The same route; but where the language of one of its pages is switched, that page is shown again and nothing else
 * happens.
 */
export function withSaidAgain(look: Look & FormParts, route: Route): Route {
  if (!route.methods.includes('POST')) return route
  const { endpoint } = route
  return {
    ...route,
    endpoint: async (request, parameters) => saidAgain(look, request) ?? (await endpoint(request, parameters)),
  }
}

const BEGINNING = Buffer.from('said=')

/**
 * The page to show again; null: it is another form, or was not sealed by us for this browser and address. What only the
 * holder of a link may see is asked for after the link has been checked.
 */
export function saidAgain(look: Look & FormParts, request: HttpRequest): HttpReply | null {
  const { method, body } = request
  if (method !== 'POST' || body.length > LONGEST_FORM) return null
  if (!BEGINNING.equals(body.subarray(0, BEGINNING.length))) return null
  const form = parsed(Buffer.from(body).toString('utf8'))
  const said = form?.get('said')
  if (said === undefined) return null
  if (!isOwnForm(look, request, readVisitor(request), purposeOf(request, said), form?.get('seal'))) return null
  const content = JSON.parse(said) as Said<PageName>
  const page = shown(content, frameOfSaid(look, request, content))
  if (page === null) return null
  const reply = pageReply({ ...page, status: content.status ?? page.status }, { cookies: localeCookies(request) })
  // What happened was traced when it happened.
  return withOutcome(reply, null)
}

/** Null: sealed by another release, whose pages are told other things. */
function shown({ page, view }: Said<PageName>, frame: Frame): Page | null {
  if (!Object.hasOwn(PAGES, page)) return null
  const show = PAGES[page] as (view: unknown, frame: Frame) => Page
  try {
    return show(view, frame)
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

/** What cannot be read is left for the endpoint to refuse. */
function parsed(text: string) {
  try {
    return parseForm(text)
  } catch (error) {
    if (error instanceof MalformedParameters) return null
    throw error
  }
}
