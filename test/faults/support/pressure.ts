// More requests than a server can answer: first what it can do at most, then several times as many, whether it answers
// or not.

import { readFile } from 'node:fs/promises'
import { type Address, Caller } from './caller.ts'

/** What became of the requests of one generator. */
export interface Counts {
  readonly offered: number
  /** Offered, but every connection waited for an answer already. */
  readonly unsent: number
  readonly shed: number
  readonly broken: number
  readonly wrong: number
  /** Milliseconds, of each that was answered. */
  readonly times: readonly number[]
}

export interface Pressure extends Omit<Counts, 'times'> {
  readonly answered: number
  /** 503 with Retry-After. */
  readonly shed: number
  /** Connections that broke. */
  readonly broken: number
  /** Anything else: never wanted. */
  readonly wrong: number
  readonly perSecond: number
  /** Milliseconds, of those that were answered. */
  readonly p50: number
  readonly p99: number
}

export interface Rate {
  readonly perSecond: number
  readonly connections: number
  readonly milliseconds: number
  /** Milliseconds before these, of the same requests, that are not counted. Default 0. */
  readonly before?: number
}

/** `status` 0: the connection broke. */
export type Ask = () => Promise<{ readonly status: number; readonly retryAfter: boolean }>
export type Operation = (caller: Caller) => ReturnType<Ask>

/** `connections` clients, each asking again as soon as it was answered. */
export async function saturate(address: Address, operation: Operation, connections: number, milliseconds: number) {
  const caller = new Caller(address, connections)
  const counts = await countSaturated(() => operation(caller), connections, milliseconds)
  caller.close()
  return summed([counts], milliseconds)
}

/** So many requests a second, sent whatever becomes of them. */
export async function flood(address: Address, operation: Operation, rate: Rate): Promise<Pressure> {
  const caller = new Caller(address, rate.connections)
  const counts = await countFlood(() => operation(caller), rate)
  caller.close()
  return summed([counts], rate.milliseconds)
}

export async function countSaturated(ask: Ask, connections: number, milliseconds: number): Promise<Counts> {
  const began = performance.now()
  const end = began + milliseconds
  const tally = new Tally(began, end)
  const worker = async () => {
    while (performance.now() < end) await tally.measure(ask)
  }
  await Promise.all(Array.from({ length: connections }, worker))
  return tally.counts()
}

export async function countFlood(ask: Ask, rate: Rate): Promise<Counts> {
  const { perSecond, connections, milliseconds, before = 0 } = rate
  const began = performance.now()
  const end = began + before + milliseconds
  const tally = new Tally(began + before, end)
  let waiting = 0
  const done = Promise.withResolvers<void>()
  let sent = 0
  const send = () => {
    const time = performance.now()
    if (time >= end) {
      clearInterval(timer)
      if (waiting === 0) done.resolve()
      return
    }
    for (const due = ((time - began) / 1000) * perSecond; sent < due; sent++) {
      // Real clients are many and independent; what one machine cannot even hold is offered and not sent.
      if (waiting >= connections) {
        tally.drop()
        continue
      }
      waiting++
      void tally.measure(ask).finally(() => {
        waiting--
        if (waiting === 0 && performance.now() >= end) done.resolve()
      })
    }
  }
  const timer = setInterval(send, 5)
  await done.promise
  return tally.counts()
}

/** What several generators have counted in the same time. */
export function summed(parts: readonly Counts[], milliseconds: number): Pressure {
  const sum = (name: Exclude<keyof Counts, 'times'>) => parts.reduce((total, part) => total + part[name], 0)
  const sorted = parts.flatMap(({ times }) => times).sort((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
  return {
    offered: sum('offered'),
    unsent: sum('unsent'),
    answered: sorted.length,
    shed: sum('shed'),
    broken: sum('broken'),
    wrong: sum('wrong'),
    perSecond: Math.round((sorted.length * 1000) / milliseconds),
    p50: at(0.5),
    p99: at(0.99),
  }
}

/** Of what is answered between two moments: later answers belong to no time that anybody has counted. */
class Tally {
  readonly #times: number[] = []
  readonly #from: number
  readonly #until: number
  #offered = 0
  #unsent = 0
  #shed = 0
  #broken = 0
  #wrong = 0

  /** As `performance.now()` gives them. */
  constructor(from: number, until: number) {
    this.#from = from
    this.#until = until
  }

  drop(): void {
    if (performance.now() < this.#from) return
    this.#offered++
    this.#unsent++
  }

  async measure(ask: Ask): Promise<void> {
    const began = performance.now()
    if (began >= this.#from) this.#offered++
    const { status, retryAfter } = await ask()
    const ended = performance.now()
    // What is never wanted counts whenever it comes.
    if (status === 0) this.#broken++
    else if (status !== 200 && !(status === 503 && retryAfter)) this.#wrong++
    else if (ended < this.#from || ended >= this.#until) return
    else if (status === 200) this.#times.push(ended - began)
    else this.#shed++
  }

  counts(): Counts {
    const [offered, unsent, shed] = [this.#offered, this.#unsent, this.#shed]
    return { offered, unsent, shed, broken: this.#broken, wrong: this.#wrong, times: this.#times }
  }
}

/** Bytes of memory that a process holds. */
export async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024
}
