// Several sockets that listen on one port. Node accepts one connection of each in a turn of the event loop, however many
// wait: with a single one, newcomers would wait for seconds while those already connected keep every turn busy.

import type { Server } from 'node:http'
import { createServer, type Server as NetServer } from 'node:net'
import { Server as TlsServer } from 'node:tls'

export interface Place {
  readonly host: string
  readonly port: number
  readonly backlog: number
}

/** The system spreads connections over sockets that share a port; elsewhere there is one. */
export const hasSharedPorts = process.platform === 'linux'

/** Connections that one turn of the event loop may accept. */
const DOORS = hasSharedPorts ? 64 : 1

export interface Doors {
  /** Accepts nothing further; resolves when all that came in has ended. */
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
  // As node:http and node:tls have it.
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
