// The client of the bench, against a server that says what it is told to.

import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { connect } from '../../bench/measuring/load.ts'
import { Wire } from '../../bench/measuring/wire.ts'

const cleanup: (() => unknown)[] = []
afterEach(() => {
  for (const undo of cleanup.splice(0).toReversed()) undo()
})

type Answer = (socket: Socket) => unknown

interface Served {
  readonly wire: Wire
  readonly port: number
  readonly connections: () => number
}

/** The n-th request gets the n-th answer. */
async function served(...answers: readonly Answer[]): Promise<Served> {
  let [requests, connections] = [0, 0]
  const server = createServer({ noDelay: true }, (socket) => {
    connections++
    cleanup.push(() => socket.destroy())
    socket.on('error', () => undefined)
    socket.on('data', () => answers[requests++]?.(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const wire = new Wire(port)
  cleanup.push(
    () => server.close(),
    () => wire.close(),
  )
  return { wire, port, connections: () => connections }
}

const whole = (reply: string) => (socket: Socket) => socket.write(reply)
const byteByByte = (reply: string) => async (socket: Socket) => {
  for (const byte of Buffer.from(reply)) {
    socket.write(Buffer.of(byte))
    await pause(1)
  }
}

const REQUEST = 'GET / HTTP/1.1\r\nhost: bench\r\n\r\n'
const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

it.each([
  ['with its length', 'HTTP/1.1 200 OK\r\ncontent-length:7\r\n\r\n制作!', 200, '制作!'],
  ['without a body', 'HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n', 302, ''],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', 204, ''],
  ['304, which says how long it would be', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n', 304, ''],
  ['in chunks', `${CHUNKED}4;a=b\r\n制a\r\nA\r\n0123456789\r\n0\r\n\r\n`, 200, '制a0123456789'],
])('a reply %s is read, however it is cut, and its connection serves again', async (_, reply, status, body) => {
  const { wire, connections } = await served(whole(reply), byteByByte(reply), whole(GOOD))
  expect(await wire.ask(REQUEST)).toMatchObject({ status, body })
  expect(await wire.ask(REQUEST)).toMatchObject({ status, body })
  expect(await wire.ask(REQUEST)).toMatchObject({ status: 200, body: 'good' })
  expect(connections()).toBe(1)
})

it.each([
  ['neither length nor chunks', 'HTTP/1.1 200 OK\r\n\r\nbody', 'neither a length nor chunks'],
  ['a chunk without a size', `${CHUNKED}x\r\n`, 'no size of a chunk'],
  ['a chunk that is longer than its size', `${CHUNKED}1\r\nabc\r\n`, 'no end of a chunk'],
  ['a trailer', `${CHUNKED}0\r\nName: value\r\n\r\n`, 'no end of a chunk'],
  ['more than its length', `${GOOD}!`, 'more than was asked for'],
  ['more than its chunks', `${CHUNKED}0\r\n\r\n!`, 'more than was asked for'],
  ['a body that may not be', 'HTTP/1.1 204 No Content\r\n\r\n!', 'more than was asked for'],
])('a reply with %s rejects its request, and the next is answered', async (_, reply, reason) => {
  const { wire, connections } = await served(whole(reply), whole(GOOD))
  await expect(wire.ask(REQUEST)).rejects.toThrow(reason)
  expect(await wire.ask(REQUEST)).toMatchObject({ status: 200, body: 'good' })
  expect(connections()).toBe(2)
})

it('a reply that nobody has asked for gives nobody a connection that somebody else has', async () => {
  const twice: Answer = async (socket) => {
    socket.write(GOOD)
    await pause(50)
    socket.write(GOOD)
  }
  const { wire } = await served(twice, whole(GOOD), whole(GOOD))
  await wire.ask(REQUEST)
  await pause(200)
  const replies = await Promise.all([wire.ask(REQUEST), wire.ask(REQUEST)])
  expect(replies.map(({ body }) => body)).toEqual(['good', 'good'])
})

it('a connection that the server closes after its reply serves nobody else', async () => {
  const last = GOOD.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
  const { wire, connections } = await served((socket) => socket.end(last), whole(GOOD))
  expect(await wire.ask(REQUEST)).toMatchObject({ status: 200 })
  expect(await wire.ask(REQUEST)).toMatchObject({ status: 200 })
  expect(connections()).toBe(2)
})

it('a connection that breaks rejects what the load has sent, and what it sends next is answered', async () => {
  const { port } = await served((socket) => socket.destroy(), whole(GOOD))
  const { send, close } = connect(`http://127.0.0.1:${port}`)
  cleanup.push(close)
  await expect(send({ method: 'GET', path: '/' })).rejects.toThrow('the connection broke')
  expect(await send({ method: 'GET', path: '/' })).toMatchObject({ status: 200, body: 'good' })
})
