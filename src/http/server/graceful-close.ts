// The end of listening: nothing more is accepted, and every request that has come is answered completely.

import type { Server } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { DirectConnections } from './direct-connections.ts'
import type { Doors } from './doors.ts'
import type { Handshakes } from './handshakes.ts'

export interface ListeningParts {
  readonly server: Server
  readonly direct: DirectConnections
  /** The connections that Node's server has. */
  readonly handedOver: ReadonlySet<Socket>
  readonly doors: Doors
  readonly handshakes: Handshakes | undefined
}

/** `patience`: milliseconds for the requests in flight; connections that are still open then are ended. */
export async function closeGracefully(parts: ListeningParts, patience: number): Promise<void> {
  const { server, direct, handedOver, doors, handshakes } = parts
  direct.close()
  // Node counts a connection as idle as soon as its reply is made, even if the visitor has not received all of it.
  const endIdle = () => {
    if (![...handedOver].some((socket) => socket.writableLength > 0)) server.closeIdleConnections()
  }
  // A connection becomes idle when its reply has left, but Node closes idle connections only when asked.
  const sweep = setInterval(endIdle, 50)
  const end = setTimeout(() => {
    direct.destroy()
    server.closeAllConnections()
  }, patience)
  // Not the `close` of node:http, which ignores replies that are still to be received.
  const ended = new Promise((resolve) => NetServer.prototype.close.call(server, resolve))
  const closed = Promise.all([ended, doors.close()])
  handshakes?.end()
  endIdle()
  await closed
  clearInterval(sweep)
  clearTimeout(end)
  // Ends the timer of Node's server.
  server.close()
}
