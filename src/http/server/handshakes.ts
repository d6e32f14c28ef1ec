// TLS connections before they are secure. Neither our own reader nor Node's server has them yet, so a handshake that is
// begun and never finished has to be ended here.

import type { Socket } from 'node:net'
import type { Server } from 'node:tls'

export interface Handshakes {
  /** Ends the handshakes that are not done. */
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
  // For a handshake that failed or took too long. This comes before Node treats it as a request that cannot be parsed:
  // the answer would wait for the handshake, and the socket for the answer, for ever.
  server.prependListener('tlsClientError', (_error, socket) => socket.destroy())
  return {
    end() {
      for (const socket of open.values()) socket.destroy()
    },
  }
}

/** The secure socket is another object than the accepted one, and does not say which one it belongs to. */
function nameOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`
}
