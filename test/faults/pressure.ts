// More requests than a server can answer: first what it can do at most, then several times as many, whether it answers
// or not.

import { readFile } from 'node:fs/promises'
import { type Address, Caller } from './caller.ts'

export interface Pressure {
  readonly offered: number
  readonly answered: number
  /** 503 with Retry-After. */
  readonly shed: number
  /** Connections that broke, and requests that were given up. */
  readonly broken: number
  /** Anything else: never wanted. */
  readonly wrong: number
  readonly perSecond: number
  /** Milliseconds, of those that were answered. */
  readonly p50: number
  readonly p99: number
}

export type Operation = (caller: Caller) => Promise<{ readonly status: number; readonly retryAfter: boolean }>

/** `connections` clients, each asking again as soon as it was answered. */
export async function saturate(address: Address, operation: Operation, connections: number, milliseconds: number) {
  const caller = new Caller(address, connections)
  const tally = new Tally()
  const end = performance.now() + milliseconds
  const worker = async () => {
    while (performance.now() < end) await tally.measure(() => operation(caller))
  }
  await Promise.all(Array.from({ length: connections }, worker))
  caller.close()
  return tally.result(milliseconds)
}

/** So many requests a second, sent whatever becomes of them. */
export async function flood(
  address: Address,
  operation: Operation,
  { perSecond, connections, milliseconds }: { perSecond: number; connections: number; milliseconds: number },
): Promise<Pressure> {
  const caller = new Caller(address, connections)
  const tally = new Tally()
  const began = performance.now()
  let waiting = 0
  const done = Promise.withResolvers<void>()
  let sent = 0
  const send = () => {
    const elapsed = performance.now() - began
    if (elapsed >= milliseconds) {
      clearInterval(timer)
      if (waiting === 0) done.resolve()
      return
    }
    for (const due = (elapsed / 1000) * perSecond; sent < due; sent++) {
      // Real clients are many and independent; what one machine cannot even hold is offered and not sent.
      if (waiting >= connections) {
        tally.drop()
        continue
      }
      waiting++
      void tally
        .measure(() => operation(caller))
        .finally(() => {
          waiting--
          if (waiting === 0 && performance.now() - began >= milliseconds) done.resolve()
        })
    }
  }
  const timer = setInterval(send, 5)
  await done.promise
  caller.close()
  return tally.result(milliseconds)
}

class Tally {
  readonly #times: number[] = []
  #offered = 0
  #shed = 0
  #broken = 0
  #wrong = 0

  drop(): void {
    this.#offered++
    this.#broken++
  }

  async measure(ask: () => Promise<{ readonly status: number; readonly retryAfter: boolean }>): Promise<void> {
    this.#offered++
    const began = performance.now()
    const { status, retryAfter } = await ask()
    if (status === 200) this.#times.push(performance.now() - began)
    else if (status === 503 && retryAfter) this.#shed++
    else if (status === 0) this.#broken++
    else this.#wrong++
  }

  result(milliseconds: number): Pressure {
    const sorted = this.#times.toSorted((a, b) => a - b)
    const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
    return {
      offered: this.#offered,
      answered: sorted.length,
      shed: this.#shed,
      broken: this.#broken,
      wrong: this.#wrong,
      perSecond: Math.round((sorted.length * 1000) / milliseconds),
      p50: at(0.5),
      p99: at(0.99),
    }
  }
}

/** Bytes of memory that a process holds. */
export async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024
}
