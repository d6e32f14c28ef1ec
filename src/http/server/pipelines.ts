// Requests of one connection, one after another: whoever sends hundreds without waiting for replies (RFC 9112 §9.3.2)
// takes one place among the others.

import type { Socket } from 'node:net'

export interface Pipelines {
  /** Begins at once when the connection has no request under way, else when those before it have ended. */
  enter(socket: Socket, begin: () => void): void
  /**
   * The request that has begun is over: the system has taken its reply whole, or the visitor is gone. On a closed connection
   * the next one never begins.
   */
  leave(socket: Socket): void
}

export function createPipelines(): Pipelines {
  const busy = new WeakMap<Socket, (() => void)[]>()
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
      const next = socket.destroyed ? undefined : busy.get(socket)?.shift()
      if (next === undefined) busy.delete(socket)
      else next()
    },
  }
}
