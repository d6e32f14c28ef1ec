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

/** Turns of the event loop within which a server in this process reads what was sent to it, and what it answers comes back. */
const THERE_AND_BACK = 50

/**
 * So many milliseconds, and no less than it takes to be read by a server in this process: where the machine has other
 * work to do the time may be over before anything was.
 */
export async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
  for (let turn = 0; turn < THERE_AND_BACK; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export function statusOf(reply: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(reply)?.[1] ?? 0)
}
