import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { text } from '../../../src/http/replies.ts'
import { createNodeListener } from '../../../src/http/server/node-adapter.ts'
import { createPipelines } from '../../../src/http/server/pipelines.ts'
import { silentLog } from '../../../src/platform/log.ts'

describe('RFC 9112 §9.3.2 requests that one connection sends without waiting for replies', () => {
  it('begin one after another; those of another connection do not wait for them', () => {
    const pipelines = createPipelines()
    const [one, other] = [new Socket(), new Socket()]
    const begun: string[] = []
    for (const name of ['a', 'b', 'c']) pipelines.enter(one, () => begun.push(name))
    pipelines.enter(other, () => begun.push('other'))
    expect(begun).toEqual(['a', 'other'])
    pipelines.leave(one)
    pipelines.leave(one)
    expect(begun).toEqual(['a', 'other', 'b', 'c'])
    pipelines.leave(one)
    pipelines.enter(one, () => begun.push('d'))
    expect(begun.at(-1)).toBe('d')
  })

  // Of replies below 16 KiB none fills what a socket itself keeps.
  it.each([100_000, 10_000])('begin only when the reply before has been taken (%i bytes each)', async (size) => {
    let asked = 0
    const handle = async () => {
      asked++
      return text(200, 'x'.repeat(size))
    }
    const server = createServer(createNodeListener(handle, { trustedProxies: [] }, silentLog))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const visitor = connect((server.address() as AddressInfo).port, '127.0.0.1')
    visitor.pause()
    visitor.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(3_000))
    await new Promise((resolve) => setTimeout(resolve, 500))
    // What systems keep between the two is several MB.
    expect(asked).toBeGreaterThan(0)
    expect(asked * size).toBeLessThan(20_000_000)
    let received = 0
    visitor.on('data', (chunk) => {
      received += chunk.length
      if (received > 3_000 * size) visitor.destroy()
    })
    visitor.resume()
    await once(visitor, 'close')
    expect(asked).toBe(3_000)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  it('are dropped when the connection is gone', () => {
    const pipelines = createPipelines()
    const socket = new Socket()
    const begun: string[] = []
    for (const name of ['a', 'b']) pipelines.enter(socket, () => begun.push(name))
    socket.destroy()
    pipelines.leave(socket)
    expect(begun).toEqual(['a'])
  })
})
