import { afterEach, describe, expect, it } from 'vitest'
import { createLoadGate, type LoadGate, type LoadGateOptions } from '../../src/http/load-gate.ts'
import type { HttpReply, HttpRequest } from '../../src/http/message.ts'
import { json } from '../../src/http/replies.ts'
import { createLog, silentLog } from '../../src/platform/log.ts'

const gates: LoadGate[] = []
afterEach(() => {
  for (const gate of gates.splice(0)) gate.close()
})

function request(path = '/'): HttpRequest {
  const peer = { address: '127.0.0.1', secure: false, host: 'h' }
  return { method: 'GET', path, query: '', headers: {}, body: new Uint8Array(), peer }
}

/** An endpoint that answers when told. */
function held(options: Partial<LoadGateOptions> = {}) {
  const release: (() => void)[] = []
  const gate = createLoadGate(() => new Promise<HttpReply>((resolve) => release.push(() => resolve(json(200, {})))), {
    log: silentLog,
    ...options,
  })
  gates.push(gate)
  return { gate, release }
}

const busy = (milliseconds: number) => {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('requests in flight', () => {
  it('past the bound are refused at once with 503 and Retry-After, and let in again when one has ended', async () => {
    const { gate, release } = held({ inFlight: 2 })
    const running = [gate.handle(request()), gate.handle(request())]
    const refused = await gate.handle(request())
    expect(refused.status).toBe(503)
    expect(refused.headers['retry-after']).toBe('1')
    release[0]?.()
    expect((await running[0])?.status).toBe(200)
    const next = gate.handle(request())
    release[1]?.()
    release[2]?.()
    expect((await next).status).toBe(200)
    expect((await running[1])?.status).toBe(200)
  })

  it('are 1,000 by default', async () => {
    const { gate, release } = held()
    const all = Array.from({ length: 1_000 }, () => gate.handle(request()))
    expect((await gate.handle(request())).status).toBe(503)
    for (const one of release) one()
    expect((await Promise.all(all)).every(({ status }) => status === 200)).toBe(true)
  })

  it('are free again when the endpoint fails', async () => {
    let count = 0
    const gate = createLoadGate(
      async () => {
        if (count++ === 0) throw new Error('of the endpoint')
        return json(200, {})
      },
      { inFlight: 1, log: silentLog },
    )
    gates.push(gate)
    await expect(gate.handle(request())).rejects.toThrow('of the endpoint')
    expect((await gate.handle(request())).status).toBe(200)
  })

  it('never keep whoever watches from being answered', async () => {
    const { gate, release } = held({ inFlight: 1, always: ['/healthz'] })
    const running = gate.handle(request())
    const health = gate.handle(request('/healthz'))
    expect((await gate.handle(request('/other'))).status).toBe(503)
    for (const one of release) one()
    expect((await health).status).toBe(200)
    expect((await running).status).toBe(200)
  })

  it('that are refused are told to the log, once and not each', async () => {
    const lines: string[] = []
    const { gate } = held({ inFlight: 0, log: createLog('info', 'json', (line) => lines.push(line)) })
    for (let count = 0; count < 50; count++) await gate.handle(request())
    await pause(250)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('"refused":50')
  })
})

describe('an event loop that runs late', () => {
  it('again and again lets only few in, and all again when it is on time', async () => {
    const { gate, release } = held({ latest: 50 })
    const admitted = async () => {
      const before = release.length
      const all = Array.from({ length: 200 }, () => gate.handle(request()))
      const count = release.length - before
      for (const one of release.splice(0)) one()
      await Promise.all(all)
      return count
    }
    expect(await admitted()).toBe(200)
    busy(200)
    await pause(1)
    // One long turn is a pause, not an overload.
    expect(await admitted()).toBe(200)
    for (let count = 0; count < 3; count++) {
      busy(200)
      await pause(1)
    }
    expect(await admitted()).toBe(64)
    await pause(400)
    expect(await admitted()).toBe(200)
  })
})
