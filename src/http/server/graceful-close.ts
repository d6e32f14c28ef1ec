// The end of listening: nothing further is accepted, and whoever has asked is answered whole.

import type { Server } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { DirectConnections } from './direct-connections.ts'
import type { Doors } from './doors.ts'
import type { Handshakes } from './handshakes.ts'

export interface ListeningParts {
  readonly server: Server
  readonly direct: DirectConnections
  /** Those that Node's server has. */
  readonly handedOver: ReadonlySet<Socket>
  readonly doors: Doors
  readonly handshakes: Handshakes | undefined
}

/** `patience`: milliseconds for the requests in flight; what is left then is ended. */
export async function closeGracefully(parts: ListeningParts, patience: number): Promise<void> {
  const { server, direct, handedOver, doors, handshakes } = parts
  direct.close()
  // Node counts a connection as idle as soon as its reply is made, though the visitor has not taken all of it.
  const endIdle = () => {
    if (![...handedOver].some((socket) => socket.writableLength > 0)) server.closeIdleConnections()
  }
  // A connection becomes idle when its reply has left; Node closes idle ones only when asked.
  const sweep = setInterval(endIdle, 50)
  const end = setTimeout(() => {
    direct.destroy()
    server.closeAllConnections()
  }, patience)
  // Past `close` of node:http, which does not look at what is still to be taken.
  const ended = new Promise((resolve) => NetServer.prototype.close.call(server, resolve))
  const closed = Promise.all([ended, doors.close()])
  handshakes?.end()
  endIdle()
  await closed
  clearInterval(sweep)
  clearTimeout(end)
  // Ends its timer.
  server.close()
}
