// The load: a fixed number of keep-alive connections, each asking again as soon as it was answered.

import { Agent, request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly location: string | undefined
  readonly body: string
}

export interface Ask {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export type Send = (ask: Ask) => Promise<Answer>

/** One connection after another of a pool that is never larger than `connections`. */
export function connect(origin: string, connections: number): { readonly send: Send; close(): void } {
  const { hostname, port } = new URL(origin)
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const send: Send = ({ method, path, headers = {}, body }) =>
    new Promise((resolve, reject) => {
      const sent = request({ hostname, port, agent, method, path, headers }, (reply) => {
        const parts: Buffer[] = []
        reply.on('data', (part: Buffer) => parts.push(part))
        reply.on('end', () =>
          resolve({
            status: reply.statusCode ?? 0,
            location: reply.headers.location,
            body: Buffer.concat(parts).toString('utf8'),
          }),
        )
      })
      sent.on('error', reject)
      sent.end(body)
    })
  return { send, close: () => agent.destroy() }
}

export interface Measured {
  readonly operations: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly perSecond: number
}

/**
 * Every connection runs what it has prepared, again and again, until `milliseconds` have passed and so many operations
 * are done; for that it goes on for at most three times as long.
 */
export async function drive(
  prepared: readonly (() => Promise<void>)[],
  milliseconds: number,
  atLeast = 0,
): Promise<Measured> {
  const times: number[] = []
  const begun = performance.now()
  const end = begun + milliseconds
  const last = begun + 3 * milliseconds
  const worker = async (operation: () => Promise<void>) => {
    for (let now = begun; now < end || (times.length < atLeast && now < last); now = performance.now()) {
      const started = performance.now()
      await operation()
      times.push(performance.now() - started)
    }
  }
  await Promise.all(prepared.map(worker))
  const took = performance.now() - begun
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { operations: times.length, p50: at(0.5), p99: at(0.99), perSecond: (times.length * 1000) / took }
}
