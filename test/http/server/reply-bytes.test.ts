import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { HttpReply } from '../../../src/http/message.ts'
import { openToAny } from '../../../src/http/routing/cors.ts'
import { createReplyWriter } from '../../../src/http/server/reply-bytes.ts'

function start() {
  const written: string[] = []
  const socket = {
    write(data: string | Uint8Array, encoding: BufferEncoding = 'utf8') {
      written.push(Buffer.from(typeof data === 'string' ? Buffer.from(data, encoding) : data).toString('utf8'))
      return true
    },
    cork() {},
    uncork() {},
  } as unknown as Socket
  let now = Date.UTC(2026, 0, 2, 3, 4, 5, 900)
  const writer = createReplyWriter(5_000, { machine: () => now })
  return {
    later: (milliseconds: number) => {
      now += milliseconds
    },
    write(reply: HttpReply, last = false) {
      writer.write(socket, reply, last)
      return written.splice(0).join('')
    },
  }
}

const fixed: HttpReply = { status: 200, headers: { 'cache-control': 'public' }, body: '{"a":1}', isFixed: true }

describe('a reply that is given again and again', () => {
  it.each([
    ['text', '{"a":1}'],
    ['text beyond ASCII', '{"a":"令牌"}'],
    ['bytes', Buffer.from('{"a":1}')],
    ['nothing', ''],
  ])('is written each time as one that is given once (%s)', (_, body) => {
    const { write } = start()
    const again = { ...fixed, body }
    const { isFixed: _fixed, ...once } = again
    const expected = write(once)
    expect([write(again), write(again), write(again)]).toEqual([expected, expected, expected])
    expect(expected).toMatch(/^HTTP\/1\.1 200 OK\r\ncache-control: public\r\n/)
  })

  it('RFC 9110 §5.6.7: has the date of each second', () => {
    const { write, later } = start()
    expect(write(fixed)).toContain('Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n')
    later(99)
    expect(write(fixed)).toContain('Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n')
    later(1)
    expect(write(fixed)).toContain('Date: Fri, 02 Jan 2026 03:04:06 GMT\r\n')
  })

  it('RFC 9112 §9.6: says where it is the last one of its connection, and only there', () => {
    const { write } = start()
    expect(write(fixed)).toContain('Connection: keep-alive\r\n')
    expect(write(fixed, true)).toContain('Connection: close\r\n')
    expect(write(fixed)).toContain('Connection: keep-alive\r\n')
  })

  it('is taken for no other one that looks like it', () => {
    const { write } = start()
    write(fixed)
    expect(write({ ...fixed, body: '{"b":2}' })).toMatch(/\{"b":2\}$/)
    expect(write({ ...fixed, status: 404 })).toMatch(/^HTTP\/1\.1 404 /)
    expect(write(fixed)).toMatch(/\{"a":1\}$/)
  })

  it('is opened to scripts of any origin once, and stays as it was', () => {
    const open = openToAny(fixed)
    expect(openToAny(fixed)).toBe(open)
    expect(open.headers).toMatchObject({ 'cache-control': 'public', 'access-control-allow-origin': '*' })
    expect(fixed.headers).toEqual({ 'cache-control': 'public' })
    const { isFixed: _fixed, ...once } = fixed
    expect(openToAny(once)).not.toBe(openToAny(once))
    expect(openToAny(once).headers).toEqual(open.headers)
  })
})
