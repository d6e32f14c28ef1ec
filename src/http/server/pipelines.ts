// Requests of one connection, one after another: whoever sends hundreds without waiting for replies (RFC 9112 §9.3.2)
// takes one place among the others.

import type { Socket } from 'node:net'

export interface Pipelines {
  /** Begins at once when the connection has no request under way, else when those before it have ended. */
  enter(socket: Socket, begin: () => void): void
  /**
   * The request that has begun has been answered. The next one begins when the visitor has taken the reply; on a closed
   * connection never.
   */
  leave(socket: Socket): void
}

export function createPipelines(): Pipelines {
  const busy = new WeakMap<Socket, (() => void)[]>()
  const leave = (socket: Socket) => {
    const next = socket.destroyed ? undefined : busy.get(socket)?.shift()
    if (next === undefined) busy.delete(socket)
    else next()
  }
  return {
    enter(socket, begin) {
      const line = busy.get(socket)
      if (line !== undefined) {
        line.push(begin)
        return
      }
      busy.set(socket, [])
      begin()
    },
    leave(socket) {
      if (socket.writableNeedDrain && !socket.destroyed) socket.once('drain', () => leave(socket))
      else leave(socket)
    },
  }
}
