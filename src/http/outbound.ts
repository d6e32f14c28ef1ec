// The one guarded client for every URL that somebody else chose (keys, documents, logout addresses): public https
// addresses only, resolved once and connected to as resolved, bounded in time, size and number. RFC 7591 §5, RFC 9700 §4.

import { lookup, Resolver } from 'node:dns/promises'
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http'
import { request as encryptedRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { type Clock, systemClock } from '../platform/clock.ts'
import { createOutboundPlaces, type OutboundWork } from './outbound-places.ts'
import { hostProblem, isPublicAddress } from './public-address.ts'
import { ReceivedBody } from './received-body.ts'
import { normalizeAddress } from './trusted-proxies.ts'
import { createWindowCounter } from './window-counter.ts'

export interface OutboundRequest {
  readonly url: string
  /** Media types that are read; `application/*+json` stands for all of that suffix. Null: the body is not read at all. */
  readonly mediaTypes: readonly string[] | null
  readonly mostBytes: number
  /** For everything together: resolving, connecting, redirects, the body. Default 5000. */
  readonly milliseconds?: number
  /** How many are followed, each checked as the first address was. Default none. */
  readonly redirects?: number
  /** Who has it asked, where nobody vouches for them: a network, or a use of an unverified client. Bounded, and held to public hosts. */
  readonly stranger?: string
  /** Whose places it takes. Default: those of questions. */
  readonly work?: OutboundWork
  /** Sends this as `application/x-www-form-urlencoded` by POST; such a request is never redirected. */
  readonly form?: string
}

type OutboundFailure =
  | 'url'
  | 'address'
  | 'unresolved'
  | 'unreachable'
  | 'redirected'
  | 'status'
  | 'media_type'
  | 'too_large'
  | 'too_slow'
  | 'busy'
  /** So much was asked for this stranger within a minute that nothing is asked for the rest of it. */
  | 'limited'

type OutboundAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly body: Uint8Array
      /** What its cache-control allows, in seconds; null: it says nothing. */
      readonly maxAge: number | null
    }
  /** `reason` never repeats anything of the answer but its status and media type. */
  | { readonly kind: 'failed'; readonly why: OutboundFailure; readonly reason: string }

export interface OutboundClient {
  /** Never throws. */
  ask(request: OutboundRequest): Promise<OutboundAnswer>
  /** Why this address would be refused without asking anybody; null: it would be looked up. `stranger` as in a request. */
  problemOf(url: string, stranger?: string): string | null
}

export interface OutboundSettings {
  /** `host:port` that may be asked whatever their addresses are, also without TLS. */
  readonly allow?: readonly string[]
  /** Whether those may also be asked for strangers. Default: no, or the list would open them to everybody. */
  readonly allowStrangers?: boolean
  /** All addresses of a host. Default: DNS; for hosts of the allow-list what this machine knows. */
  readonly resolve?: (host: string, signal: AbortSignal) => Promise<readonly string[]>
  /** For what a stranger may have asked in a minute. Default: the system's. */
  readonly clock?: Clock
  /** Processes that share the work: each counts what comes to it. Default 1. */
  readonly workers?: number
  /** PEM. Default: what this machine trusts. */
  readonly roots?: readonly string[]
}

/** What a stranger has asked in a minute; nobody is to use this server against others. */
const MOST_OF_STRANGER = 120
const MINUTE = 60
const LONGEST_URL = 2_048
const INSECURE = 'does not begin with https://'

const failed = (why: OutboundFailure, reason: string): OutboundAnswer & { kind: 'failed' } => ({
  kind: 'failed',
  why,
  reason,
})

export function createOutboundClient(settings: OutboundSettings = {}): OutboundClient {
  const { allow = [], allowStrangers = false, resolve, roots, clock = systemClock(), workers = 1 } = settings
  const allowed = new Set(allow.map((entry) => entry.toLowerCase()))
  const isAllowed = (url: URL, stranger: string | undefined) =>
    (stranger === undefined || allowStrangers) && allowed.has(hostAndPort(url))
  const places = createOutboundPlaces()
  const recent = createWindowCounter(clock, MINUTE)
  const mostOfStranger = Math.ceil(MOST_OF_STRANGER / workers)

  const parse = (text: string, stranger: string | undefined): URL | string => {
    if (text.length > LONGEST_URL || !URL.canParse(text)) return 'is no address'
    const url = new URL(text)
    if (url.username !== '' || url.password !== '') return 'holds a user name or password'
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isAllowed(url, stranger))) return INSECURE
    return url
  }

  /** Strangers are not told what an operator could do, and nobody is to open what an answer has led to. */
  const refused = (why: 'url' | 'address', reason: string, at: string, { url, stranger }: OutboundRequest) => {
    const isHelped =
      stranger === undefined && at === url && (why === 'address' || (reason.endsWith(INSECURE) && /^http:/i.test(at)))
    return failed(why, isHelped ? `${reason}; outboundAllow does not list ${hostAndPort(new URL(at))}` : reason)
  }

  /** The addresses to connect to, every one of them checked. */
  const addressesOf = async (
    url: URL,
    request: OutboundRequest,
    signal: AbortSignal,
  ): Promise<readonly string[] | string | OutboundAnswer> => {
    const free = isAllowed(url, request.stranger)
    const problem = free ? null : hostProblem(url.hostname)
    if (problem !== null) return `the host ${problem}`
    const literal = url.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0) return [literal]
    const found = await (resolve ?? (free ? lookUpLocally : lookUpPublicly))(url.hostname, signal).catch(() => [])
    if (found.length === 0) return failed('unresolved', 'the host has no address')
    // One private address among public ones is an attack, or a mistake that would succeed now and then.
    return free || found.every(isPublicAddress) ? found : 'the host has an address that is not public'
  }

  const follow = async (request: OutboundRequest, signal: AbortSignal): Promise<OutboundAnswer> => {
    let address = request.url
    for (let left = request.form === undefined ? (request.redirects ?? 0) : 0; ; left--) {
      const url = parse(address, request.stranger)
      if (typeof url === 'string') return refused('url', `the address ${url}`, address, request)
      const addresses = await addressesOf(url, request, signal)
      if (typeof addresses === 'string') return refused('address', addresses, address, request)
      if ('kind' in addresses) return addresses
      const reply = await send(url, addresses, request, signal, roots)
      const { statusCode: status = 0, headers } = reply
      if (status < 300 || status > 399) return await read(reply, request)
      reply.destroy()
      const location = headers.location
      if (left <= 0 || location === undefined || !URL.canParse(location, url.href)) {
        return failed('redirected', 'the answer is a redirect, which is not followed')
      }
      address = new URL(location, url).href
    }
  }

  return {
    problemOf(text, stranger) {
      const url = parse(text, stranger)
      if (typeof url === 'string') return url
      return isAllowed(url, stranger) ? null : hostProblem(url.hostname)
    },

    async ask(request) {
      const { stranger } = request
      const first = parse(request.url, stranger)
      if (typeof first === 'string') return refused('url', `the address ${first}`, request.url, request)
      const leave = places.take(request.work ?? 'questions', first.hostname, stranger)
      if (leave === null) return failed('busy', 'too many requests are under way')
      if (stranger !== undefined && recent.count(stranger) > mostOfStranger) {
        leave()
        return failed('limited', 'too much was asked on behalf of this client or network within a minute')
      }
      const abort = new AbortController()
      const { promise: late, resolve: end } = Promise.withResolvers<OutboundAnswer>()
      const milliseconds = request.milliseconds ?? 5_000
      const timer = setTimeout(() => {
        end(failed('too_slow', `no whole answer within ${milliseconds} ms`))
        abort.abort()
      }, milliseconds)
      try {
        return await Promise.race([late, follow(request, abort.signal).catch(unreachable)])
      } finally {
        clearTimeout(timer)
        abort.abort()
        leave()
      }
    },
  }
}

/** The same client, with everything asked for this stranger. */
export function askingFor(outbound: OutboundClient, stranger: string): OutboundClient {
  return {
    ask: (request) => outbound.ask({ ...request, stranger }),
    problemOf: (url) => outbound.problemOf(url, stranger),
  }
}

/** What a client's address is asked for. */
export type OutboundUse = 'keys' | 'request object' | 'sign-out' | 'settings'

/**
 * The same, with everything asked on behalf of this client: nobody vouches for one that is not verified. Each use is
 * bounded by itself: whoever sends requests in a client's name must not use up the number of its sign-outs.
 */
export function onBehalfOf(
  client: { readonly client_id: string; readonly verified: boolean },
  use: OutboundUse,
  outbound: OutboundClient,
): OutboundClient {
  return client.verified ? outbound : askingFor(outbound, `${use} of client ${client.client_id}`)
}

/** `Example.com` and `example.com:443` are one: what a URL means, with its port. */
function hostAndPort(url: URL): string {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return `${url.hostname}:${port}`
}

/** Asked over the network, not through the threads that hash and sign: a slow name server holds up nobody. */
async function lookUpPublicly(host: string, signal: AbortSignal): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const both = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    return both.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** An operator's own host may be known to this machine only. */
async function lookUpLocally(host: string): Promise<readonly string[]> {
  const found = await lookup(host.replace(/^\[|\]$/g, ''), { all: true })
  return found.map(({ address }) => address)
}

/** Whatever name is asked for, these addresses are the answer. */
function pinned(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_host, options, callback) => {
    const [first] = all
    if (first === undefined) callback(new Error('no address'), '', 0)
    else if (options.all === true) callback(null, all)
    else callback(null, first.address, first.family)
  }
}

function send(
  url: URL,
  addresses: readonly string[],
  { mediaTypes, form }: OutboundRequest,
  signal: AbortSignal,
  roots: readonly string[] | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:'
    const sent: ClientRequest = (secure ? encryptedRequest : plainRequest)(url, {
      method: form === undefined ? 'GET' : 'POST',
      // No connection is kept, so none can be taken over by the next address of the same name.
      agent: false,
      signal,
      lookup: pinned(addresses),
      maxHeaderSize: 16_384,
      ...(secure && { rejectUnauthorized: true, ...(roots !== undefined && { ca: [...roots] }) }),
      headers: {
        accept: mediaTypes === null ? '*/*' : mediaTypes.filter((type) => !type.includes('*')).join(', '),
        // Nothing is unpacked here: a small answer stays small.
        'accept-encoding': 'identity',
        'user-agent': 'Lingpai',
        connection: 'close',
        ...(form !== undefined && {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': String(Buffer.byteLength(form)),
        }),
      },
    })
    sent.once('socket', (socket) => {
      socket.once('connect', () => {
        const reached = normalizeAddress(socket.remoteAddress ?? '')
        if (!addresses.some((address) => normalizeAddress(address) === reached)) {
          sent.destroy(new Error('another address was reached than the one that was checked'))
        }
      })
    })
    sent.once('response', resolve)
    sent.on('error', reject)
    sent.end(form)
  })
}

async function read(reply: IncomingMessage, { mediaTypes, mostBytes }: OutboundRequest): Promise<OutboundAnswer> {
  const { statusCode: status = 0, headers } = reply
  const giveUp = (why: OutboundFailure, reason: string) => {
    reply.destroy()
    return failed(why, reason)
  }
  if (status < 200 || status > 299) return giveUp('status', `the answer has the status ${status}`)
  const maxAge = maxAgeOf(headers['cache-control'])
  if (mediaTypes === null) {
    reply.destroy()
    return { kind: 'answered', status, body: new Uint8Array(), maxAge }
  }
  if (!isOneOf(mediaTypes, headers['content-type'])) {
    return giveUp('media_type', 'the answer is of another media type')
  }
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding.toLowerCase() !== 'identity')
    return giveUp('media_type', 'the answer is packed, which was not asked for')
  const tooLarge = `the answer has more than ${mostBytes} bytes`
  if (Number(headers['content-length'] ?? 0) > mostBytes) return giveUp('too_large', tooLarge)
  const body = new ReceivedBody()
  for await (const chunk of reply) {
    if (!(chunk instanceof Uint8Array)) continue
    if (body.length + chunk.length > mostBytes) return giveUp('too_large', tooLarge)
    body.add(chunk)
  }
  return { kind: 'answered', status, body: body.whole(), maxAge }
}

function isOneOf(mediaTypes: readonly string[], header: string | undefined): boolean {
  const type = (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return mediaTypes.some((each) => {
    const [family = '', suffix] = each.split('*')
    return suffix === undefined ? type === each : type.startsWith(family) && type.endsWith(suffix)
  })
}

/** RFC 9111 §5.2.2. */
function maxAgeOf(header: string | undefined): number | null {
  if (header === undefined) return null
  if (/(^|[\s,])no-(store|cache)([\s,=]|$)/i.test(header)) return 0
  const seconds = /(?:^|[\s,])max-age="?(\d{1,9})/i.exec(header)?.[1]
  return seconds === undefined ? null : Number(seconds)
}

/** Codes of Node and OpenSSL (`ECONNREFUSED`, `CERT_HAS_EXPIRED`); texts of errors may hold what came back. */
function unreachable(error: unknown): OutboundAnswer {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no connection'
  return failed('unreachable', `the host cannot be reached: ${code}`)
}
