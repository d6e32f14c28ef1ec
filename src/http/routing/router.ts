// From a request to its endpoint and back: host rule, path, method, CORS, errors, record. Nothing is decided here that
// an endpoint could decide.

import { stopwatch } from '../../platform/clock.ts'
import { createFailureSeries } from '../../platform/failure-series.ts'
import type { Log } from '../../platform/log.ts'
import { newId } from '../../platform/random.ts'
import { OAuthError, type Outcome } from '../../protocol/errors.ts'
import { describeFailure, failureOf, failureReply } from '../failures.ts'
import type { HttpReply, HttpRequest } from '../message.ts'
import { acceptsPage } from '../notice.ts'
import { json } from '../reply/replies.ts'
import { STRICT_TRANSPORT_SECURITY } from '../reply/security-headers.ts'
import { corsHeaders, isPreflight, openToAny, preflightReply } from './cors.ts'
import { createHostRule } from './host-rule.ts'
import type { Route, RouteParameters } from './route.ts'
import { createRouteTable } from './route-table.ts'

/** What a page about a problem has to say. */
export interface Problem {
  readonly status: number
  readonly rule: 'not_found' | 'method_not_allowed' | 'misdirected' | 'refused' | 'store_unavailable' | 'server_failed'
  /** The wire code and text of a refusal. */
  readonly error?: string
  readonly description?: string
  /** For `misdirected`: the same address at the issuer. */
  readonly rightAddress?: string
  /** What the person tells the operator; also in the record and in the header `x-trace-id`. */
  readonly traceId: string
}

export interface RequestRecord {
  readonly request: HttpRequest
  /** Undefined when no path matched. */
  readonly route: Route | undefined
  readonly reply: HttpReply
  readonly outcome: HttpReply['outcome']
  /** The reply's `x-trace-id`, which endpoints may set themselves. */
  readonly traceId: string | undefined
  /** Milliseconds. */
  readonly elapsed: number
}

export interface RouterOptions {
  /** The issuer's origin first, then the listed alternatives: `https://sso.example.com`. */
  readonly origins: readonly [string, ...string[]]
  readonly errorPage: (request: HttpRequest, problem: Problem) => HttpReply | Promise<HttpReply>
  readonly log: Log
  readonly record?: (entry: RequestRecord) => void
  /** Asked for a GET or HEAD no route knows; null means not found. */
  readonly fallback?: (request: HttpRequest) => Promise<HttpReply | null>
  readonly newTraceId?: () => string
}

interface Answering {
  readonly route: Route | undefined
  readonly reply: HttpReply | Promise<HttpReply>
}

const NOBODY: RouteParameters = Object.freeze({})

/** Throws `RangeError` for two routes with one path and method, or a path that is no pattern. */
export function createRouter(
  routes: readonly Route[],
  options: RouterOptions,
): (request: HttpRequest) => Promise<HttpReply> {
  const find = createRouteTable(routes)
  const hostRule = createHostRule(options.origins)
  const { log, record, fallback, errorPage, newTraceId = () => newId('tr') } = options
  // While the database is down every request fails in the same way.
  const unavailable = createFailureSeries(log, { level: 'error' })

  const answer = (request: HttpRequest): Answering => {
    const found = find(request.path)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const route = found?.routes.get(method)
    const any = route ?? found?.any
    const kind = any?.kind ?? (acceptsPage(request) ? 'page' : 'machine')
    const refuse = (problem: Omit<Problem, 'traceId'>, outcome: Outcome, headers?: HttpReply['headers']) =>
      problemReply(request, kind, problem, outcome, headers && { headers })

    if (kind !== 'health' && !hostRule.admits(request.peer)) {
      const rightAddress = hostRule.rightAddress(request)
      const description = `This server answers at ${options.origins[0]} only`
      const observed = { host: request.peer.host.slice(0, 255), secure: request.peer.secure }
      const outcome = { rule: 'misdirected', clause: 'RFC 9110 §15.5.20', reason: description, observed }
      return {
        route: any,
        reply: refuse({ status: 421, rule: 'misdirected', description, rightAddress }, outcome),
      }
    }
    if (found === undefined) {
      const outcome = { rule: 'not_found', clause: 'RFC 9110 §15.5.5', reason: 'No endpoint has this path' }
      const otherwise = () => refuse({ status: 404, rule: 'not_found' }, outcome)
      if (method !== 'GET' || fallback === undefined) return { route: undefined, reply: otherwise() }
      return { route: undefined, reply: fallback(request).then((reply) => reply ?? otherwise()) }
    }
    if (route === undefined) {
      const policy = found.any.cors
      const methods = found.methods
      if (policy !== undefined && request.method === 'OPTIONS') {
        const reply = isPreflight(request)
          ? preflightReply(policy, methods, request)
          : { status: 204, headers: { allow: methods.join(', ') }, body: '' }
        return { route: found.any, reply }
      }
      const outcome = {
        rule: 'method_not_allowed',
        clause: 'RFC 9110 §15.5.6',
        reason: 'The endpoint has no such method',
      }
      const allow = { allow: methods.join(', ') }
      return { route: found.any, reply: refuse({ status: 405, rule: 'method_not_allowed' }, outcome, allow) }
    }
    const seen = method === request.method ? request : { ...request, method }
    return { route, reply: ask(route, seen, found.parameters ?? NOBODY) }
  }

  const ask = async (route: Route, request: HttpRequest, parameters: RouteParameters): Promise<HttpReply> => {
    let reply: HttpReply
    try {
      reply = await route.endpoint(request, parameters)
    } catch (error) {
      reply = await errorReply(request, route, error)
    }
    if (route.cors === undefined) return reply
    if (route.cors === 'any-origin') return openToAny(reply)
    const { origins } = reply
    const policy = origins === undefined ? route.cors : (origin: string) => origins.includes(origin)
    const cors = corsHeaders(policy, request)
    return { ...reply, headers: merged(reply.headers, cors instanceof Promise ? await cors : cors) }
  }

  const errorReply = async (request: HttpRequest, route: Route, error: unknown): Promise<HttpReply> => {
    if (error instanceof OAuthError) {
      const { status, description, headers, outcome } = error
      const problem = { status, rule: 'refused' as const, error: error.error, description }
      return problemReply(request, route.kind, problem, outcome, { headers })
    }
    const { outcome, headers, ...problem } = failureOf(error)
    const traceId = newTraceId()
    const met = { trace: traceId, method: request.method, path: route.path, ...describeFailure(error) }
    if (problem.status === 503) unavailable.failed('An endpoint failed', met)
    else log.error('An endpoint failed', met)
    return problemReply(request, route.kind, problem, outcome, { headers, traceId })
  }

  const problemReply = async (
    request: HttpRequest,
    kind: Route['kind'],
    problem: Omit<Problem, 'traceId'>,
    outcome: Outcome,
    {
      headers = {},
      traceId = newTraceId(),
    }: { readonly headers?: HttpReply['headers']; readonly traceId?: string } = {},
  ): Promise<HttpReply> => {
    const extra = { ...headers, 'x-trace-id': traceId }
    if (kind === 'page') {
      const page = await errorPage(request, { ...problem, traceId })
      return { ...page, status: problem.status, headers: { ...page.headers, ...extra }, outcome }
    }
    const description = problem.description ?? DESCRIPTIONS[problem.rule]
    const body = { error: problem.error ?? 'invalid_request', ...(description && { error_description: description }) }
    return { ...json(problem.status, body, extra), outcome }
  }

  return async (request) => {
    const elapsed = stopwatch()
    let route: Route | undefined
    let reply: HttpReply
    try {
      const answering = answer(request)
      route = answering.route
      reply = await answering.reply
    } catch (error) {
      // A page or fallback of our own failed: only the plainest reply is left.
      log.error('A reply could not be made', { method: request.method, ...describeFailure(error) })
      reply = failureReply(error)
    }
    if (request.peer.secure && route?.kind !== 'machine') {
      reply = { ...reply, headers: { ...reply.headers, 'strict-transport-security': STRICT_TRANSPORT_SECURITY } }
    }
    if (record !== undefined) {
      try {
        const traceId = reply.headers['x-trace-id']
        record({
          request,
          route,
          reply,
          outcome: reply.outcome,
          traceId: typeof traceId === 'string' ? traceId : undefined,
          elapsed: elapsed(),
        })
      } catch (error) {
        log.error('A request could not be recorded', describeFailure(error))
      }
    }
    return reply
  }
}

const DESCRIPTIONS: Readonly<Partial<Record<Problem['rule'], string>>> = {
  not_found: 'There is no such endpoint',
  method_not_allowed: 'The endpoint does not have this method',
}

function merged(headers: HttpReply['headers'], cors: HttpReply['headers']): HttpReply['headers'] {
  const vary = headers['vary']
  return typeof vary === 'string' && cors['vary'] !== undefined
    ? { ...headers, ...cors, vary: `${vary}, Origin` }
    : { ...headers, ...cors }
}
