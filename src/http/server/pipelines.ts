// Requests on one connection, one after another. A visitor that sends hundreds without waiting for replies (RFC 9112
// §9.3.2) takes one place among the others, and is not read any further while its requests stand in line.

import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export interface Pipelined {
  begin(): void
  /** All of it has been received. */
  isWhole(): boolean
  /** Its reply has begun. */
  isAnswered(): boolean
}

export interface Pipelines {
  /** Begins at once when the connection has no request under way, otherwise when those before it have ended. */
  enter(socket: Duplex, request: Pipelined): void
  /**
   * The request that has begun is over: its reply has been handed to the system completely, or the visitor has gone. On
   * a closed connection no further request begins.
   */
  leave(socket: Duplex): void
  /** What comes now is no request: `end` is called when all complete requests before it are over. */
  fail(socket: Duplex, end: () => void): void
}

interface Line {
  begun: Pipelined
  readonly waiting: Pipelined[]
  /** Set while the connection is not being read: resumes reading. */
  hold: (() => void) | null
  end: (() => void) | null
}

/**
 * With this many in line a connection is not read any further; requests that came in one piece with the last of them
 * join the line too.
 */
const MOST_WAITING = 16

/**
 * Bytes. Node's parser makes requests of all that it is given before anybody can say stop: sixty bytes become ten
 * thousand, so one read of 64 KiB, the largest there is, would take ten megabytes.
 */
const PIECE = 1024

/**
 * For a connection that Node's server is about to take over: it gets `read` first, then everything that follows in
 * small pieces.
 */
export function feedInPieces(socket: Socket, read: Buffer, take: () => void): void {
  // What has come since then waits in the socket, in one piece.
  const behind = takeAll(socket)
  const push = socket.push.bind(socket)
  socket.push = (chunk, encoding) => {
    if (!Buffer.isBuffer(chunk) || chunk.length <= PIECE) return push(chunk, encoding)
    return piecesOf(chunk).reduce((_, piece) => push(piece), true)
  }
  for (const chunk of [behind, read]) for (const piece of piecesOf(chunk).toReversed()) socket.unshift(piece)
  take()
  // Node's parser reads directly from the system, bypassing `push`, until somebody else asks for the bytes.
  socket.on('data', ignore)
  socket.off('data', ignore)
}

const ignore = () => {}

function takeAll(socket: Socket): Buffer {
  const chunks: Buffer[] = []
  // Not called when there is nothing: the socket would take that for a read under way, and never read on.
  while (socket.readableLength > 0) {
    const chunk: Buffer | null = socket.read()
    if (chunk === null) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function piecesOf(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / PIECE) }, (_, at) =>
    bytes.subarray(at * PIECE, (at + 1) * PIECE),
  )
}

export function createPipelines(): Pipelines {
  const busy = new WeakMap<Duplex, Line>()
  return {
    enter(socket, request) {
      const line = busy.get(socket)
      if (line === undefined) {
        busy.set(socket, { begun: request, waiting: [], hold: null, end: null })
        request.begin()
        return
      }
      line.waiting.push(request)
      if (line.waiting.length >= MOST_WAITING) line.hold ??= holdBack(socket)
    },
    leave(socket) {
      const line = busy.get(socket)
      if (line === undefined) return
      // RFC 9112 §9.6: nothing begins after a reply that has announced the end of the connection.
      const next = socket.writable ? line.waiting.shift() : undefined
      // The last in line may not have its body yet: from here on there is nobody to hold back for.
      if (line.hold !== null && line.waiting.length === 0) {
        line.hold()
        line.hold = null
      }
      if (line.end !== null && socket.writable && !next?.isWhole()) line.end()
      else if (next === undefined) busy.delete(socket)
      else {
        line.begun = next
        next.begin()
      }
    },
    fail(socket, end) {
      const line = busy.get(socket)
      if (line?.begun.isWhole()) line.end = end
      // A request that is refused before all of it has come ends its connection itself.
      else if (!line?.begun.isAnswered()) end()
    },
  }
}

/**
 * Node reads on with each request that it has parsed, and again when a body is asked for: both are held back. Returns
 * what resumes reading.
 */
function holdBack(socket: Duplex): () => void {
  const resume = socket.resume.bind(socket)
  socket.resume = () => socket
  socket.pause()
  return () => {
    socket.resume = resume
    resume()
  }
}
