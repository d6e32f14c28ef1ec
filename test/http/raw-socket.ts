// Speaks HTTP byte by byte, for what no well-behaved client would send.

import { connect, type Socket } from 'node:net'

export interface RawConnection {
  readonly socket: Socket
  /** All that was received so far. */
  received(): string
  /** Resolves with all that was received when the server has closed the connection. */
  readonly closed: Promise<string>
  /** Resolves when what was received matches. */
  until(pattern: RegExp): Promise<string>
}

export function connectTo(port: number, host = '127.0.0.1'): RawConnection {
  const socket = connect(port, host)
  let text = ''
  const waiting = new Set<() => void>()
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    for (const check of waiting) check()
  })
  socket.on('error', () => {})
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(text)))
  return {
    socket,
    received: () => text,
    closed,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!pattern.test(text)) return
          waiting.delete(check)
          resolve(text)
        }
        waiting.add(check)
        void closed.then(() => reject(new Error(`closed after: ${text}`)))
        check()
      }),
  }
}

/** Sends `lines` as one request and gives everything the server says until it closes. */
export async function exchange(port: number, request: string): Promise<string> {
  const connection = connectTo(port)
  connection.socket.write(request)
  return connection.closed
}

export function statusOf(reply: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(reply)?.[1] ?? 0)
}
