// The one guarded client for every URL that somebody else chose (keys, documents, logout addresses): public https
// addresses only, resolved once and connected to as resolved, bounded in time, size and number. RFC 7591 §5, RFC 9700 §4.

import { isIP } from 'node:net'
import { type Clock, systemClock } from '../../platform/clock.ts'
import { createWindowCounter } from '../../platform/window-counter.ts'
import { read, send } from './exchange.ts'
import { failed, type OutboundAnswer, type OutboundRequest } from './message.ts'
import { createOutboundPlaces } from './places.ts'
import { hostProblem, isPublicAddress } from './public-address.ts'
import { lookUpLocally, lookUpPublicly } from './resolver.ts'

export interface OutboundClient {
  /** Never throws. */
  ask(request: OutboundRequest): Promise<OutboundAnswer>
  /**
   * Why this address would be refused without sending anything; null: it would be looked up. `stranger` as in a
   * request.
   */
  problemOf(url: string, stranger?: string): string | null
}

export interface OutboundSettings {
  /** `host:port` that may be asked whatever their addresses are, also without TLS. */
  readonly allow?: readonly string[]
  /**
   * Whether those hosts may also be asked on behalf of strangers. Default: no, because the list would open them to
   * everybody.
   */
  readonly allowStrangers?: boolean
  /** All addresses of a host. Default: DNS; for hosts of the allow-list, whatever this machine knows. */
  readonly resolve?: (host: string, signal: AbortSignal) => Promise<readonly string[]>
  /** For counting what a stranger has had asked within a minute. Default: the system's clock. */
  readonly clock?: Clock
  /** Processes that share the work: each counts only what reaches it. Default 1. */
  readonly workers?: number
  /** PEM. Default: what this machine trusts. */
  readonly roots?: readonly string[]
}

/** Requests that one stranger may have made in a minute, so that nobody can use this server against others. */
const MOST_OF_STRANGER = 120
const MINUTE = 60
const LONGEST_URL = 2_048
const INSECURE = 'does not begin with https://'

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

  /**
   * Strangers are not told what an operator could change, and nobody is advised to allow an address that a redirect has
   * led to.
   */
  const refused = (why: 'url' | 'address', reason: string, at: string, { url, stranger }: OutboundRequest) => {
    const isHelped =
      stranger === undefined && at === url && (why === 'address' || (reason.endsWith(INSECURE) && /^http:/i.test(at)))
    return failed(why, isHelped ? `${reason}; outboundAllow does not list ${hostAndPort(new URL(at))}` : reason)
  }

  /** The addresses to connect to, each of them checked. */
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
    // A private address among public ones is an attack, or a mistake that would work only now and then.
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

/** What a URL means, with its port: `Example.com` and `example.com:443` are the same. */
function hostAndPort(url: URL): string {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return `${url.hostname}:${port}`
}

/**
 * Only the code from Node or OpenSSL (`ECONNREFUSED`, `CERT_HAS_EXPIRED`): the text of an error may contain what was
 * received.
 */
function unreachable(error: unknown): OutboundAnswer {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no connection'
  return failed('unreachable', `the host cannot be reached: ${code}`)
}
