// Requests of one connection, one after another: whoever sends hundreds without waiting for replies (RFC 9112 §9.3.2)
// takes one place among the others, and is read no further while they stand in line.

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
  /** Begins at once when the connection has no request under way, else when those before it have ended. */
  enter(socket: Duplex, request: Pipelined): void
  /**
   * The request that has begun is over: the system has taken its reply whole, or the visitor is gone. On a closed connection
   * the next one never begins.
   */
  leave(socket: Duplex): void
  /** What comes now is no request: `end` is called when all that came whole before it is over. */
  fail(socket: Duplex, end: () => void): void
}

interface Line {
  begun: Pipelined
  readonly waiting: Pipelined[]
  /** While the connection is read no further: what reads on. */
  hold: (() => void) | null
  end: (() => void) | null
}

/** With so many in line a connection is read no further; those that came in one piece with the last of them stand there too. */
const MOST_WAITING = 16

/**
 * Bytes. Of what it is given at once Node's parser makes requests before anybody can say stop: sixty bytes become ten
 * thousand, so that one read of 64 KiB, the most there is, would take ten megabytes.
 */
const PIECE = 1024

/** For a connection that Node's server is about to take: `read` comes first, and all that follows in small pieces. */
export function feedInPieces(socket: Socket, read: Buffer, take: () => void): void {
  // What has come since waits in the socket, in one piece.
  const behind = takeAll(socket)
  const push = socket.push.bind(socket)
  socket.push = (chunk, encoding) => {
    if (!Buffer.isBuffer(chunk) || chunk.length <= PIECE) return push(chunk, encoding)
    return piecesOf(chunk).reduce((_, piece) => push(piece), true)
  }
  for (const chunk of [behind, read]) for (const piece of piecesOf(chunk).toReversed()) socket.unshift(piece)
  take()
  // Node's parser reads from the system itself, past `push`, until somebody else asks for the bytes.
  socket.on('data', ignore)
  socket.off('data', ignore)
}

const ignore = () => {}

function takeAll(socket: Socket): Buffer {
  const chunks: Buffer[] = []
  // Not asked when there is nothing: it would take that for a wish that is under way, and never read on.
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
      // RFC 9112 §9.6: nor does one begin behind a reply that has said that the connection ends.
      const next = socket.writable ? line.waiting.shift() : undefined
      // The last in line may be there without its body: from here on there is nobody to hold back for.
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
      // What is refused before all of it is there ends its connection itself.
      else if (!line?.begun.isAnswered()) end()
    },
  }
}

/** Node reads on with each request that it has parsed, and again when a body is asked for. Returns what ends it. */
function holdBack(socket: Duplex): () => void {
  const resume = socket.resume.bind(socket)
  socket.resume = () => socket
  socket.pause()
  return () => {
    socket.resume = resume
    resume()
  }
}
