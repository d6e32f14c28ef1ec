// TLS connections before they are secure: nobody has them yet, neither our own reader nor Node's server, so that whoever
// begins a handshake and never goes on is to be ended here.

import type { Socket } from 'node:net'
import type { Server } from 'node:tls'

export interface Handshakes {
  /** Ends those that are not done. */
  end(): void
}

export function followHandshakes(server: Server): Handshakes {
  const open = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket)
    open.set(name, socket)
    socket.once('close', () => {
      if (open.get(name) === socket) open.delete(name)
    })
  })
  server.on('secureConnection', (socket) => open.delete(nameOf(socket)))
  // One that failed, or took too long. Before Node hands it on as a request that cannot be parsed: an answer would wait
  // for the handshake, and the socket for its answer, for ever.
  server.prependListener('tlsClientError', (_error, socket) => socket.destroy())
  return {
    end() {
      for (const socket of open.values()) socket.destroy()
    },
  }
}

/** The secure socket is another object than the one that was accepted, and does not tell whose it is. */
function nameOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`
}
