// How much is taken on at once, and who is refused: judged by a time that passes only as a test says, so that a busy machine
// changes nothing of it.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { HttpReply, HttpRequest } from '../../../src/http/message.ts'
import { json } from '../../../src/http/reply/replies.ts'
import { createLoadGate, type LoadGate, type LoadGateOptions } from '../../../src/http/server/load-gate.ts'
import { createLog, silentLog } from '../../../src/platform/log.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
})
const gates: LoadGate[] = []
afterEach(() => {
  for (const gate of gates.splice(0)) gate.close()
  vi.useRealTimers()
})

function request(path = '/', body = new Uint8Array()): HttpRequest {
  const peer = { address: '127.0.0.1', secure: false, host: 'h' }
  return { method: 'GET', path, query: '', headers: {}, body, peer }
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

/** Work of the event loop takes time. */
const busy = (milliseconds: number) => void vi.advanceTimersByTime(milliseconds)
const turn = () => new Promise((resolve) => setImmediate(resolve))
/** A millisecond in which the event loop has little to do. */
async function idle(): Promise<void> {
  for (let turns = 0; turns < 4; turns++) await turn()
  vi.advanceTimersByTime(1)
}
async function pass(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds
  while (performance.now() < end) await idle()
  await turn()
}
/** Time passes until it is there. */
async function soon<T>(pending: Promise<T>): Promise<T> {
  const isThere = pending.then(
    () => true,
    () => true,
  )
  const isLate = () => turn().then(() => false)
  while (!(await Promise.race([isThere, isLate()]))) await idle()
  return pending
}
const statuses = async (pending: readonly Promise<HttpReply>[]) =>
  (await soon(Promise.all(pending))).map(({ status }) => status)
const refuse = () => {
  throw new Error('nobody is late')
}
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('requests in flight', () => {
  it('that are refused hear so a moment later: whoever asks again at once takes little from those inside', async () => {
    const { gate } = held({ inLine: 0, refuseAfter: 60 })
    const began = performance.now()
    const replies = await soon(Promise.all(Array.from({ length: 2_100 }, () => gate.handle(request()))))
    expect(performance.now() - began).toBeGreaterThan(50)
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([503]))
  })

  /** Not answered in this turn. */
  const isHeld = (reply: Promise<HttpReply>) => Promise.race([reply.then(() => false), turn().then(() => true)])

  it('are not held back without end: past four thousand with requests, and sixteen thousand without, refusals leave at once', async () => {
    const { gate } = held({ inLine: 0, refuseAfter: 4_000 })
    for (let count = 1; count < 4_000; count++) void gate.handle(request())
    expect(await isHeld(gate.handle(request()))).toBe(true)
    expect(await isHeld(gate.handle(request()))).toBe(false)
    for (let count = 1; count < 16_000; count++) void gate.refuse(null)
    expect(await isHeld(gate.refuse(null))).toBe(true)
    expect(await isHeld(gate.refuse(null))).toBe(false)
    expect(await isHeld(gate.handle(request()))).toBe(false)
  })

  it('have places of their own: those that hold no request take none from the others', async () => {
    const { gate } = held({ inLine: 0 })
    for (let count = 0; count < 4_000; count++) void gate.refuse(null)
    expect(await isHeld(gate.handle(request()))).toBe(true)
  })

  it('wait three seconds at most, and no longer when the server ends', async () => {
    const { gate } = held({ inLine: 0 })
    for (let count = 0; count < 3_600; count++) void gate.refuse(null)
    const began = performance.now()
    const last = gate.refuse(null)
    await soon(last)
    expect(performance.now() - began).toBeGreaterThan(2_900)
    expect(performance.now() - began).toBeLessThan(3_500)
    for (let count = 0; count < 3_600; count++) void gate.refuse(null)
    const standing = gate.refuse(null)
    gate.hurry()
    expect(await isHeld(standing)).toBe(false)
    expect((await standing).status).toBe(503)
    expect(await isHeld(gate.refuse(null))).toBe(false)
  })

  it('hear so the later the more there are, so that refusals never take all the time', async () => {
    const { gate } = held({ inLine: 0 })
    const first = gate.handle(request())
    for (let count = 0; count < 900; count++) void gate.handle(request())
    const began = performance.now()
    const last = gate.handle(request())
    await soon(first)
    expect(performance.now() - began).toBeLessThan(700)
    await soon(last)
    expect(performance.now() - began).toBeGreaterThan(750)
  })

  it('past the bound wait for one to end, and past the line are refused with 503 and Retry-After', async () => {
    const { gate, release } = held({ inFlight: 2, inLine: 1, refuseAfter: 0 })
    const first = gate.handle(request())
    await turn()
    const second = gate.handle(request())
    await turn()
    const waiting = gate.handle(request())
    const refused = await soon(gate.handle(request()))
    expect(refused.status).toBe(503)
    expect(refused.headers['retry-after']).toBe('1')
    expect(release).toHaveLength(2)
    release[0]?.()
    expect((await soon(first)).status).toBe(200)
    await turn()
    expect(release).toHaveLength(3)
    for (const one of release) one()
    expect(await statuses([second, waiting])).toEqual([200, 200])
    const again = gate.handle(request())
    await turn()
    release[3]?.()
    expect((await soon(again)).status).toBe(200)
  })

  it('are 1,000 by default', async () => {
    const { gate, release } = held({ longestWait: 60_000 })
    const all = Array.from({ length: 1_001 }, () => gate.handle(request()))
    while (release.length < 1_000) await turn()
    for (let turns = 0; turns < 10; turns++) await turn()
    expect(release).toHaveLength(1_000)
    const releasing = setInterval(() => {
      for (const one of release.splice(0)) one()
    }, 1)
    expect(new Set(await statuses(all))).toEqual(new Set([200]))
    clearInterval(releasing)
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
    expect((await soon(gate.handle(request()))).status).toBe(200)
  })

  it('never keep whoever watches from being answered', async () => {
    const { gate, release } = held({ inFlight: 1, longestWait: 20, always: ['/healthz'] })
    const running = gate.handle(request())
    const health = gate.handle(request('/healthz'))
    expect((await soon(gate.handle(request('/other')))).status).toBe(503)
    for (const one of release) one()
    expect((await soon(health)).status).toBe(200)
    expect((await soon(running)).status).toBe(200)
  })

  it('that are refused are told to the log, once and not each', async () => {
    const lines: string[] = []
    const { gate } = held({ inLine: 0, refuseAfter: 0, log: createLog('info', 'json', (line) => lines.push(line)) })
    await soon(Promise.all(Array.from({ length: 50 }, () => gate.handle(request()))))
    await pass(250)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('"refused":50')
  })
})

describe('requests in line', () => {
  const sound = (options: Partial<LoadGateOptions> = {}) => {
    const gate = createLoadGate(async () => json(200, {}), { log: silentLog, refuseAfter: 0, ...options })
    gates.push(gate)
    return gate
  }

  it('are 4,000 by default, however many may have begun', async () => {
    const gate = sound({ inFlight: 40 })
    let begun = 0
    const stand = () => gate.stand({ begin: () => begun++, refuse, since: 0, size: 400 })
    for (let count = 0; count < 4_000; count++) expect(stand()).toBe(true)
    expect(stand()).toBe(false)
    for (let turns = 0; turns < 4_000 / 32; turns++) await turn()
    expect(begun).toBe(4_000)
    expect(stand()).toBe(true)
    expect((await soon(gate.handle(request()))).status).toBe(200)
    expect(begun).toBe(4_001)
  })

  it('hold 32 MiB together, whatever their number', async () => {
    const gate = sound()
    const large = () => gate.stand({ begin: () => undefined, refuse, since: 0, size: 1024 * 1024 })
    for (let count = 0; count < 32; count++) expect(large()).toBe(true)
    expect(large()).toBe(false)
    expect((await soon(gate.handle(request()))).status).toBe(503)
    await turn()
    expect(large()).toBe(true)
  })

  it('take their body and what is made of a request, once somebody has read it', async () => {
    const gate = sound({ bytesInLine: 100 * 1024 })
    const all = [gate.handle(request('/', new Uint8Array(60 * 1024))), gate.handle(request()), gate.handle(request())]
    expect(await statuses(all)).toEqual([200, 503, 503])
    expect(await statuses([1, 2, 3, 4].map(() => gate.handle(request())))).toEqual([200, 200, 200, 200])
  })

  it('are what who comes now would be, while as many as may be have begun', async () => {
    const { gate, release } = held({ inFlight: 1 })
    expect(gate.isCrowded()).toBe(false)
    const running = gate.handle(request())
    await turn()
    expect(gate.isCrowded()).toBe(true)
    let begun = 0
    expect(gate.stand({ begin: () => begun++, refuse, since: 0, size: 400 })).toBe(true)
    await turn()
    expect(begun).toBe(0)
    release[0]?.()
    expect((await soon(running)).status).toBe(200)
    await turn()
    expect(begun).toBe(1)
    expect(gate.isCrowded()).toBe(false)
  })

  it('are refused where nobody ends, once they have waited twice as long as the first may', async () => {
    const { gate, release } = held({ inFlight: 2, longestWait: 400, refuseAfter: 0 })
    const began = performance.now()
    const all = Array.from({ length: 50 }, () => gate.handle(request()))
    await pass(600)
    const later = gate.handle(request())
    expect(new Set(await statuses(all.slice(2)))).toEqual(new Set([503]))
    expect(performance.now() - began).toBeGreaterThan(795)
    expect(performance.now() - began).toBeLessThan(1_150)
    expect(release).toHaveLength(2)
    // Who came later has a while still, and is served when somebody ends within it.
    for (const one of release.splice(0)) one()
    expect(await statuses(all.slice(0, 2))).toEqual([200, 200])
    await turn()
    for (const one of release) one()
    expect((await soon(later)).status).toBe(200)
  })

  it('who are refused there have waited already: the last of thousands hears so three seconds after it came', async () => {
    const { gate } = held({ inFlight: 2, bytesInLine: Number.POSITIVE_INFINITY })
    const began = performance.now()
    const all = Array.from({ length: 3_900 }, () => gate.handle(request()))
    expect(new Set(await statuses(all.slice(2)))).toEqual(new Set([503]))
    expect(performance.now() - began).toBeGreaterThan(2_800)
    expect(performance.now() - began).toBeLessThan(3_700)
  })

  it('whose visitor is gone when their turn comes are not begun', async () => {
    const asked: string[] = []
    const handle = async ({ path }: HttpRequest) => {
      asked.push(path)
      return json(200, {})
    }
    const gate = createLoadGate(handle, { log: silentLog, inFlight: 1 })
    gates.push(gate)
    let isGone = false
    const all = ['/stays', '/goes', '/waits'].map((path) =>
      gate.handle(request(path), () => path === '/goes' && isGone),
    )
    isGone = true
    await soon(Promise.all(all))
    expect(asked).toEqual(['/stays', '/waits'])
  })

  it('begin in the order they came, as many at once as have ended', async () => {
    const told: string[] = []
    const release: (() => void)[] = []
    const handle = ({ path }: HttpRequest) => {
      told.push(path)
      return new Promise<HttpReply>((resolve) => release.push(() => resolve(json(200, {}))))
    }
    const gate = createLoadGate(handle, { log: silentLog, inFlight: 3 })
    gates.push(gate)
    const paths = Array.from({ length: 8 }, (_, at) => `/${at}`)
    const all = paths.map((path) => gate.handle(request(path)))
    await turn()
    expect(told).toEqual(paths.slice(0, 3))
    for (const one of release.splice(0, 2)) one()
    await turn()
    await turn()
    expect(told).toEqual(paths.slice(0, 5))
    const releasing = setInterval(() => {
      for (const one of release.splice(0)) one()
    }, 1)
    expect(new Set(await statuses(all))).toEqual(new Set([200]))
    expect(told).toEqual(paths)
    clearInterval(releasing)
  })
})

describe('a turn of the event loop', () => {
  const recorded = () => {
    const told: string[] = []
    const gate = createLoadGate(
      async ({ path }) => {
        told.push(`begin ${path}`)
        await Promise.resolve()
        told.push(`end ${path}`)
        return json(200, {})
      },
      { log: silentLog, always: ['/healthz'] },
    )
    gates.push(gate)
    return { gate, told }
  }

  it('begins what has arrived in it together: each step of all before the next step of one', async () => {
    const { gate, told } = recorded()
    const both = [gate.handle(request('/1')), gate.handle(request('/2'))]
    expect(told).toEqual([])
    await Promise.all(both)
    expect(told).toEqual(['begin /1', 'begin /2', 'end /1', 'end /2'])
  })

  it('begins a few requests, and the others in the order they came', async () => {
    const { gate, told } = recorded()
    const begun = () => told.filter((line) => line.startsWith('begin'))
    const all = Array.from({ length: 100 }, (_, at) => gate.handle(request(`/${at}`)))
    await turn()
    const first = begun().length
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(50)
    void gate.handle(request('/healthz'))
    expect(begun().at(-1)).toBe('begin /healthz')
    await turn()
    expect(begun().length).toBeGreaterThan(first + 1)
    expect(begun().length).toBeLessThan(101)
    await Promise.all(all)
    const asked = Array.from({ length: 100 }, (_, at) => `begin /${at}`)
    expect(begun().filter((line) => line !== 'begin /healthz')).toEqual(asked)
  })

  it('goes on with the others when one fails at once', async () => {
    const gate = createLoadGate(
      ({ path }) => {
        if (path === '/broken') throw new Error('of the endpoint')
        return Promise.resolve(json(200, {}))
      },
      { log: silentLog, inFlight: 2 },
    )
    gates.push(gate)
    const broken = gate.handle(request('/broken'))
    const sound = gate.handle(request('/sound'))
    await expect(broken).rejects.toThrow('of the endpoint')
    expect((await sound).status).toBe(200)
    expect((await soon(gate.handle(request('/sound')))).status).toBe(200)
  })
})

describe('connections that were answered', () => {
  const stand = (gate: LoadGate, count: number) => {
    for (let at = 0; at < count; at++) {
      gate.stand({ begin: () => undefined, refuse: () => undefined, since: 0, size: 400 })
    }
  }
  /** Of a gate that has begun some hundred requests in the last tenth of a second. */
  const quick = async (options: Partial<LoadGateOptions> = {}) => {
    const { gate, release } = held(options)
    const end = performance.now() + 120
    while (performance.now() < end) {
      const some = Array.from({ length: 30 }, () => gate.handle(request()))
      for (let begun = 0; begun < 30; begun += release.splice(0).length) {
        await turn()
        for (const one of release) one()
      }
      await Promise.all(some)
      await idle()
    }
    const readOn: number[] = []
    const rest = (at: number) => gate.rest({ readOn: () => readOn.push(at), restsSince: 0 })
    return { gate, release, readOn, rest }
  }

  it('are read on at once, also where some stand in line', async () => {
    const { gate, rest } = await quick()
    expect(rest(0)).toBe(false)
    stand(gate, 255)
    expect(rest(1)).toBe(false)
    stand(gate, 1)
    expect(rest(2)).toBe(true)
  })

  it('are read on at once where their turn would come after more than the longest wait', async () => {
    const { gate } = held()
    await pass(120)
    stand(gate, 300)
    expect(gate.rest({ readOn: refuse, restsSince: 0 })).toBe(false)
  })

  it('rest in a crowd until the line is short: then as many are read on as begin in a turn, in their order', async () => {
    const { gate, readOn, rest } = await quick()
    stand(gate, 256)
    for (let at = 0; at < 100; at++) expect(rest(at)).toBe(true)
    for (let turns = 0; turns < 7; turns++) await turn()
    expect(readOn).toEqual([])
    await turn()
    expect(readOn).toHaveLength(32)
    // Whoever is answered now rests behind the others.
    expect(rest(100)).toBe(true)
    await turn()
    expect(readOn).toHaveLength(64)
    stand(gate, 30)
    for (let turns = 0; turns < 3; turns++) await turn()
    expect(readOn).toEqual(Array.from({ length: 101 }, (_, at) => at))
    expect(rest(101)).toBe(false)
  })

  it('do not wait for those who came after them, however long the line stays', async () => {
    const { gate, readOn, rest } = await quick()
    stand(gate, 256)
    busy(2)
    for (let at = 0; at < 40; at++) expect(rest(at)).toBe(true)
    busy(2)
    stand(gate, 256)
    for (let turns = 0; turns < 10; turns++) await turn()
    expect(readOn).toEqual(Array.from({ length: 40 }, (_, at) => at))
  })

  it('rest while as many as may be have begun, and are read on when those end', async () => {
    const { gate, release, readOn, rest } = await quick({ inFlight: 32 })
    const running = Array.from({ length: 32 }, () => gate.handle(request()))
    while (release.length < 32) await turn()
    stand(gate, 256)
    for (let at = 0; at < 10; at++) expect(rest(at)).toBe(true)
    for (let turns = 0; turns < 10; turns++) await turn()
    expect(readOn).toEqual([])
    for (const one of release) one()
    await Promise.all(running)
    for (let turns = 0; turns < 10; turns++) await turn()
    expect(readOn).toHaveLength(10)
  })

  it('rest no longer than the longest wait, whatever the others do', async () => {
    const { gate, release, readOn, rest } = await quick({ inFlight: 32 })
    const running = Array.from({ length: 32 }, () => gate.handle(request()))
    while (release.length < 32) await turn()
    stand(gate, 256)
    for (let at = 0; at < 100; at++) expect(rest(at)).toBe(true)
    await pass(400)
    expect(readOn).toEqual([])
    await pass(300)
    expect(readOn).toHaveLength(100)
    expect(await Promise.race([...running, Promise.resolve('not answered')])).toBe('not answered')
  })
})

describe('an event loop that does nothing but work', () => {
  /** As many at once as there are, each taking a millisecond of the event loop, for so long. */
  async function pressed(gate: LoadGate, milliseconds: number): Promise<{ answered: number; refused: number }> {
    const counts = { answered: 0, refused: 0 }
    const end = performance.now() + milliseconds
    await Promise.all(
      Array.from({ length: 900 }, async () => {
        while (performance.now() < end) {
          const { status } = await gate.handle(request())
          if (status === 200) counts.answered++
          else {
            counts.refused++
            await pause(50)
          }
        }
      }),
    )
    return counts
  }

  it('refuses some while the first in line waits too long, and nobody when it has time again', async () => {
    const gate = createLoadGate(
      async () => {
        busy(1)
        return json(200, {})
      },
      { log: silentLog, longestWait: 100 },
    )
    gates.push(gate)
    const { answered, refused } = await soon(pressed(gate, 1_500))
    expect(answered).toBeGreaterThan(100)
    expect(refused).toBeGreaterThan(0)
    await pass(300)
    for (let count = 0; count < 200; count++) expect((await soon(gate.handle(request()))).status).toBe(200)
  })

  it('refuses no more of them than it must for the others to wait no longer than they may', async () => {
    const gate = createLoadGate(
      async () => {
        busy(0.2)
        return json(200, {})
      },
      { log: silentLog, longestWait: 100, refuseAfter: 2_000, bytesInLine: Number.POSITIVE_INFINITY },
    )
    gates.push(gate)
    let [left, answered] = [3_000, 0]
    const ask = async () => {
      while (answered < 5_000) {
        const { status } = await gate.handle(request())
        if (status === 200) answered++
        else left--
      }
    }
    await soon(Promise.all(Array.from({ length: left }, ask)))
    // As many as begin in 100 ms, which are 500 where nothing else takes time; not the 64 that are always let in.
    expect(left).toBeGreaterThan(100)
    expect(left).toBeLessThan(1_500)
  })

  it('refuses nobody where requests wait for something else', async () => {
    const gate = createLoadGate(
      async () => {
        await pause(50)
        return json(200, {})
      },
      { log: silentLog },
    )
    gates.push(gate)
    expect((await soon(pressed(gate, 800))).refused).toBe(0)
  })
})
