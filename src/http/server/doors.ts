// Several sockets that listen on one port. In each turn of the event loop Node accepts one connection from each socket,
// however many wait: with a single socket newcomers would wait for seconds while the connected visitors keep every turn
// busy.

import type { Server } from 'node:http'
import { createServer, type Server as NetServer } from 'node:net'
import { Server as TlsServer } from 'node:tls'

export interface Place {
  readonly host: string
  readonly port: number
  readonly backlog: number
}

/** On Linux the system spreads connections over sockets that share a port; elsewhere there is one socket. */
export const hasSharedPorts = process.platform === 'linux'

/** Connections that one turn of the event loop may accept. */
const DOORS = hasSharedPorts ? 64 : 1

export interface Doors {
  /** Accepts nothing more; resolves when every accepted connection has ended. */
  close(): Promise<void>
}

/** `server` listens on this port already, and shares it. */
export async function openFurtherDoors(server: Server, place: Place): Promise<Doors> {
  const doors: NetServer[] = []
  const close = async () => {
    await Promise.all(doors.map((door) => new Promise((resolve) => door.close(resolve))))
  }
  try {
    for (let count = 1; count < DOORS; count++) doors.push(await openDoor(server, place))
  } catch (error) {
    await close()
    throw error
  }
  return { close }
}

function openDoor(server: Server, place: Place): Promise<NetServer> {
  // The options that node:http and node:tls use too.
  const door = createServer({ allowHalfOpen: !(server instanceof TlsServer), noDelay: true })
  door.on('connection', (socket) => server.emit('connection', socket))
  return new Promise((resolve, reject) => {
    door.once('error', reject)
    door.listen({ ...place, exclusive: true, reusePort: true }, () => {
      door.off('error', reject)
      resolve(door)
    })
  })
}
