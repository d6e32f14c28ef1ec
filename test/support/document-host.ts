// A web server of somebody else for tests: documents that clients publish (keys, lists of redirect URIs, request
// objects), and a record of who asked for them.

import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface DocumentHost {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string
  /** For the option `outboundAllow`. */
  readonly hostAndPort: string
  /** Paths that were asked for since the last `forget`. */
  readonly asked: readonly string[]
  forget(): void
  /** The address of a document that answers like this. */
  publish(body: string | RequestListener, mediaType?: string): string
  /** Puts another document at an address that was published. */
  replace(address: string, body: string | RequestListener, mediaType?: string): void
  close(): Promise<void>
}

export async function startDocumentHost(): Promise<DocumentHost> {
  const documents = new Map<string, RequestListener>()
  let asked: string[] = []
  const socket = createServer((request, reply) => {
    const path = request.url ?? ''
    asked.push(path)
    const document = documents.get(path)
    if (document === undefined) reply.writeHead(404).end()
    else document(request, reply)
  })
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve))
  const { port } = socket.address() as AddressInfo
  const hostAndPort = `127.0.0.1:${port}`
  const origin = `http://${hostAndPort}`
  const replace = (address: string, body: string | RequestListener, mediaType = 'application/json') => {
    const sent: RequestListener = (_, reply) =>
      typeof body === 'string' && reply.writeHead(200, { 'content-type': mediaType }).end(body)
    documents.set(new URL(address).pathname, typeof body === 'string' ? sent : body)
  }
  return {
    origin,
    hostAndPort,
    get asked() {
      return asked
    },
    forget() {
      asked = []
    },
    publish(body, mediaType) {
      const address = `${origin}/document-${documents.size + 1}`
      replace(address, body, mediaType)
      return address
    },
    replace,
    async close() {
      socket.closeAllConnections()
      await new Promise<unknown>((resolve) => socket.close(resolve))
    },
  }
}
