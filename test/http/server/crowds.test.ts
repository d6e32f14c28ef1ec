// More requests at once than a turn of the event loop begins: the later ones stand in line as the bytes they came in. Time
// passes only by what a test says that requests take, and a little at each turn: a busy machine keeps nobody waiting longer.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Handle } from '../../../src/http/handle.ts'
import { text } from '../../../src/http/reply/replies.ts'
import { type Listening, type ListenOptions, listen } from '../../../src/http/server/listen.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { connectTo, type RawConnection, statusOf } from '../raw-socket.ts'

const CROWD = 160
/** Milliseconds that each takes. */
const EACH = 2
/** Milliseconds that a turn of the event loop takes where nobody asks for anything. */
const EACH_TURN = 0.5
/** So many are asked in two turns: by then all have come. */
const TWO_TURNS = 64

const servers: Listening[] = []
const visitors: RawConnection[] = []
let isPassing = false
/** Lets time pass from here on. */
function pass(): void {
  isPassing = true
  const turn = () => {
    if (!isPassing) return
    vi.advanceTimersByTime(EACH_TURN)
    setImmediate(turn)
  }
  turn()
}
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
  pass()
})
afterEach(async () => {
  if (!isPassing) pass()
  for (const { socket } of visitors.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) await server.close()
  isPassing = false
  vi.useRealTimers()
})

const busy = (milliseconds: number) => void vi.advanceTimersByTime(milliseconds)

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
/** What needs no time is done within a few: a refusal that has not come by then waits for something. */
const MANY_TURNS = 10_000

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function start(
  options: Partial<ListenOptions> = {},
  wait?: () => Promise<void>,
  { size, each } = { size: CROWD, each: EACH },
) {
  const asked: string[] = []
  const handle: Handle = async ({ method, path, query, headers, body }) => {
    if (path !== HELLO) {
      asked.push(path)
      await wait?.()
    }
    busy(each)
    return text(200, `${method} ${path} ${query} ${headers['x-own'] ?? ''} ${Buffer.from(body).toString('latin1')}.`)
  }
  const server = await listen({ host: '127.0.0.1', port: 0, handle, log: silentLog, trustedProxies: [], ...options })
  servers.push(server)
  /** Until the last of them stands in line with others before it. */
  const standing = async () => {
    while (asked.length < TWO_TURNS) await nextTurn()
    expect(asked.length).toBeLessThan(CROWD)
    expect(asked).not.toContain('/visitor')
  }
  return { asked, server, standing, ...(await crowd(server.port, size)) }
}

const visit = async (port: number) => {
  const visitor = connectTo(port)
  visitors.push(visitor)
  visitor.socket.write(GET.replace('/visitor', HELLO))
  await visitor.until(/\.$/)
  return visitor
}

/** Accepted, each by an answer; `ask` lets all ask at once, the visitor last. */
async function crowd(port: number, size: number) {
  const others = await Promise.all(Array.from({ length: size }, () => visit(port)))
  const visitor = await visit(port)
  const ask = () => {
    for (const [at, { socket }] of others.entries()) socket.write(requestOf(at))
    visitor.socket.write(GET)
  }
  return { others, visitor, ask }
}

/** Each its own, half of them with a body. */
function requestOf(at: number): string {
  if (at % 2 === 0) return `GET /${at}?q=${at} HTTP/1.1\r\nHost: h\r\nX-Own: ${at}\r\n\r\n`
  return `POST /${at}?q=${at} HTTP/1.1\r\nHost: h\r\nX-Own: ${at}\r\nContent-Length: 8\r\n\r\nbody ${String(at).padStart(3, '0')}`
}

const replyTo = (at: number) =>
  at % 2 === 0 ? `GET /${at} q=${at} ${at} .` : `POST /${at} q=${at} ${at} body ${String(at).padStart(3, '0')}.`

/** Its answer tells that a connection has been accepted: one of a listening socket is in a turn. */
const HELLO = '/hello'
const GET = 'GET /visitor HTTP/1.1\r\nHost: h\r\n\r\n'
/** Twice: the second time of those who asked with the crowd. */
const ANSWERED = /HTTP.*HTTP.*(?:\.|\})$/s
const lastOf = (received: string) => received.slice(received.lastIndexOf('HTTP/1.1 '))
const bodyOf = (received: string) => lastOf(received).slice(lastOf(received).indexOf('\r\n\r\n') + 4)

describe('of a crowd', () => {
  it('everybody is answered, once and with what is their own', async () => {
    const { asked, others, visitor, ask } = await start()
    ask()
    await Promise.all([...others, visitor].map((each) => each.until(ANSWERED)))
    expect(others.map((each) => bodyOf(each.received()))).toEqual(others.map((_, at) => replyTo(at)))
    expect(asked.toSorted()).toEqual(['/visitor', ...others.map((_, at) => `/${at}`)].toSorted())
  })

  it('everybody may ask again on the same connection', async () => {
    const { asked, visitor, ask } = await start()
    ask()
    await visitor.until(ANSWERED)
    visitor.socket.write(GET.replace('/visitor', '/again'))
    await visitor.until(/GET \/again {3}\.$/)
    expect(asked.filter((path) => path === '/visitor' || path === '/again')).toEqual(['/visitor', '/again'])
  })

  it('RFC 9112 §9.3.2: who asks again before their turn is answered twice, in turn', async () => {
    const { asked, visitor, ask, standing } = await start()
    ask()
    await standing()
    visitor.socket.write(GET.replace('/visitor', '/again'))
    const received = await visitor.until(/GET \/again {3}\.$/)
    expect(received.match(/GET \/\w+/g)).toEqual(['GET /hello', 'GET /visitor', 'GET /again'])
    expect(asked.filter((path) => path === '/visitor' || path === '/again')).toEqual(['/visitor', '/again'])
  })

  it('RFC 9112 §9.6: who has ended their side before their turn is answered, and then the connection ends', async () => {
    const { visitor, ask, standing } = await start()
    ask()
    await standing()
    visitor.socket.end()
    expect(bodyOf(await visitor.closed)).toBe('GET /visitor   .')
  })

  it('who is gone before their turn is not asked for, and harms nobody', async () => {
    const { asked, server, others, visitor, ask, standing } = await start()
    ask()
    await standing()
    visitor.socket.resetAndDestroy()
    await Promise.all(others.map((each) => each.until(ANSWERED)))
    // Behind all of them.
    await visit(server.port)
    expect(asked).toHaveLength(CROWD)
    expect(asked).not.toContain('/visitor')
  })

  it('who is gone before their turn is not asked for by a request that Node has read, either', async () => {
    const { asked, server, others, ask, standing } = await start()
    const old = await visit(server.port)
    ask()
    old.socket.write('GET /old HTTP/1.0\r\nHost: h\r\n\r\n')
    await standing()
    expect(asked).not.toContain('/old')
    old.socket.resetAndDestroy()
    await Promise.all(others.map((each) => each.until(ANSWERED)))
    await visit(server.port)
    expect(asked).toHaveLength(CROWD + 1)
    expect(asked).not.toContain('/old')
  })

  it('who watches the server does not stand in line', async () => {
    const { asked, others, visitor, ask } = await start({ alwaysAnswered: ['/visitor'] })
    ask()
    await Promise.all([...others, visitor].map((each) => each.until(ANSWERED)))
    expect(asked.indexOf('/visitor')).toBeLessThan(CROWD / 2)
  })

  it('past the bound they are refused, nothing is done for them, and they are served when they ask later', async () => {
    const { asked, others, visitor, ask } = await start({ requestsInLine: 100 })
    ask()
    const refused = await visitor.until(/try again soon/)
    expect(statusOf(lastOf(refused))).toBe(503)
    expect(refused).toMatch(/^retry-after: 1\r$/im)
    await Promise.all(others.map((each) => each.until(ANSWERED)))
    const served = others.filter((each) => statusOf(lastOf(each.received())) === 200)
    expect(served.length).toBeGreaterThanOrEqual(99)
    expect(asked).toHaveLength(served.length)
    expect(asked).not.toContain('/visitor')
    visitor.socket.write(GET)
    await visitor.until(/GET \/visitor {3}\.$/)
  })

  it('who is refused when the server ends hears so at once', async () => {
    const { asked, server, others, visitor, ask } = await start(
      { requestsInFlight: 100, refuseAfter: 8_000, timeouts: { close: 500 } },
      () => new Promise(() => undefined),
    )
    ask()
    await pause(1_300)
    expect(asked).toHaveLength(100)
    expect(visitor.received()).not.toContain('503')
    // No timer fires from here on: a refusal that waited for one would not come before time passes again.
    isPassing = false
    const ended = server.close()
    const waiting = [...others.filter((_, at) => !asked.includes(`/${at}`)), visitor]
    expect(waiting).toHaveLength(61)
    const refused = () => waiting.filter(({ received }) => /try again soon.*\}$/s.test(received()))
    for (let turn = 0; turn < MANY_TURNS && refused().length < 61; turn++) await nextTurn()
    expect(refused()).toHaveLength(61)
    for (const { received } of refused()) expect(lastOf(received())).toMatch(/^connection: close\r$/im)
    pass()
    await ended
    // Those in flight come to no end, and hear nothing.
    const replies = await Promise.all([...others, visitor].map((each) => each.closed))
    expect(replies.filter((received) => /HTTP.*HTTP/s.test(received))).toHaveLength(61)
  })

  it('whose requests wait for something else, those beyond the bound begin when others have ended', async () => {
    const gone = Promise.withResolvers<void>()
    const { asked, others, visitor, ask } = await start({ requestsInFlight: 100 }, () => gone.promise)
    ask()
    while (asked.length < 100) await pause(5)
    await pause(50)
    expect(asked).toHaveLength(100)
    gone.resolve()
    await Promise.all([...others, visitor].map((each) => each.until(ANSWERED)))
    expect(others.map((each) => bodyOf(each.received()))).toEqual(others.map((_, at) => replyTo(at)))
    expect(bodyOf(visitor.received())).toContain('GET /visitor')
    expect(asked).toHaveLength(CROWD + 1)
  })

  it('whose requests wait for something else for a second, those beyond the bound are refused, and served later', async () => {
    const gone = Promise.withResolvers<void>()
    const { asked, others, visitor, ask } = await start({ requestsInFlight: 100 }, () => gone.promise)
    ask()
    const refused = await visitor.until(/try again soon/)
    expect(statusOf(lastOf(refused))).toBe(503)
    gone.resolve()
    await Promise.all(others.map((each) => each.until(ANSWERED)))
    const served = others.filter((each) => statusOf(lastOf(each.received())) === 200)
    expect(served).toHaveLength(100)
    expect(asked).toHaveLength(100)
    visitor.socket.write(GET)
    await visitor.until(/GET \/visitor {3}\.$/)
  })

  it('everybody who stands in line when the server ends is still answered', async () => {
    const { server, others, visitor, ask, standing } = await start()
    ask()
    await standing()
    await server.close()
    const replies = await Promise.all([...others, visitor].map((each) => each.closed))
    expect(replies.slice(0, -1).map(bodyOf)).toEqual(others.map((_, at) => replyTo(at)))
    expect(replies.at(-1)).toMatch(/^connection: close\r$/im)
  })
})

describe('of a crowd that asks again as soon as it is answered', () => {
  /** So many that there is a crowd in line when the first are answered, and so quick that nobody waits for long. */
  const LARGE = { size: 360, each: 0.2 }
  const TIMES = 3
  const startLarge = () => start({ connectionsPerAddress: 1_000 }, undefined, LARGE)
  const repliesIn = (received: string) => received.split('HTTP/1.1 ').slice(1)

  it('everybody is answered each time, and nobody twice before others', async () => {
    const { asked, others } = await startLarge()
    const again = async ({ socket, until }: RawConnection, at: number) => {
      for (let time = 1; time <= TIMES; time++) {
        socket.write(requestOf(at))
        await until(new RegExp(`^(?:HTTP.*?){${time + 1}}\\.$`, 's'))
      }
    }
    await Promise.all(others.map(again))
    for (const [at, other] of others.entries()) {
      expect(
        repliesIn(other.received())
          .slice(1)
          .map((reply) => bodyOf(`HTTP/1.1 ${reply}`)),
      ).toEqual(Array(TIMES).fill(replyTo(at)))
    }
    for (let time = 0; time < TIMES; time++) {
      expect(new Set(asked.slice(time * LARGE.size, (time + 1) * LARGE.size)).size).toBeGreaterThan(LARGE.size * 0.8)
    }
  })

  it('everybody who has asked is still answered when the server ends', async () => {
    const { asked, server, others } = await startLarge()
    let answered = 0
    const askedAgain = Promise.withResolvers<void>()
    for (const [at, { socket }] of others.entries()) {
      socket.write(requestOf(at))
      socket.once('data', () => {
        socket.write(requestOf(at))
        if (++answered === 100) askedAgain.resolve()
      })
    }
    await askedAgain.promise
    const before = answered
    await server.close()
    await Promise.all(others.map((each) => each.closed))
    expect(asked.length).toBeGreaterThanOrEqual(LARGE.size + before)
    for (const { received } of others) expect(lastOf(received())).toMatch(/^connection: close\r$.*\.$/ims)
  })
})
