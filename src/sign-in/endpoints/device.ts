// The verification URI of the device grant: which device it is, whether it is the person's own, and then the way of every
// other sign-in. RFC 8628 §3.3

import type { MasterKey } from '../../credentials/master-key.ts'
import { hashUserCode, readUserCode, shownUserCode } from '../../credentials/user-code.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/reply/page-reply.ts'
import { redirect, withOutcome } from '../../http/reply/replies.ts'
import { addressBucket } from '../../http/request/address.ts'
import { readForm, readQuery } from '../../http/request/form.ts'
import type { Seconds } from '../../model/time.ts'
import { type DeviceCodeView, deviceCodePage, deviceConfirmPage, deviceDonePage } from '../../pages/index.ts'
import { createWindowCounter, type WindowCounter } from '../../platform/window-counter.ts'
import type { OpenDeviceRequest } from '../../store/verbs/device-requests.ts'
import type { Visit } from '../../store/verbs/sessions.ts'
import { formToken, isOwnForm } from '../../visitor/form.ts'
import { frameOf, localeCookies } from '../../visitor/frame.ts'
import { visitCookies } from '../../visitor/visitor.ts'
import { deviceDenied } from '../answer.ts'
import { clientView } from '../client-view.ts'
import { dispatch, readVisit } from '../dispatch.ts'
import type { SignInParts } from '../parts.ts'
import { formRefused } from '../refuse.ts'
import { type Browser, readBrowser } from '../visit.ts'

/** RFC 8628 §5.1: with codes of eight letters nobody finds one by this many guesses in ten minutes. */
const MOST_UNKNOWN = 30
const WINDOW: Seconds = 600

interface DeviceParts extends SignInParts {
  readonly master: MasterKey
  readonly unknown: WindowCounter
}

export function deviceEndpoint(signIn: SignInParts, master: MasterKey) {
  const parts: DeviceParts = { ...signIn, master, unknown: createWindowCounter(signIn.clock, WINDOW) }
  return async (http: HttpRequest): Promise<HttpReply> =>
    http.method === 'POST' ? submit(parts, http) : show(parts, http)
}

export function deviceDoneEndpoint(parts: SignInParts) {
  return async (http: HttpRequest): Promise<HttpReply> => {
    const isAllowed = readQuery(http).get('error') === undefined
    return pageReply(deviceDonePage({ isAllowed }, frameOf(parts, http)), { cookies: localeCookies(http) })
  }
}

const ENTER = 'device:enter'
const purposeOf = (letters: string) => `device:${letters}`

function showCode(parts: DeviceParts, http: HttpRequest, shown: Omit<DeviceCodeView, 'form'>): HttpReply {
  const browser = readBrowser(http)
  const form = { action: parts.addresses.path.device, csrf: formToken(parts, browser, ENTER) }
  return pageReply(deviceCodePage({ form, ...shown }, frameOf(parts, http)), {
    cookies: [...visitCookies(browser), ...localeCookies(http)],
    ...(shown.wait !== null && { headers: { 'retry-after': String(shown.wait) } }),
  })
}

const deviceOutcome = (rule: string, reason: string) => ({ rule, clause: 'RFC 8628 §3.3', reason })

/** Looking changes nothing, so that a preview of the link does no harm. */
async function show(parts: DeviceParts, http: HttpRequest): Promise<HttpReply> {
  const query = readQuery(http)
  const typed = query.get('user_code')?.slice(0, 64)
  if (typed === undefined) {
    const error = query.get('missing') === undefined ? null : 'missing'
    return showCode(parts, http, { typed: '', error, wait: null })
  }
  const browser = readBrowser(http)
  const found = await find(parts, http, browser, typed)
  if ('reply' in found) return found.reply
  const frame = frameOf(parts, http)
  const { client } = found.visit.client
  const view = {
    form: {
      action: parts.addresses.path.device,
      csrf: formToken(parts, browser, purposeOf(found.letters)),
      hidden: { user_code: found.letters },
    },
    client: clientView(client, { addresses: parts.addresses, locale: frame.locale }),
    userCode: shownUserCode(found.letters),
  }
  const reply = pageReply(deviceConfirmPage(view, frame), {
    cookies: [...visitCookies(browser), ...localeCookies(http)],
  })
  const outcome = deviceOutcome('device_confirming', 'somebody is asked whether it is their device')
  return withOutcome(reply, { ...outcome, clientId: client.client_id })
}

interface Found {
  readonly letters: string
  readonly open: OpenDeviceRequest
  readonly visit: Visit
}

async function find(
  parts: DeviceParts,
  http: HttpRequest,
  browser: Browser,
  typed: string,
): Promise<Found | { readonly reply: HttpReply }> {
  const { store, clock, master, unknown } = parts
  const address = addressBucket(http.peer.address)
  if (unknown.of(address) >= MOST_UNKNOWN) {
    const reply = showCode(parts, http, { typed, error: null, wait: unknown.left() })
    const outcome = deviceOutcome('device_codes_limited', 'too many codes that do not exist came from this address')
    return { reply: withOutcome(reply, outcome) }
  }
  const letters = readUserCode(typed)
  const open = letters === null ? null : await store.findOpenDeviceRequest(hashUserCode(master, letters), clock.now())
  const visit = open === null ? null : await readVisit(parts, browser, open.request.clientId)
  if (letters !== null && open !== null && visit?.client.enabled === true) return { letters, open, visit }
  unknown.count(address)
  const reply = showCode(parts, http, { typed, error: 'unknown', wait: null })
  const reason = 'no device waits for an answer to this code: mistyped, answered before, or too old'
  return { reply: withOutcome(reply, deviceOutcome('user_code_unknown', reason)) }
}

async function submit(parts: DeviceParts, http: HttpRequest): Promise<HttpReply> {
  const browser = readBrowser(http)
  const form = readForm(http)
  const typed = (form.get('user_code') ?? '').slice(0, 64)
  const decision = form.get('decision')
  const purpose = decision === undefined ? ENTER : purposeOf(typed)
  if (!isOwnForm(parts, http, browser, purpose, form.get('csrf'))) return formRefused(parts, http)
  if (decision === undefined) {
    const query = new URLSearchParams(typed.trim() === '' ? { missing: 'yes' } : { user_code: typed }).toString()
    return redirect(303, `${parts.addresses.path.device}?${query}`)
  }
  const found = await find(parts, http, browser, typed)
  if ('reply' in found) return found.reply
  const { open, visit } = found
  const request = { ...open.request, device: Buffer.from(open.deviceHash).toString('base64url') }
  if (decision !== 'allow') return deviceDenied(parts, request)
  return dispatch(parts, { http, browser, request, visit, interaction: null })
}
