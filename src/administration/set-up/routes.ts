// The set-up's addresses: the link, the steps behind it, and the answer to our own question whether the public address
// leads here. Steps are found here; none knows another.

import { sameBytes, sha256 } from '../../credentials/digest.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { readForm, readQuery } from '../../http/request/form.ts'
import type { Route } from '../../http/routing/route.ts'
import { openLinkPage } from '../../pages/index.ts'
import { isSecret } from '../../platform/random.ts'
import { frameOf, operatorLook } from '../../visitor/frame.ts'
import { saidAgain } from '../../visitor/said-again.ts'
import { readVisitor } from '../../visitor/visitor.ts'
import { SET_UP_PURPOSE, WORK_LIFETIME } from './link.ts'
import type { SetUpParts } from './parts.ts'
import { parseDetail, readSetUp, STEPS, type StepName } from './progress.ts'
import { reachEndpoint } from './reach.ts'
import { refuse } from './refuse.ts'
import { administratorStep } from './steps/administrator.ts'
import { connectedClient, connectStep } from './steps/connect.ts'
import { firstPersonStep } from './steps/first-person.ts'
import { chosenIssuer, publicAddressStep, reachPath } from './steps/public-address.ts'
import { rehearsalStep } from './steps/rehearsal.ts'
import type { Step, Submitted } from './steps/step.ts'
import { waitingStep } from './steps/waiting.ts'
import { formTarget, goTo, isFormOf, type OpenSetUp, showPage } from './visit.ts'

export function setUpRoutes(parts: SetUpParts): readonly Route[] {
  return [
    // Answered for any host and scheme: how it arrives is what is asked.
    { methods: ['GET'], path: reachPath(parts), endpoint: reachEndpoint(parts.master), kind: 'health' },
    {
      methods: ['GET', 'POST'],
      path: `${parts.addresses.path['set-up']}/{id}`,
      endpoint: linkEndpoint(parts),
      kind: 'page',
    },
  ]
}

/** Bytes: more than any form but the one with the file. */
const LONGEST_FORM = 64 * 1024
/** As much as the adapters let through. */
const LONGEST_FILE = 16 * 1024 * 1024

function linkEndpoint(parts: SetUpParts) {
  const client = (open: OpenSetUp) => connectedClient(parts, open)
  const steps: readonly Step[] = [
    administratorStep(parts),
    publicAddressStep(parts),
    connectStep(parts, (open) => chosenIssuer(parts, open)),
    firstPersonStep(parts),
    rehearsalStep(parts, client),
    waitingStep(parts, client, (open) => chosenIssuer(parts, open)),
  ]
  const inTurn = createQueue()

  return async (http: HttpRequest, { id = '' }: Readonly<Record<string, string>>): Promise<HttpReply> => {
    const found = await findOpen(parts, http, id)
    if ('reply' in found) return found.reply
    if (http.method !== 'POST') return await show(steps, found.open)
    const target = readQuery(http).get('step') ?? ''
    const again = saidAgain({ ...operatorLook(parts), origins: [parts.addresses.origin] }, http)
    if (again !== null) return again
    if (target !== 'import' && http.body.length > LONGEST_FORM) return refuse(parts, http, 'large')
    const sent = await readSubmitted(http, target)
    if (!isFormOf(parts, found.open, target, sent.fields.get('csrf'))) {
      return refuse(parts, http, found.open.visitor.isNew ? 'cookies' : 'foreign')
    }
    // Two clicks are two requests: the second sees what the first has done.
    return await inTurn(async () => {
      const now = await findOpen(parts, http, id)
      return 'reply' in now ? now.reply : await submit(steps, now.open, target, sent)
    })
  }
}

type Found = { readonly open: OpenSetUp } | { readonly reply: HttpReply }

/** The link, opened in this very browser; or the page that says why not. */
async function findOpen(parts: SetUpParts, http: HttpRequest, id: string): Promise<Found> {
  const { store, clock, addresses } = parts
  if (!isSecret(id)) return { reply: refuse(parts, http, 'spent') }
  const ticketHash = sha256(id)
  const ticket = await store.findTicket(ticketHash, clock.now())
  const progress = await readSetUp(store)
  if (ticket === null || ticket.purpose !== SET_UP_PURPOSE) {
    return { reply: refuse(parts, http, progress.finishedAt === null ? 'spent' : 'done') }
  }
  const visitor = readVisitor(http)
  const path = `${addresses.path['set-up']}/${id}`
  const detail = parseDetail(ticket.detail)
  const open: OpenSetUp = { http, visitor, path, ticketHash, progress, detail }
  if (ticket.boundBrowserHash === null) return { reply: await openLink(parts, open) }
  if (!sameBytes(ticket.boundBrowserHash, visitor.hash())) {
    return { reply: refuse(parts, http, detail.finished === true ? 'done' : 'elsewhere') }
  }
  return { open }
}

/** Only the press of its button spends the link: what merely looks at it (previews, scanners, HEAD) does not. */
async function openLink(parts: SetUpParts, open: OpenSetUp): Promise<HttpReply> {
  const { http, visitor, ticketHash, progress } = open
  if (http.method !== 'POST') {
    const form = formTarget(parts, open, 'open')
    const page = openLinkPage({ form, purpose: 'set_up', hours: WORK_LIFETIME / 3600 }, frameOf(parts, http))
    return showPage(page, open)
  }
  if (http.body.length > LONGEST_FORM) return refuse(parts, http, 'large')
  if (!isFormOf(parts, open, 'open', readForm(http).get('csrf'))) {
    return refuse(parts, http, visitor.isNew ? 'cookies' : 'foreign')
  }
  const now = parts.clock.now()
  if (!(await parts.store.bindTicket(ticketHash, visitor.hash(), now, now + WORK_LIFETIME))) {
    return refuse(parts, http, 'elsewhere')
  }
  return goTo(open, progress.finishedAt === null ? progress.step : 'address')
}

async function show(steps: readonly Step[], open: OpenSetUp): Promise<HttpReply> {
  const { progress, detail } = open
  const wanted = readQuery(open.http).get('step')
  const step = steps.find(({ name }) => name === wanted)
  // The last page says that it is done, and what comes next.
  if (detail.finished === true && step?.name !== 'waiting') return goTo(open, 'waiting')
  if (step === undefined || isAhead(step.name, progress.step)) return goTo(open, progress.step)
  const shown = await step.show(open)
  return typeof shown === 'string' ? goTo(open, shown) : shown
}

async function submit(steps: readonly Step[], open: OpenSetUp, target: string, sent: Submitted): Promise<HttpReply> {
  const step = steps.find(({ forms }) => Object.hasOwn(forms, target))
  const take = step?.forms[target]
  // The link's own button, pressed twice.
  if (step === undefined || take === undefined || isAhead(step.name, open.progress.step)) {
    return goTo(open, open.progress.step)
  }
  if (open.detail.finished === true && target !== 'finish') return goTo(open, 'waiting')
  const taken = await take(open, sent)
  return typeof taken === 'string' ? goTo(open, taken) : taken
}

function isAhead(step: StepName, reached: StepName): boolean {
  return STEPS.indexOf(step) > STEPS.indexOf(reached)
}

async function readSubmitted(http: HttpRequest, target: string): Promise<Submitted> {
  if (target !== 'import') return { fields: readForm(http), file: null }
  // Rare and large, so loaded when it is needed.
  const { readMultipart } = await import('../../http/request/multipart.ts')
  const { fields, file } = await readMultipart(http, { fileSize: LONGEST_FILE, fieldSize: LONGEST_FILE })
  return { fields, file: file?.bytes ?? null }
}

/** One after the other. */
function createQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const next = last.then(task, task)
    last = next.catch(() => undefined)
    return next
  }
}
