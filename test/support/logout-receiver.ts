// Clients that are told of sign-outs: one server on loopback, a path for each, that keeps what it was sent.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LogoutCall {
  readonly path: string
  readonly method: string
  readonly contentType: string
  readonly body: string
  readonly token: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

export interface LogoutReceiver {
  /** `host:port`, as the allow-list wants it. */
  readonly place: string
  readonly calls: readonly LogoutCall[]
  url(path: string): string
  callsTo(path: string): readonly LogoutCall[]
  /** How a path answers from now on; 200 where nothing is said. */
  answer(path: string, how: number | ((reply: ServerResponse) => void)): void
  /** Forgets what has come, and answers 200 everywhere. */
  reset(): void
  close(): Promise<void>
}

/** On `port` again, as a client that was down and comes back. */
export async function startReceiver(port = 0): Promise<LogoutReceiver> {
  const calls: LogoutCall[] = []
  const answers = new Map<string, (reply: ServerResponse) => void>()
  const server = createServer((request, reply) => {
    void read(request).then((call) => {
      calls.push(call)
      const answer = answers.get(call.path)
      if (answer === undefined) reply.writeHead(200).end()
      else answer(reply)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    place,
    calls,
    url: (path) => `http://${place}${path}`,
    callsTo: (path) => calls.filter((call) => call.path === path),
    answer: (path, how) =>
      void answers.set(path, typeof how === 'number' ? (reply) => void reply.writeHead(how).end() : how),
    reset() {
      calls.length = 0
      answers.clear()
    },
    async close() {
      server.closeAllConnections()
      await new Promise<unknown>((resolve) => server.close(resolve))
    },
  }
}

async function read(request: IncomingMessage): Promise<LogoutCall> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk)
  const token = new URLSearchParams(body).get('logout_token') ?? ''
  const [head = '', claims = ''] = token.split('.')
  return {
    path: request.url ?? '',
    method: request.method ?? '',
    contentType: request.headers['content-type'] ?? '',
    body,
    token,
    header: decode(head),
    claims: decode(claims),
  }
}

function decode(part: string): Readonly<Record<string, unknown>> {
  return part === '' ? {} : (JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>)
}
