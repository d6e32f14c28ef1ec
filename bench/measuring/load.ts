// The load: a fixed number of keep-alive connections, each asking again as soon as it was answered.

import { Wire } from './wire.ts'

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

/** As many connections as there are requests at once. Rejects when one breaks. */
export function connect(origin: string): { readonly send: Send; close(): void } {
  const { host, hostname, port } = new URL(origin)
  const wire = new Wire(Number(port), hostname)
  const send: Send = async ({ method, path, headers = {}, body = '' }) => {
    let request = `${method} ${path} HTTP/1.1\r\n`
    for (const [name, value] of Object.entries({ host, ...headers })) request += `${name}: ${value}\r\n`
    // What is sent here is ASCII.
    if (body !== '') request += `content-length: ${body.length}\r\n`
    const reply = await wire.ask(`${request}\r\n${body}`)
    if (reply.status === 0) throw new Error('the connection broke')
    return { status: reply.status, location: /\r\nlocation: *([^\r]+)/i.exec(reply.head)?.[1], body: reply.body }
  }
  return { send, close: () => wire.close() }
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
