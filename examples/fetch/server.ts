// Lingpai as a function from Request to Response. Hosts that speak the Fetch API take it as it is; here a few lines of
// node:http stand in for such a host.

import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createAuthorizationServer, sqlite } from 'lingpai'

const port = Number(process.env['PORT'] ?? 4000)
const { fetch: answer } = await createAuthorizationServer({
  issuer: `http://localhost:${port}`,
  database: await sqlite({ file: ':memory:' }),
  masterKey: randomBytes(32).toString('base64url'),
})

createServer((incoming, outgoing) => {
  serve(incoming, outgoing).catch(() => outgoing.destroy())
}).listen(port, 'localhost', () => {
  console.log(`listening at http://localhost:${port}`)
})

async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  // As it was asked for, Host included: what is not for the issuer is refused by that.
  const address = `http://${incoming.headers.host ?? ''}${incoming.url ?? '/'}`
  if (!URL.canParse(address)) {
    outgoing.writeHead(400).end()
    return
  }
  const parts: Buffer[] = []
  for await (const part of incoming) parts.push(part as Buffer)
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const each of [value ?? []].flat()) headers.append(name, each)
  }
  const method = incoming.method ?? 'GET'
  const body = parts.length > 0 ? Buffer.concat(parts) : null
  const request = new Request(address, { method, headers, body })
  const reply = await answer(request, { address: incoming.socket.remoteAddress ?? '' })
  outgoing.statusCode = reply.status
  outgoing.setHeaders(reply.headers)
  outgoing.end(Buffer.from(await reply.arrayBuffer()))
}
