// A client on bare sockets, for loads: it takes a few microseconds of this machine for a request where Node's own client
// takes a hundred. With that one no server of the bench had enough to do, and what was measured was how it wakes up.

import { connect, type Socket } from 'node:net'

export interface WireReply {
  /** 0: the connection broke. */
  readonly status: number
  /** The status line and the header lines, one byte a character. */
  readonly head: string
  readonly body: string
}

const BROKEN: WireReply = { status: 0, head: '', body: '' }

interface Line {
  readonly socket: Socket
  received: string
  asked: { readonly answered: (reply: WireReply) => void; readonly failed: (error: unknown) => void } | null
}

/** Keep-alive connections to one server, each with one request at a time. There are as many as there are requests. */
export class Wire {
  readonly #port: number
  readonly #host: string
  readonly #free: Line[] = []
  readonly #lines = new Set<Line>()

  constructor(port: number, host = '127.0.0.1') {
    this.#port = port
    this.#host = host
  }

  /** Sends a whole request, over a connection that is free or a new one. Rejects what it cannot read. */
  ask(request: string): Promise<WireReply> {
    return new Promise((answered, failed) => {
      const line = this.#free.pop() ?? this.#open()
      line.asked = { answered, failed }
      line.socket.write(request, 'latin1')
    })
  }

  close(): void {
    for (const { socket } of this.#lines) socket.destroy()
  }

  #open(): Line {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true })
    const line: Line = { socket, received: '', asked: null }
    this.#lines.add(line)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      line.received += text
      const { asked } = line
      try {
        const reply = wholeReply(line.received)
        if (reply === null) return
        line.received = ''
        line.asked = null
        if (asked !== null && socket.writable && !CLOSES.test(reply.head)) this.#free.push(line)
        asked?.answered(reply)
      } catch (error) {
        // Thrown from here it would end the process, and leave behind the servers that it has started.
        asked?.failed(error)
        socket.destroy()
      }
    })
    // An error is followed by the end.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#lines.delete(line)
      const at = this.#free.indexOf(line)
      if (at !== -1) this.#free.splice(at, 1)
      line.asked?.answered(BROKEN)
    })
    return line
  }
}

const CLOSES = /\r\nconnection: close/i

/** RFC 9112 §6.3, of what servers send to a client that asks for one thing at a time. Null: more is to come. */
function wholeReply(received: string): WireReply | null {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return null
  const head = received.slice(0, end)
  const status = Number(head.slice(9, 12))
  const begin = end + 4
  if (status === 204 || status === 304) {
    assertOver(received, begin)
    return { status, head, body: '' }
  }
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN)
  if (!Number.isNaN(length)) {
    if (received.length < begin + length) return null
    assertOver(received, begin + length)
    return { status, head, body: utf8(received.slice(begin, begin + length)) }
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) throw new Error(`neither a length nor chunks: ${head}`)
  const body = wholeChunks(received, begin)
  return body === null ? null : { status, head, body: utf8(body) }
}

/** RFC 9112 §7.1, without trailers. */
function wholeChunks(received: string, begin: number): string | null {
  let body = ''
  for (let at = begin; ; ) {
    const end = received.indexOf('\r\n', at)
    if (end === -1) return null
    const size = Number.parseInt(received.slice(at, end), 16)
    if (Number.isNaN(size)) throw new Error(`no size of a chunk: ${received.slice(at, end)}`)
    const next = end + 2 + size + 2
    if (received.length < next) return null
    if (!received.startsWith('\r\n', next - 2)) throw new Error(`no end of a chunk: ${received.slice(at, next)}`)
    if (size === 0) {
      assertOver(received, next)
      return body
    }
    body += received.slice(end + 2, end + 2 + size)
    at = next
  }
}

function assertOver(received: string, at: number): void {
  if (received.length > at) throw new Error(`more than was asked for: ${received.slice(at)}`)
}

function utf8(bytes: string): string {
  return /^[\0-\x7f]*$/.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
}
