// A client on bare sockets, for loads: it takes a few microseconds of this machine for a request where Node's own client
// takes a hundred, so that one machine can offer more than a server can answer.

import { connect, type Socket } from 'node:net'

export interface WireReply {
  /** 0: the connection broke. */
  readonly status: number
  readonly retryAfter: boolean
  readonly body: string
}

const BROKEN: WireReply = { status: 0, retryAfter: false, body: '' }

interface Line {
  readonly socket: Socket
  received: string
  answered: ((reply: WireReply) => void) | null
}

export class Wire {
  readonly #port: number
  readonly #free: Line[] = []
  readonly #lines = new Set<Line>()

  /** On loopback. */
  constructor(port: number) {
    this.#port = port
  }

  /** Sends a whole request, over a connection that is free or a new one. */
  ask(request: string): Promise<WireReply> {
    return new Promise((resolve) => {
      const line = this.#free.pop() ?? this.#open()
      line.answered = resolve
      line.socket.write(request, 'latin1')
    })
  }

  close(): void {
    for (const { socket } of this.#lines) socket.destroy()
  }

  #open(): Line {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true })
    const line: Line = { socket, received: '', answered: null }
    this.#lines.add(line)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      line.received += text
      const reply = whole(line.received)
      if (reply === null) return
      line.received = ''
      const { answered } = line
      line.answered = null
      if (socket.writable) this.#free.push(line)
      answered?.(reply)
    })
    // An error is followed by the end.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#lines.delete(line)
      const at = this.#free.indexOf(line)
      if (at !== -1) this.#free.splice(at, 1)
      line.answered?.(BROKEN)
    })
    return line
  }
}

/** Null: more is to come. Answers of the endpoints under load always say how long they are. */
function whole(received: string): WireReply | null {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return null
  const head = received.slice(0, end)
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)
  if (Number.isNaN(length)) throw new Error(`no length: ${head}`)
  if (received.length < end + 4 + length) return null
  return {
    status: Number(head.slice(9, 12)),
    retryAfter: /\r\nretry-after: /i.test(head),
    body: received.slice(end + 4, end + 4 + length),
  }
}
