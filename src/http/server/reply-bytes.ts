// A reply as it goes over a socket (RFC 9112 §4), in one write.

import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { SystemClock } from '../../platform/clock.ts'
import type { HttpReply } from '../message.ts'

export interface ReplyWriter {
  /**
   * Returns false when the visitor has not received all of what was written; the socket's `drain` event says when it
   * has. Throws `TypeError` before anything is written when a header contains a line end.
   */
  write(socket: Socket, reply: HttpReply, last: boolean): boolean
}

/** RFC 9110 §5.5, but without the bytes above ASCII. */
const NO_VALUE = /[^\t\x20-\x7e]/

/** `idle`: milliseconds for which a connection may wait for its next request. */
export function createReplyWriter(idle: number, clock: Pick<SystemClock, 'machine'>): ReplyWriter {
  const kept = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(idle / 1000)}\r\n\r\n`
  const date = dates(clock)
  /** The whole text of replies that are given many times, for as long as its date is right. */
  const texts = new WeakMap<HttpReply, { readonly date: string; readonly text: string }>()
  return {
    write(socket, reply, last) {
      const known = reply.isFixed && !last ? texts.get(reply) : undefined
      if (known?.date === date()) return socket.write(known.text, 'latin1')
      const { status, headers, body } = reply
      let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`
      for (const name of Object.keys(headers)) {
        const value = headers[name]
        if (typeof value === 'string') head += line(name, value)
        else if (value !== undefined) for (const one of value) head += line(name, one)
      }
      // RFC 9110 §8.6, §15.3.5, §15.4.5.
      const isBare = status === 204 || status === 304
      const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
      if (!isBare) head += `content-length: ${length}\r\n`
      head += `Date: ${date()}\r\n${last ? 'Connection: close\r\n\r\n' : kept}`
      if (isBare || length === 0) return socket.write(head, 'latin1')
      // Sockets write a text of one byte for each character fastest.
      if (typeof body === 'string') {
        const text = head + body
        const isBytes = length === body.length
        if (reply.isFixed && !last && isBytes) texts.set(reply, { date: date(), text })
        return socket.write(text, isBytes ? 'latin1' : 'utf8')
      }
      socket.cork()
      socket.write(head, 'latin1')
      const isTaken = socket.write(body)
      socket.uncork()
      return isTaken
    },
  }
}

function line(name: string, value: string): string {
  if (NO_VALUE.test(value)) throw new TypeError(`The header ${name} has a character that no header may have`)
  return `${name}: ${value}\r\n`
}

/** RFC 9110 §5.6.7, made once a second. */
function dates(clock: Pick<SystemClock, 'machine'>): () => string {
  let second = 0
  let text = ''
  return () => {
    const now = Math.floor(clock.machine() / 1000)
    if (now !== second) {
      second = now
      text = new Date(now * 1000).toUTCString()
    }
    return text
  }
}
