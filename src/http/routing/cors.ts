// Which origins' scripts may read a reply. Origins are compared whole; credentials are never allowed.

import type { HttpReply, HttpRequest } from '../message.ts'

/** `any-origin` for public documents; else whether an origin, such as `https://app.example.com`, is allowed. */
export type CorsPolicy = 'any-origin' | ((origin: string) => boolean | Promise<boolean>)

type Headers = HttpReply['headers']

const EXPOSED = 'WWW-Authenticate, DPoP-Nonce, Retry-After'
const ANY_ORIGIN: Headers = { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED }
const NOT_ALLOWED: Headers = { vary: 'Origin' }

/** What to add to the reply; nothing for a request that no script of another origin sent. */
export function corsHeaders(policy: CorsPolicy, request: HttpRequest): Headers | Promise<Headers> {
  if (policy === 'any-origin') return ANY_ORIGIN
  const origin = request.headers['origin']
  return origin === undefined ? NOT_ALLOWED : headersFor(policy, origin)
}

const opened = new WeakMap<HttpReply, HttpReply>()

/** The reply as scripts of any origin may read it. */
export function openToAny(reply: HttpReply): HttpReply {
  const known = reply.isFixed ? opened.get(reply) : undefined
  if (known !== undefined) return known
  const open = { ...reply, headers: { ...reply.headers, ...ANY_ORIGIN } }
  if (reply.isFixed) opened.set(reply, open)
  return open
}

async function headersFor(policy: Exclude<CorsPolicy, 'any-origin'>, origin: string): Promise<Headers> {
  // `null` is the origin of every sandboxed frame: nobody's.
  if (origin === 'null' || !(await policy(origin))) return NOT_ALLOWED
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED, vary: 'Origin' }
}

export function isPreflight(request: HttpRequest): boolean {
  return (
    request.method === 'OPTIONS' &&
    request.headers['origin'] !== undefined &&
    request.headers['access-control-request-method'] !== undefined
  )
}

/** The answer to a preflight: without `access-control-allow-origin` the browser sends nothing further. */
export async function preflightReply(
  policy: CorsPolicy,
  methods: readonly string[],
  request: HttpRequest,
): Promise<HttpReply> {
  const allowed = await corsHeaders(policy, request)
  const { 'access-control-expose-headers': _exposed, ...origin } = allowed
  return {
    status: 204,
    headers: {
      ...origin,
      ...(origin['access-control-allow-origin'] !== undefined && {
        'access-control-allow-methods': methods.join(', '),
        'access-control-allow-headers': 'Authorization, Content-Type, Accept, DPoP',
        'access-control-max-age': '600',
      }),
    },
    body: '',
  }
}
