// A client application that keeps its head when the server loses its own: every reply is a value, a connection that
// breaks included.

import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { CALLBACK, CLIENT_ID, SECRET, SESSION_SECRET } from './installation.ts'

export interface Reply {
  /** 0: the connection broke, and what the server has done is unknown. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface Issued {
  readonly access: string
  readonly refresh: string
}

const FORM = 'application/x-www-form-urlencoded'
const AUTHORIZATION = `Basic ${Buffer.from(`${CLIENT_ID}:${SECRET}`).toString('base64')}`

/** Where a server listens, on loopback unless said otherwise, and the name it goes by. */
export interface Address {
  readonly address?: string
  readonly port: number
  readonly issuer: string
}

export class Caller {
  readonly #address: string
  readonly #port: number
  readonly #host: string
  readonly #agent: Agent

  constructor({ address = '127.0.0.1', port, issuer }: Address, connections = 64) {
    this.#address = address
    this.#port = port
    this.#host = new URL(issuer).host
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  close(): void {
    this.#agent.destroy()
  }

  ask(method: 'GET' | 'POST', path: string, headers: Record<string, string> = {}, body = ''): Promise<Reply> {
    return new Promise((resolve) => {
      const broken = (error: Error) => resolve({ status: 0, headers: {}, text: error.message, body: {} })
      const named = { host: this.#host, ...headers }
      const place = { hostname: this.#address, port: this.#port, agent: this.#agent }
      const sent = request({ ...place, method, path, headers: named }, (reply) => {
        const parts: Buffer[] = []
        reply.on('data', (part: Buffer) => parts.push(part))
        reply.on('error', broken)
        reply.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8')
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text, body: parsed(text) })
        })
      })
      sent.on('error', broken)
      sent.end(body)
    })
  }

  post(path: string, fields: Readonly<Record<string, string>>): Promise<Reply> {
    const body = new URLSearchParams(fields).toString()
    const headers = { authorization: AUTHORIZATION, 'content-type': FORM, 'content-length': String(body.length) }
    return this.ask('POST', path, headers, body)
  }

  /** The code, or why there is none. */
  async code(): Promise<string | Reply> {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: CALLBACK,
      scope: 'openid profile',
      state: 'state-of-this-load',
    })
    const headers = { cookie: `lingpai-session=${SESSION_SECRET}` }
    const reply = await this.ask('GET', `/sso/authorize?${query.toString()}`, headers)
    const { location } = reply.headers
    const code = location === undefined ? null : new URL(location, 'http://here.test').searchParams.get('code')
    return code ?? reply
  }

  async needCode(): Promise<string> {
    const code = await this.code()
    if (typeof code !== 'string') throw new Error(`no code: ${code.status} ${code.text.slice(0, 300)}`)
    return code
  }

  redeem(code: string): Promise<Reply> {
    return this.post('/sso/token', { grant_type: 'authorization_code', code, redirect_uri: CALLBACK })
  }

  refresh(refreshToken: string): Promise<Reply> {
    return this.post('/sso/token', { grant_type: 'refresh_token', refresh_token: refreshToken })
  }

  userinfo(accessToken: string): Promise<Reply> {
    return this.ask('GET', '/sso/userinfo', { authorization: `Bearer ${accessToken}` })
  }

  revoke(token: string): Promise<Reply> {
    return this.post('/sso/revoke', { token })
  }

  introspect(token: string): Promise<Reply> {
    return this.post('/sso/introspect', { token })
  }

  ready(): Promise<Reply> {
    return this.ask('GET', '/readyz')
  }

  /** A whole sign-in, which must succeed. */
  async tokens(): Promise<Issued> {
    return issuedBy(await this.redeem(await this.needCode()))
  }
}

export function issuedBy(reply: Reply): Issued {
  const { access_token: access, refresh_token: refresh } = reply.body
  if (reply.status !== 200 || typeof access !== 'string' || typeof refresh !== 'string') {
    throw new Error(`no tokens: ${reply.status} ${reply.text.slice(0, 300)}`)
  }
  return { access, refresh }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** Asks again until it holds, and says what it saw last when it never does. */
export async function eventually<T>(
  ask: () => Promise<T>,
  holds: (seen: T) => boolean,
  milliseconds = 30_000,
): Promise<T> {
  const end = performance.now() + milliseconds
  for (;;) {
    const seen = await ask()
    if (holds(seen)) return seen
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms; the last was ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
